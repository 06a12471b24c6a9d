// Method: a log is verified while it serves and is written to, with memory for a few rows only, at
// a bounded rate, and until it is stopped; sums and ranges by themselves on random rows.

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "eventstore/rocksdb/verify.h"
#include "eventstore/rocksdb/verify_rows.h"
#include "tests/contracts/event_log_contract.h"
#include "tests/eventstore/rocksdb/log_folder.h"

namespace dealog::eventstore {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

NewCommit AnyCommit(int i) {
  NewCommit commit = MakeCommit(
      "acme", {MakeEvent(absl::StrCat("deal/", i % 7)), MakeEvent("contact/a", "ContactUpdated")});
  commit.request = MakeRequest(absl::StrCat("r", i));
  commit.claims = {MakeUnique("contact.email", static_cast<char>('a' + i % 20), "contact/a")};
  return commit;
}

TEST(VerifyLive, FindsALogWholeThatIsBeingWritten) {
  LogFolder folder;
  auto log = OpenRocksDbLog({.path = folder.path()}).value();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(AppendOne(*log, AnyCommit(i)).ok());
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 200; !stop; ++i) ASSERT_TRUE(AppendOne(*log, AnyCommit(i)).ok());
  });
  for (int round = 0; round < 5; ++round) {
    const auto report = log->Verify({});
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->problems, IsEmpty());
    EXPECT_GE(report->batches, 200u);
    EXPECT_EQ(report->steps, report->steps_total);
  }
  stop = true;
  writer.join();
}

TEST(VerifyLive, FindsDamageWhileItServes) {
  LogFolder folder;
  {
    auto log = OpenRocksDbLog({.path = folder.path()}).value();
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(AppendOne(*log, AnyCommit(i)).ok());
  }
  EditLog(folder.path(), [](const LogDatabase& database) {
    ASSERT_TRUE(database.db()
                    .Delete({}, database.family(Family::kUniques),
                            UniqueKeyBytes("acme", "contact.email", std::string(32, 'c')))
                    .ok());
  });
  auto log = OpenRocksDbLog({.path = folder.path()}).value();
  const auto report = log->Verify({});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->problem_count, 1u);
  EXPECT_THAT(report->problems[0], HasSubstr("family uniques"));
  EXPECT_THAT(report->problems[0], HasSubstr("is missing"));
}

TEST(VerifyLive, FindsTheSameWithMemoryForAFewRows) {
  LogFolder folder;
  {
    auto log = OpenRocksDbLog({.path = folder.path()}).value();
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(AppendOne(*log, AnyCommit(i)).ok());
  }
  for (const size_t rows : {size_t{1}, size_t{10}, size_t{1000}}) {
    const auto whole = VerifyRocksDbLog(folder.path(), {.rows_in_memory_max = rows, .now_us = 1});
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_THAT(whole->problems, IsEmpty()) << rows;
    EXPECT_EQ(whole->commits, 300u) << "checked once, however often it was gone through";
  }
  EditLog(folder.path(), [](const LogDatabase& database) {
    for (const char* request : {"r3", "r250"}) {
      ASSERT_TRUE(database.db()
                      .Delete({}, database.family(Family::kRequests),
                              RequestKey("acme", "user:ada", request))
                      .ok());
    }
    ASSERT_TRUE(
        database.db()
            .Put({}, database.family(Family::kRequests), RequestKey("acme", "user:ada", "r7"), "")
            .ok());
    ASSERT_TRUE(database.db()
                    .Put({}, database.family(Family::kTenants), TenantPrefix("ghost"), "    ")
                    .ok());
  });
  for (const size_t rows : {size_t{1}, size_t{10}, size_t{1000}}) {
    const auto report = VerifyRocksDbLog(folder.path(), {.rows_in_memory_max = rows, .now_us = 1});
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->problem_count, 4u) << rows;
    EXPECT_THAT(report->problems, Contains(HasSubstr("of batch 4 of partition 0 is missing")));
    EXPECT_THAT(report->problems, Contains(HasSubstr("of batch 251 of partition 0 is missing")));
    EXPECT_THAT(report->problems, Contains(HasSubstr("has another value")));
    EXPECT_THAT(report->problems, Contains(HasSubstr("family tenants: row 0567686F7374 follows")));
  }
}

TEST(VerifyLive, AStreamWhoseRevisionsHaveAGapIsFound) {
  LogFolder folder;
  {
    auto log = OpenRocksDbLog({.path = folder.path()}).value();
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(AppendOne(*log, MakeCommit("acme", {MakeEvent("deal/1")})).ok());
    }
  }
  // Without the row of revision 2, that of revision 3 follows revision 1.
  EditLog(folder.path(), [](const LogDatabase& database) {
    ASSERT_TRUE(database.db()
                    .Delete({}, database.family(Family::kStreams),
                            NumberedKey(StreamPrefix("acme", "deal", "1"), 2))
                    .ok());
  });
  const auto report = VerifyRocksDbLog(folder.path());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->problems, Contains(HasSubstr("is missing")));
  EXPECT_THAT(report->problems, Contains(HasSubstr("follows revision 2, expected")));
}

TEST(VerifyLive, KeepsToItsRateAndStopsWhenTold) {
  LogFolder folder;
  auto log = OpenRocksDbLog({.path = folder.path()}).value();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(AppendOne(*log, MakeCommit("acme", {MakeEvent("deal/1", "DealMoved",
                                                              std::string(5000, 'p'))}))
                    .ok());
  }
  const int64_t begin = base::MonotonicMicros();
  const auto report = log->Verify({.bytes_per_second = 2'000'000});
  const int64_t took = base::MonotonicMicros() - begin;
  ASSERT_TRUE(report.ok());
  EXPECT_GT(report->bytes, 500'000u);
  // It may run ahead by what it reads between two looks at the clock.
  EXPECT_GE(took, static_cast<int64_t>(report->bytes - 100'000) / 2);

  const auto stopped = log->Verify(
      {.progress = [](const LogVerifyReport&) { return absl::CancelledError("enough"); }});
  EXPECT_EQ(stopped.status().message(), "enough");
}

TEST(VerifyLive, ComparesFollowersWithTheBatchesThatTheyName) {
  LogFolder folder;
  auto log = OpenRocksDbLog({.path = folder.path(), .partition_count = 2}).value();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(AppendOne(*log, AnyCommit(i)).ok());
  const PartitionId here = log->PartitionOf(TenantId{"acme"});
  const PartitionId other{1 - here.value};
  const auto digest = [&](uint64_t number) { return *log->BatchDigest(here, {number}); };
  const auto problems = [&](std::vector<FollowerPoint> followers) {
    const size_t count = followers.size();
    const auto report = log->Verify({.followers = std::move(followers)});
    EXPECT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->followers, count);
    return report->problems;
  };
  EXPECT_THAT(problems({{"the view a", here, {3}, digest(3), "do a"},
                        {"the view b", here, {3}, digest(3), "do b"},
                        {"the view c", here, {5}, digest(5), "do c"},
                        {"one that has not begun", other, {0}, "", "wait"}}),
              IsEmpty());
  EXPECT_THAT(problems({{"the view a", here, {3}, digest(2), "rebuild a"},
                        {"the view b", here, {4}, digest(4), "rebuild b"}}),
              testing::ElementsAre(testing::AllOf(HasSubstr("the view a is at batch 3"),
                                                  HasSubstr("its digest differs; rebuild a"))));
  EXPECT_THAT(problems({{"the view a", here, {6}, digest(5), "rebuild a"},
                        {"the view b", here, {5}, digest(5), "rebuild b"},
                        {"the view c", other, {1}, digest(1), "rebuild c"},
                        {"the view d", {7}, {1}, digest(1), "rebuild d"}}),
              testing::UnorderedElementsAre(
                  HasSubstr("the view a is at batch 6 of partition "),
                  HasSubstr("the view c is at batch 1 of partition "),
                  HasSubstr("the view d is at batch 1 of partition 7, ahead of the log")));
}

TEST(VerifyLive, HandsOutEveryCommitInOrderAndOnce) {
  LogFolder folder;
  auto log = OpenRocksDbLog({.path = folder.path()}).value();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(AppendOne(*log, AnyCommit(i)).ok());
  std::vector<uint64_t> positions;
  const auto report = log->Verify(
      {.on_commit =
           [&](const StoredCommit& commit) { positions.push_back(commit.last_position().value); },
       .rows_in_memory_max = 2});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(positions.size(), 20u) << "although the batches were gone through several times";
  for (size_t i = 0; i < positions.size(); ++i) EXPECT_EQ(positions[i], 2 * (i + 1));
}

TEST(RowSums, DifferWhereRowsDo) {
  std::mt19937_64 random(3);
  RowSums a;
  RowSums b;
  std::vector<std::pair<std::string, std::string>> rows;
  for (int i = 0; i < 1000; ++i) rows.emplace_back(absl::StrCat("k", i), absl::StrCat(random()));
  for (const auto& [key, value] : rows) a.Add(key, value, 0);
  std::shuffle(rows.begin(), rows.end(), random);
  for (const auto& [key, value] : rows) b.Add(key, value, 0);
  EXPECT_THAT(a.Differing(b), IsEmpty()) << "the order does not matter";
  EXPECT_EQ(a.count(), 1000u);
  // The values of two keys exchanged, in the same bucket or not.
  RowSums c;
  std::swap(rows[1].second, rows[2].second);
  for (const auto& [key, value] : rows) c.Add(key, value, 0);
  EXPECT_THAT(a.Differing(c),
              testing::UnorderedElementsAreArray(std::set<size_t>{
                  RowSums::BucketOf(rows[1].first), RowSums::BucketOf(rows[2].first)}));
  RowSums d;
  std::swap(rows[1].second, rows[2].second);
  for (const auto& [key, value] : rows) d.Add(key, value, key == rows[5].first ? 1 : 0);
  EXPECT_THAT(a.Differing(d), testing::ElementsAre(RowSums::BucketOf(rows[5].first)));
}

TEST(LastRows, HoldsTheNewestOfEachRange) {
  constexpr int kKeys = 500;
  LastRows rows(60);
  std::map<std::string, int> seen;
  int ranges = 0;
  do {
    ++ranges;
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < kKeys; ++i) rows.Take(absl::StrCat("k", i), absl::StrCat(round));
    }
    rows.Remove("k9");
    EXPECT_LE(rows.size(), 60u);
    for (int i = 0; i < kKeys - 1; ++i) {
      const std::string key = absl::StrCat("k", i);
      switch (rows.Found(key, "1")) {
        case LastRows::Match::kEqual:
          ++seen[key];
          break;
        case LastRows::Match::kUnknown:
          EXPECT_EQ(key, "k9");
          break;
        case LastRows::Match::kOtherValue:
          ADD_FAILURE() << key;
          break;
        case LastRows::Match::kOutOfRange:
          break;
      }
    }
    for (const uint64_t missing : rows.Missing(10)) {
      EXPECT_EQ(missing, LastRows::HashOfKey("k499"));
      ++seen["missing"];
    }
  } while (rows.NextRange());
  EXPECT_GT(ranges, kKeys / 60);
  EXPECT_EQ(seen.size(), kKeys - 1u) << "all but k9 and k499, and the missing one";
  for (const auto& [key, count] : seen) EXPECT_EQ(count, 1) << key;
}

}  // namespace
}  // namespace dealog::eventstore
