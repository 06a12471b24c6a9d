// Method: a log whose clock is moved: remembered requests must be found until they expire, stay on
// disk for the time of grace, and be dropped by compactions after it; a verification accepts the
// log at every step.

#include "eventstore/rocksdb/request_reclaim.h"

#include "eventstore/rocksdb/rocksdb_log.h"
#include "eventstore/rocksdb/verify.h"
#include "tests/contracts/event_log_contract.h"
#include "tests/eventstore/rocksdb/log_folder.h"
#include "tests/support/manual_clock.h"

namespace dealog::eventstore {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000;

class RequestReclaimTest : public ::testing::Test {
 protected:
  void Open() {
    auto log = OpenRocksDbLog({.path = folder_.path(), .clock = &clock_});
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }
  void Append(const std::string& request, int64_t expires_at_us, bool eventless = false) {
    NewCommit commit = MakeCommit("acme", {}, clock_.NowMicros());
    if (!eventless) commit.events = {MakeEvent("deal/1")};
    commit.request = MakeRequest(request);
    commit.request.expires_at_us = expires_at_us;
    ASSERT_TRUE(AppendOne(*log_, commit).ok());
  }
  bool Remembers(const std::string& request) {
    return log_->FindRequest(TenantId{"acme"}, "user:ada", request)->has_value();
  }
  // What RocksDB does by itself once a day and as rows come.
  void Compact() {
    log_.reset();
    {
      const auto database = LogDatabase::Open({.path = folder_.path(), .clock = &clock_});
      ASSERT_TRUE(database.ok()) << database.status();
      rocksdb::CompactRangeOptions all;
      all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
      rocksdb::ColumnFamilyHandle* const requests = (*database)->family(Family::kRequests);
      ASSERT_TRUE((*database)->db().Flush({}, requests).ok());
      ASSERT_TRUE((*database)->db().CompactRange(all, requests, nullptr, nullptr).ok());
    }
    Open();
  }
  std::vector<std::string> Problems() {
    const auto report = log_->Verify({.now_us = clock_.NowMicros()});
    EXPECT_TRUE(report.ok()) << report.status();
    return report->problems;
  }

  LogFolder folder_;
  dealog::testing::ManualClock clock_;
  std::unique_ptr<FolderLog> log_;
};

TEST_F(RequestReclaimTest, ExpiredRequestsAreDroppedAfterTheGrace) {
  Open();
  const int64_t start = clock_.NowMicros();
  Append("short", start + 7 * kDay);
  Append("eventless", start + 7 * kDay, /*eventless=*/true);
  Append("long", start + 30 * kDay);
  clock_.Advance(7 * kDay - 1);
  Compact();
  EXPECT_TRUE(Remembers("short"));
  EXPECT_THAT(Problems(), IsEmpty());

  // Expired: the sequencer judges, the row stays for the grace.
  clock_.Advance(1 + kRequestGraceMicros - 1);
  Compact();
  EXPECT_TRUE(Remembers("short"));
  EXPECT_TRUE(Remembers("eventless"));
  EXPECT_THAT(Problems(), IsEmpty());

  clock_.Advance(1);
  Compact();
  EXPECT_FALSE(Remembers("short"));
  EXPECT_FALSE(Remembers("eventless"));
  EXPECT_TRUE(Remembers("long"));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(RequestReclaimTest, AnIdThatIsUsedAgainIsRememberedAgain) {
  Open();
  Append("r", clock_.NowMicros() + 7 * kDay);
  clock_.Advance(10 * kDay);
  Append("r", clock_.NowMicros() + 7 * kDay);
  Compact();
  EXPECT_TRUE(Remembers("r"));
  EXPECT_THAT(Problems(), IsEmpty());
  clock_.Advance(10 * kDay);
  Compact();
  EXPECT_FALSE(Remembers("r"));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(RequestReclaimTest, OnlyExpiredRowsMayBeMissingOrStayBehind) {
  Open();
  Append("expired", clock_.NowMicros() + kDay);
  Append("alive", clock_.NowMicros() + 30 * kDay);
  clock_.Advance(2 * kDay);
  log_.reset();
  EditLog(folder_.path(), [](const LogDatabase& database) {
    ASSERT_TRUE(
        database.db()
            .Delete({}, database.family(Family::kRequests), RequestKey("acme", "user:ada", "alive"))
            .ok());
    // An expired row that no commit made.
    storage::v1::RequestRecord forged;
    forged.set_expires_at_us(1);
    forged.set_recorded_at_us(77);
    forged.set_last_position(1);
    ASSERT_TRUE(database.db()
                    .Put({}, database.family(Family::kRequests),
                         RequestKey("acme", "user:ada", "forged"), forged.SerializeAsString())
                    .ok());
  });
  Open();
  const std::vector<std::string> problems = Problems();
  EXPECT_EQ(problems.size(), 2u);
  EXPECT_THAT(problems, Contains(HasSubstr("is missing")));
  EXPECT_THAT(problems, Contains(HasSubstr("follows from no readable batch")));
}

TEST(HasExpired, OnlyAtTheRecordsOwnTime) {
  storage::v1::RequestRecord record;
  EXPECT_FALSE(HasExpired(record.SerializeAsString(), 1'000)) << "it has no expiry";
  record.set_expires_at_us(1'000);
  EXPECT_FALSE(HasExpired(record.SerializeAsString(), 999));
  EXPECT_TRUE(HasExpired(record.SerializeAsString(), 1'000));
  EXPECT_FALSE(HasExpired("\xff\xff", 1'000)) << "what can't be read is kept";
}

}  // namespace
}  // namespace dealog::eventstore
