// Method: a store that fails on demand. Writes must arrive whole and in order, or not at all.

#include "projections/runtime/store_worker.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/base/mutex.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dealog::projections {
namespace {

using ::testing::ElementsAre;

class FlakyStore final : public ViewStore {
 public:
  absl::Status Write(const ViewWrite& write) override {
    base::MutexLock lock(mu_);
    ++attempts_;
    if (failing_) return absl::ResourceExhaustedError("disk full");
    written_.push_back(write.rows.front().key);
    return absl::OkStatus();
  }
  absl::StatusOr<ViewCheckpoint> ReadCheckpoint(std::string_view,
                                                eventstore::PartitionId) const override {
    return ViewCheckpoint{};
  }
  absl::StatusOr<SlotPoint> ReadApplied(std::string_view,
                                        const eventstore::TenantId&) const override {
    return SlotPoint{};
  }
  absl::Status Scan(
      std::string_view, const eventstore::TenantId&,
      const std::function<absl::Status(std::string_view, std::string_view)>&) const override {
    return absl::OkStatus();
  }
  absl::Status Drop(std::string_view) override { return absl::OkStatus(); }
  absl::Status DropTenant(std::string_view, const eventstore::TenantId&) override {
    return absl::OkStatus();
  }

  void SetFailing(bool failing) {
    base::MutexLock lock(mu_);
    failing_ = failing;
  }
  int attempts() {
    base::MutexLock lock(mu_);
    return attempts_;
  }
  std::vector<std::string> written() {
    base::MutexLock lock(mu_);
    return written_;
  }

 private:
  base::Mutex mu_;
  bool failing_ ABSL_GUARDED_BY(mu_) = false;
  int attempts_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::string> written_ ABSL_GUARDED_BY(mu_);
};

ViewWrite WriteOf(const std::string& key) {
  ViewWrite write;
  write.rows.push_back({"view", eventstore::TenantId{"acme"}, key, "value"});
  return write;
}

TEST(StoreWorker, WritesAndRunsInOrder) {
  FlakyStore store;
  StoreWorker worker(store);
  std::atomic<int> written{0};
  std::vector<std::string> seen_by_task;
  worker.Write(WriteOf("a"), [&] { ++written; });
  worker.Run([&] { seen_by_task = store.written(); });
  worker.Write(WriteOf("b"), [&] { ++written; });
  worker.Stop();
  EXPECT_THAT(seen_by_task, ElementsAre("a"));
  EXPECT_THAT(store.written(), ElementsAre("a", "b"));
  EXPECT_EQ(written, 2);
}

TEST(StoreWorker, TriesAFailedWriteAgainAndSaysWhy) {
  FlakyStore store;
  store.SetFailing(true);
  StoreWorker worker(store);
  worker.Write(WriteOf("a"), [] {});
  while (worker.error().empty()) std::this_thread::yield();
  EXPECT_EQ(worker.error(), "disk full");
  store.SetFailing(false);
  std::atomic<bool> done{false};
  worker.Write(WriteOf("b"), [&] { done = true; });
  while (!done) std::this_thread::yield();
  EXPECT_THAT(store.written(), ElementsAre("a", "b"));
  EXPECT_EQ(worker.error(), "");
  EXPECT_GE(store.attempts(), 3);
}

TEST(StoreWorker, AfterAWriteWasGivenUpNothingElseIsWritten) {
  FlakyStore store;
  store.SetFailing(true);
  StoreWorker worker(store);
  worker.Write(WriteOf("a"), [] {});
  while (worker.error().empty()) std::this_thread::yield();
  // The second write would leave a hole where the first one was.
  worker.Write(WriteOf("b"), [&] {});
  worker.Run([&] { store.SetFailing(false); });
  worker.Write(WriteOf("c"), [] {});
  worker.Stop();
  EXPECT_THAT(store.written(), ElementsAre());
}

}  // namespace
}  // namespace dealog::projections
