// Method: logs on RocksDB that grow, close and open again; the trees against those computed from
// the events themselves.

#include "eventstore/merkle/follower.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "eventstore/base/clock.h"
#include "eventstore/merkle/leaf.h"
#include "tests/eventstore/merkle/rocksdb/audited_log.h"

namespace dealog::eventstore {
namespace {

// The root over all events that a reader of the log gets.
Digest RootByReading(const EventLog& log, const TenantId& tenant) {
  TreeFrontier frontier;
  for (;;) {
    const ReadPage page = log.ReadTenant(tenant, {.after = {frontier.size()}}).value();
    for (const PageEvent& event : page.events) frontier.Append(LeafOf(event.view()));
    if (page.end || page.events.empty()) return frontier.Root();
  }
}

void AppendSome(EventLog& log, const std::string& tenant, int commits, int events = 3) {
  for (int i = 0; i < commits; ++i) {
    std::vector<NewEvent> some(static_cast<size_t>(events),
                               MakeEvent("deal/1", "DealMoved", "payload " + std::to_string(i)));
    ASSERT_TRUE(AppendOne(log, MakeCommit(tenant, std::move(some))).value().last.value > 0);
  }
}

void ExpectTrees(const AuditedLog& open) {
  open.CatchUp();
  for (const TenantId& tenant : open.log->Tenants()) {
    const Checkpoint checkpoint = open.MustSign(tenant);
    EXPECT_EQ(checkpoint.size, open.log->Head(tenant)->position.value) << tenant.value;
    EXPECT_EQ(checkpoint.root, RootByReading(*open.log, tenant)) << tenant.value;
  }
}

TEST(Follower, MakesATreePerTenant) {
  const AuditFolder folder(3);
  const AuditedLog open = folder.Open();
  for (const char* tenant : {"acme", "other", "third"}) AppendSome(*open.log, tenant, 20);
  ExpectTrees(open);
  const Checkpoint acme = open.MustSign({"acme"});
  EXPECT_EQ(acme.size, 60u);
  EXPECT_NE(acme.origin, open.MustSign({"other"}).origin);
}

TEST(Follower, NamesTheBatchThatWroteTheLastEvent) {
  const AuditFolder folder;
  const AuditedLog open = folder.Open();
  AppendSome(*open.log, "acme", 2);
  open.CatchUp();
  const PartitionHead head = open.log->BatchHead({0});
  AppendSome(*open.log, "other", 1);
  open.CatchUp();
  const auto batch = open.MustSign({"acme"}).batch;
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->number, head.number);
  EXPECT_EQ(base::AsView(batch->digest), head.digest);
  EXPECT_FALSE(open.MustSign({"acme"}, 3).batch) << "of an older size";
}

TEST(Follower, GoesOnAfterARestart) {
  const AuditFolder folder(2);
  for (int round = 0; round < 4; ++round) {
    const AuditedLog open = folder.Open();
    // Over the border of a tile in the second round.
    AppendSome(*open.log, "acme", 60);
    AppendSome(*open.log, "other", 1);
    ExpectTrees(open);
    uint64_t hashed = 0;
    for (uint32_t i = 0; i < 2; ++i) hashed += open.follower->Progress({i}).events;
    EXPECT_EQ(hashed, 183u) << "a restart hashes only what is new";
  }
}

TEST(Follower, MakesUpForWhatWasAppendedWithoutIt) {
  const AuditFolder folder;
  { const AuditedLog open = folder.Open(); }
  {
    auto log = OpenRocksDbLog({.path = folder.log_path()}).value();
    AppendSome(*log, "acme", 300, 10);
  }
  ExpectTrees(folder.Open());
}

// Deleted or made anew: the same bytes, row for row.
TEST(Follower, MakesTheSameTreesAgain) {
  const AuditFolder folder(2);
  {
    const AuditedLog open = folder.Open();
    for (int i = 0; i < 40; ++i) {
      AppendSome(*open.log, "acme", 5);
      AppendSome(*open.log, "other", 1, 2);
      if (i % 8 == 0) open.CatchUp();  // Cuts the log into other pages than the second time.
    }
    ExpectTrees(open);
  }
  const auto before = DumpAuditStore(folder.audit_path()).value();
  folder.DeleteTrees();
  ExpectTrees(folder.Open());
  EXPECT_EQ(DumpAuditStore(folder.audit_path()).value(), before);
}

TEST(Follower, BeginsAnewWhereTheStoreIsOfAnotherLog) {
  const AuditFolder folder;
  {
    const AuditedLog open = folder.Open();
    AppendSome(*open.log, "acme", 10);
    open.CatchUp();
  }
  std::filesystem::remove_all(folder.log_path());
  {
    auto log = OpenRocksDbLog({.path = folder.log_path()}).value();
    AppendSome(*log, "acme", 20, 1);
  }
  std::string said;
  const AuditedLog open = folder.Open({.log = [&](std::string_view text) { said += text; }});
  EXPECT_EQ(open.store->Head({"acme"})->size, 20u);
  EXPECT_THAT(said, testing::HasSubstr("made anew"));
}

// Every partition begins anew, also those that had nothing to complain of.
TEST(Follower, BeginsAnewWithAllPartitionsWhereOneIsOfAnotherLog) {
  const AuditFolder folder(4);
  const auto fill = [&](int commits) {
    auto log = OpenRocksDbLog({.path = folder.log_path(), .partition_count = 4}).value();
    for (int i = 0; i < 8; ++i) AppendSome(*log, "tenant-" + std::to_string(i), commits);
  };
  fill(3);
  folder.Open();
  std::filesystem::remove_all(folder.log_path());
  fill(2);
  std::string said;
  const AuditedLog open = folder.Open({.log = [&](std::string_view text) { said += text; }});
  ExpectTrees(open);
  EXPECT_THAT(said, testing::HasSubstr("made anew"));
}

// The promise is a second; the wait between two rounds is a fifth of it.
TEST(Follower, IsNeverASecondBehindWhileTheLogGrows) {
  const AuditFolder folder;
  const AuditedLog open = folder.Open();
  double lag_max = 0;
  for (const int64_t end = base::MonotonicMicros() + 1'500'000; base::MonotonicMicros() < end;) {
    AppendSome(*open.log, "acme", 10, 10);
    lag_max = std::max(lag_max, open.follower->Progress({0}).lag_seconds);
  }
  EXPECT_LT(lag_max, 1.0);
  EXPECT_GT(lag_max, 0.0) << "nothing was measured";
  EXPECT_GT(open.store->Head({"acme"})->size, 0u) << "without anybody asking";
}

// Without a caller who waits, the thread wakes a few times a second whatever the rate.
TEST(Follower, GathersBatchesIntoFewWrites) {
  const AuditFolder folder;
  const AuditedLog open = folder.Open();
  uint64_t sizes_seen = 0;
  uint64_t last = 0;
  int commits = 0;
  for (const int64_t end = base::MonotonicMicros() + 700'000; base::MonotonicMicros() < end;) {
    AppendSome(*open.log, "acme", 1, 1);
    ++commits;
    // All of it fits into one page of the follower's, which writes one after the other.
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    const uint64_t size = open.store->Head({"acme"})->size;
    if (size != last) ++sizes_seen;
    last = size;
  }
  EXPECT_LE(sizes_seen, 6u) << "of " << commits << " commits";
}

TEST(Follower, WaitForReturnsAtOnceForWhatIsThereAndInTimeForWhatIsNot) {
  const AuditFolder folder;
  const AuditedLog open = folder.Open();
  AppendSome(*open.log, "acme", 1);
  open.follower->WaitFor({"acme"}, {3}, kTreeWait);
  EXPECT_EQ(open.store->Head({"acme"})->size, 3u);
  const int64_t start = base::MonotonicMicros();
  open.follower->WaitFor({"acme"}, {2}, kTreeWait);
  open.follower->WaitFor({"acme"}, {4}, absl::Milliseconds(30));
  EXPECT_LT(base::MonotonicMicros() - start, 5'000'000);
}

TEST(Follower, StopsInTheMiddleOfEverything) {
  const AuditFolder folder;
  const AuditedLog open = folder.Open();
  AppendSome(*open.log, "acme", 1);
  open.follower->Stop();
  open.follower->Stop();
  open.follower->WaitFor({"acme"}, {1'000}, kTreeWait);
  AppendSome(*open.log, "acme", 1);
}

// A store that fails now and then, as a full disk does.
class FailingStore final : public AuditStore {
 public:
  // The first writes of a partition fail.
  FailingStore(AuditStore& store, int failures, PartitionId partition = {})
      : store_(store), partition_(partition), failures_(failures) {}
  absl::Status Write(const AuditWrite& write) override {
    if (write.partition == partition_ && failures_-- > 0) {
      return absl::ResourceExhaustedError("the disk is full");
    }
    return store_.Write(write);
  }
  absl::StatusOr<TreeHead> Head(const TenantId& tenant) const override {
    return store_.Head(tenant);
  }
  absl::StatusOr<std::string> Tile(const TenantId& tenant, TileId id) const override {
    return store_.Tile(tenant, id);
  }
  absl::StatusOr<FollowPoint> Point(PartitionId partition) const override {
    return store_.Point(partition);
  }
  absl::Status Clear() override { return store_.Clear(); }
  absl::StatusOr<SignedTree> Signed(const TenantId& tenant) const override {
    return store_.Signed(tenant);
  }
  absl::Status SetSigned(const TenantId& tenant, const SignedTree& tree) override {
    return store_.SetSigned(tenant, tree);
  }

 private:
  AuditStore& store_;
  const PartitionId partition_;
  int failures_;
};

TEST(Follower, TriesAgainAfterAWriteThatFailed) {
  const AuditFolder folder;
  auto log = OpenRocksDbLog({.path = folder.log_path()}).value();
  auto store = OpenAuditStore(folder.audit_path()).value();
  AppendSome(*log, "acme", 300);
  FailingStore failing(*store, 2);
  int errors = 0;
  {
    const auto follower = StartAuditFollower(
        *log, failing, {.gather_us = 1, .on_error = [&](const absl::Status&) { ++errors; }});
    follower->WaitFor({"acme"}, {900}, kTreeWait);
    EXPECT_EQ(follower->Progress({0}).error, "");
  }
  EXPECT_EQ(errors, 1) << "the same one in a row is told once";
  AuditTrees trees(*log, *store, kAuditKey);
  const std::vector<VerifierKey> keys = {trees.Key({"acme"})};
  EXPECT_EQ(OpenCheckpoint(trees.Sign({"acme"}, 0).value(), keys)->root,
            RootByReading(*log, {"acme"}));
}

// What a partition could not write is not written beside another one's rows: it would be given
// again, and no tree could take it twice.
TEST(Follower, WhatOnePartitionCouldNotWriteNoOtherWrites) {
  const AuditFolder folder;
  auto log = OpenRocksDbLog({.path = folder.log_path(), .partition_count = 2}).value();
  auto store = OpenAuditStore(folder.audit_path()).value();
  for (int i = 0; i < 8; ++i) AppendSome(*log, "tenant-" + std::to_string(i), 3);
  for (const uint32_t i : {0, 1}) ASSERT_GT(log->BatchHead({i}).number.value, 0u);
  FailingStore failing(*store, 1, {0});
  {
    const auto follower = StartAuditFollower(*log, failing, {.gather_us = 1});
    const int64_t until_us = base::MonotonicMicros() + 20'000'000;
    for (const uint32_t i : {0, 1}) {
      while (follower->Progress({i}).number < log->BatchHead({i}).number &&
             base::MonotonicMicros() < until_us) {
        std::this_thread::yield();
      }
      EXPECT_EQ(follower->Progress({i}).error, "");
    }
  }
  AuditTrees trees(*log, *store, kAuditKey);
  for (const TenantId& tenant : log->Tenants()) {
    const std::vector<VerifierKey> keys = {trees.Key(tenant)};
    EXPECT_EQ(OpenCheckpoint(trees.Sign(tenant, 0).value(), keys)->root,
              RootByReading(*log, tenant))
        << tenant.value;
  }
}

}  // namespace
}  // namespace dealog::eventstore
