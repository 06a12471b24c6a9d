#pragma once

// Groups on a log and a store in memory; consumers as a caller has them, waited for.

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "eventstore/memory/memory_log.h"
#include "services/groups/consumer.h"
#include "services/groups/groups.h"
#include "tests/services/groups/memory_work_store.h"
#include "tests/support/event_log_commits.h"

namespace dealog::groups {

inline constexpr Settlement kAck{.kind = Settlement::Kind::kAck};
inline const GroupName kGroup{{"acme"}, "mailer"};

class GroupsFixture : public testing::Test {
 protected:
  void SetUp() override { Start(); }

  void Start() { groups_ = StartGroups(*log_, store_, base::SystemClock(), {}).value(); }
  // Everything but what was synced is gone.
  void CrashAndStart() {
    auto rows = store_.Synced();
    groups_.reset();
    store_.Load(std::move(rows));
    Start();
  }
  void Append(std::initializer_list<const char*> streams) {
    for (const char* stream : streams) {
      ASSERT_TRUE(
          AppendOne(*log_, eventstore::MakeCommit("acme", {eventstore::MakeEvent(stream)})).ok());
    }
  }
  void Create(GroupSettings settings = {}) {
    ASSERT_TRUE(groups_->Create(kGroup, settings, Position{0}).ok());
  }
  std::unique_ptr<Consumer> Join(uint32_t credits = 100) {
    return groups_->Join(kGroup, "ada", credits);
  }
  // Takes until `count` deliveries came, or the end; nothing more within a moment is no delivery.
  static std::vector<Delivered> Take(Consumer& consumer, size_t count) {
    std::vector<Delivered> taken;
    for (int i = 0; i < 2000 && taken.size() < count; ++i) {
      ConsumerNews news = consumer.Take(1 << 20);
      for (Delivered& delivery : news.deliveries) taken.push_back(std::move(delivery));
      if (news.end) break;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return taken;
  }
  static std::vector<uint64_t> Positions(const std::vector<Delivered>& deliveries) {
    std::vector<uint64_t> positions;
    for (const Delivered& delivery : deliveries) positions.push_back(delivery.id.position.value);
    return positions;
  }
  static absl::Status EndOf(Consumer& consumer) {
    for (int i = 0; i < 2000; ++i) {
      if (const auto end = consumer.Take(1 << 20).end) return *end;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return absl::DeadlineExceededError("it did not end");
  }
  static std::vector<DeliveryId> Stale(Consumer& consumer) {
    for (int i = 0; i < 2000; ++i) {
      if (const ConsumerNews news = consumer.Take(1 << 20); !news.stale.empty()) return news.stale;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return {};
  }
  GroupStatus Status() { return groups_->Get(kGroup).value(); }

  std::shared_ptr<eventstore::MemoryDisk> disk_ = std::make_shared<eventstore::MemoryDisk>();
  std::unique_ptr<eventstore::EventLog> log_ = eventstore::MakeMemoryLog({.disk = disk_});
  MemoryWorkStore store_;
  std::unique_ptr<Groups> groups_;
};

}  // namespace dealog::groups
