#pragma once

// A consumer as most are: it gathers the batches of a page and keeps them together with its point.

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "eventstore/follow/log_follower.h"
#include "tests/support/event_log_commits.h"

namespace dealog::eventstore {

inline constexpr std::chrono::seconds kLong{20};
inline constexpr PartitionId kFirst{0};

inline void AppendBatches(EventLog& log, int count, const std::string& tenant = "acme") {
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(AppendOne(log, MakeCommit(tenant, {MakeEvent("deal/1")})).ok());
  }
}

// What a consumer keeps through restarts: per partition its point, and what it did up to it.
struct Kept {
  FollowPoint point;
  std::vector<uint64_t> numbers;
};
using Store = std::map<uint32_t, Kept>;

// Gathers batches and keeps them, with the point, at the end of a page.
class Recorder : public FollowHandler {
 public:
  explicit Recorder(Store& store) : store_(store) {}

  absl::StatusOr<FollowPoint> Begin(FollowCursor& cursor) override {
    ++begins;
    gathered_[&cursor].clear();
    return store_[cursor.partition().value].point;
  }
  absl::StatusOr<FollowPoint> OnForked(FollowCursor& cursor, const absl::Status& why) override {
    forks.push_back(std::string(why.message()));
    store_[cursor.partition().value] = {};
    return FollowPoint{};
  }
  absl::Status OnBatch(FollowCursor& cursor, const StoredBatch& batch, BatchPlace place) override {
    EXPECT_FALSE(ended_) << "nothing comes after OnStop";
    EXPECT_EQ(cursor.point(), (FollowPoint{batch.number, batch.digest}));
    if (fail) {
      if (absl::Status status = fail(); !status.ok()) return status;
    }
    std::vector<uint64_t>& gathered = gathered_[&cursor];
    gathered.push_back(batch.number.value);
    if (!place.last) return absl::OkStatus();
    ++pages;
    Kept& kept = store_[cursor.partition().value];
    kept.numbers.insert(kept.numbers.end(), gathered.begin(), gathered.end());
    kept.point = cursor.point();
    gathered.clear();
    return absl::OkStatus();
  }
  void OnCaughtUp(FollowCursor&) override { ++caught_up; }
  void OnFailure(FollowCursor&, const absl::Status& status) override {
    failures.push_back(std::string(status.message()));
  }
  void OnStop() override { ended_ = true; }

  std::function<absl::Status()> fail;
  std::vector<std::string> forks;
  std::vector<std::string> failures;
  std::atomic<int> begins = 0;
  std::atomic<int> pages = 0;
  std::atomic<int> caught_up = 0;

 private:
  Store& store_;
  std::map<const FollowCursor*, std::vector<uint64_t>> gathered_;
  bool ended_ = false;
};

inline LogFollowerOptions Quick(size_t page_bytes = 1) {
  return {.name = "test",
          .page_bytes = page_bytes,
          .pace = std::chrono::microseconds(0),
          .retry = std::chrono::microseconds(100)};
}

inline std::vector<uint64_t> UpTo(uint64_t last) {
  std::vector<uint64_t> numbers;
  for (uint64_t i = 1; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

}  // namespace dealog::eventstore
