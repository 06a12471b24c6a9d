// Method: files written and read back, torn and left half done.

#include "services/cli/event_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "services/cli/files.h"

namespace dealog::cli {
namespace {

class EventFile : public testing::Test {
 protected:
  ~EventFile() override { std::filesystem::remove(path_); }
  void Write(int count) {
    const auto writer = EventFileWriter::Create(path_).value();
    for (int i = 0; i < count; ++i) ASSERT_TRUE(writer->Add(EventAt(i)).ok());
    ASSERT_TRUE(writer->Finish().ok());
  }
  static v1::StoredEvent EventAt(int i) {
    v1::StoredEvent event;
    event.set_header("header " + std::to_string(i));
    event.set_payload(std::string(static_cast<size_t>(i) * 100, 'p'));
    if (i % 2 == 1) event.add_sealed("sealed");
    return event;
  }
  absl::StatusOr<std::vector<v1::StoredEvent>> Read() {
    std::vector<v1::StoredEvent> events;
    const absl::Status status = ReadEventFile(path_, [&](const v1::StoredEvent& event) {
      events.push_back(event);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return events;
  }
  const std::string path_ =
      (std::filesystem::temp_directory_path() / ("dealog_events_" + std::to_string(getpid())))
          .string();
};

TEST_F(EventFile, ReadsWhatWasWritten) {
  Write(50);
  const auto events = Read();
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->size(), 50u);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ((*events)[static_cast<size_t>(i)].SerializeAsString(),
              EventAt(i).SerializeAsString());
  }
}

TEST_F(EventFile, MayBeEmpty) {
  Write(0);
  EXPECT_EQ(Read()->size(), 0u);
}

TEST_F(EventFile, RefusesATornFile) {
  Write(3);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
  const auto events = Read();
  EXPECT_TRUE(IsFileError(events.status())) << events.status();
  EXPECT_NE(std::string(events.status().message()).find("after 2"), std::string::npos)
      << events.status();
}

TEST_F(EventFile, StopsAtTheReadersError) {
  Write(3);
  int seen = 0;
  const absl::Status status = ReadEventFile(path_, [&](const v1::StoredEvent&) {
    return ++seen == 2 ? absl::DataLossError("enough") : absl::OkStatus();
  });
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(seen, 2);
}

TEST_F(EventFile, LeavesNothingHalfDone) {
  {
    const auto writer = EventFileWriter::Create(path_).value();
    ASSERT_TRUE(writer->Add(EventAt(1)).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".part"));
  EXPECT_TRUE(IsFileError(EventFileWriter::Create("/nowhere/events").status()));
  EXPECT_TRUE(IsFileError(Read().status()));
}

}  // namespace
}  // namespace dealog::cli
