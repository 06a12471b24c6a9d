// Method: the log refuses writes as it does while the disk is nearly full; the job must neither end
// nor lose or double a row, say what it waits for, and obey a stop and a cancel meanwhile.

#include <atomic>

#include "eventstore/base/error.h"
#include "tests/services/jobs/fixture.h"

namespace dealog::jobs {
namespace {

using testing::ClubFiles;
using ::testing::HasSubstr;
using testing::Reply;

class ImportDiskLowTest : public testing::ImportFixture {
 protected:
  ImportDiskLowTest() {
    rows_per_commit_ = 2;
    Reopen();
    CreateTenant();
  }
  // From the `first`-th commit on, counted from 1, every write is refused while full_.
  void FillDiskAt(int first) {
    log_->refuse = [this, first](const eventstore::NewCommit&) {
      if (++commits_ < first || !full_) return absl::OkStatus();
      return static_cast<absl::Status>(
          base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW", "the disk is full"));
    };
  }
  v1::Import AwaitWaiting(const std::string& import_id) {
    for (;;) {
      v1::Import import = *jobs_->Get(testing::kClub, import_id);
      if (!import.error().empty()) return import;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  std::atomic<int> commits_ = 0;
  std::atomic<bool> full_ = true;
};

TEST_F(ImportDiskLowTest, IsWaitedOutAndSaid) {
  FillDiskAt(4);
  const auto started = Start(Header(), ClubFiles());
  ASSERT_TRUE(started.ok()) << started.status();
  const v1::Import waiting = AwaitWaiting(started->import_id());
  EXPECT_EQ(waiting.state(), v1::Import::RUNNING);
  EXPECT_EQ(waiting.error(), "waiting: the disk is full");
  EXPECT_EQ(waiting.rows_done(), 4);
  full_ = false;
  const v1::Import import = End(started->import_id());
  EXPECT_EQ(import.state(), v1::Import::COMPLETED);
  EXPECT_EQ(import.error(), "");
  EXPECT_EQ(import.rows_imported(), 11);
  EXPECT_EQ(EventCounts().at("DealOpened"), 4);
}

TEST_F(ImportDiskLowTest, AnImportIsRefusedWhileItLasts) {
  FillDiskAt(1);
  EXPECT_EQ(base::ReasonOf(Start(Header(), ClubFiles()).status()), "DISK_LOW");
  full_ = false;
  EXPECT_EQ(Import(ClubFiles()).rows_imported(), 11);
}

TEST_F(ImportDiskLowTest, AStopWhileWaitingLeavesTheJobForTheNextStart) {
  FillDiskAt(4);
  const auto started = Start(Header(), ClubFiles());
  AwaitWaiting(started->import_id());
  jobs_->Stop();
  full_ = false;
  Reopen();
  ASSERT_TRUE(jobs_->Resume().ok());
  EXPECT_EQ(End(started->import_id()).rows_imported(), 11);
  EXPECT_EQ(EventCounts().at("DealOpened"), 4);
}

TEST_F(ImportDiskLowTest, ACancelIsWrittenOnceThereIsSpace) {
  FillDiskAt(4);
  const auto started = Start(Header(), ClubFiles());
  AwaitWaiting(started->import_id());
  Reply cancelled;
  jobs_->Cancel(testing::kClub, "user:bo", started->import_id(), cancelled.done());
  full_ = false;
  const auto import = cancelled.Wait();
  ASSERT_TRUE(import.ok()) << import.status();
  EXPECT_EQ(import->state(), v1::Import::FAILED);
  EXPECT_THAT(import->error(), HasSubstr("cancelled by user:bo"));
  EXPECT_EQ(import->rows_done(), 4);
}

}  // namespace
}  // namespace dealog::jobs
