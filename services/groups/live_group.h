#pragma once

// One group at work: its state machine, the events that it holds, and who takes part. Used by the
// groups' thread only.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "eventstore/event_filter.h"
#include "eventstore/forks.h"
#include "services/groups/consumer.h"
#include "services/groups/group_machine.h"
#include "services/groups/group_rows.h"
#include "services/groups/groups.h"

namespace dealog::groups {

// What happens between two writes of the store: everything that becomes durable together, and who
// is told once it is.
struct Round {
  int64_t now_us = 0;
  WorkWrite write;
  bool sync = false;
  // Called after the write, with how it went.
  std::vector<std::function<void(const absl::Status&)>> after;
};

// What all groups stand on.
struct GroupParts {
  eventstore::EventLog& log;
  const WorkStore& store;
  const eventstore::Forks& forks;  // Of the log.
};

// Thread safety: none. Ownership: the parts and what `wake` touches outlive it.
// Invariant: without consumers it holds no events, only what the store holds too.
class LiveGroup {
 public:
  // Reads the group's rows; adds what a restore of the log changed of them. `wake` is called from
  // any thread when there are new events.
  static absl::StatusOr<std::unique_ptr<LiveGroup>> Load(const GroupParts& parts, GroupName name,
                                                         const storage::v1::GroupRecord& record,
                                                         std::function<void()> wake, Round& round);
  // A new one, which begins after `after`.
  static std::unique_ptr<LiveGroup> Make(const GroupParts& parts, GroupName name,
                                         const storage::v1::GroupRecord& record, Position after,
                                         std::function<void()> wake, Round& round);
  ~LiveGroup();

  // ---- Consumers. Join ends the mailbox where the group can't be consumed.
  void Join(std::shared_ptr<Mailbox> mailbox, uint32_t credits);
  void AddCredits(ConsumerId consumer, uint32_t events);
  void Settle(ConsumerId consumer, const std::vector<DeliveryId>& ids, const Settlement& settlement,
              int64_t now_us);
  void Leave(ConsumerId consumer, int64_t now_us);
  // Ends every consumer.
  void Disband(const absl::Status& status, int64_t now_us);
  bool has_consumers() const { return !consumers_.empty(); }
  // It has read ahead.
  bool holds_more_than_stored() const { return subscription_ != nullptr || !events_.empty(); }
  // When something was last done: see GroupMachine.
  int64_t progress_at_us() const { return machine_->progress_at_us(); }
  void SetProgressAt(int64_t time_us) { machine_->SetProgressAt(time_us); }

  // ---- People.
  void SetSettings(const GroupSettings& settings, Round& round);
  void Reset(Position after, Round& round);
  const std::map<Position, Parked>& parked() const { return machine_->parked(); }
  size_t Replay(const std::optional<std::vector<Position>>& positions,
                const eventstore::EventFilter& filter, Round& round);
  // Looks a little further into what nobody has asked for yet: see OldestWaiting.
  absl::StatusOr<GroupStatus> Describe(int64_t now_us);
  const GroupSettings& settings() const { return settings_; }
  // What is stored of its definition.
  storage::v1::GroupRecord Record() const {
    return ToRecord(settings_, created_at_us_, generation_);
  }

  // ---- Work: lets time pass, reads, delivers; adds to the round. True: there is more to do now.
  bool Step(Round& round);
  // Keeps the checkpoint as it is.
  void KeepAll(Round& round);
  std::optional<int64_t> NextDeadline() const { return machine_->NextDeadline(); }

 private:
  struct Member {
    std::shared_ptr<Mailbox> mailbox;
    uint32_t credits = 0;
    std::vector<Delivered> outgoing;
  };

  // An event that was read and is not done, and what it keeps in memory.
  struct Held {
    eventstore::PageEvent event;
    size_t bytes = 0;
  };
  // The first event beyond what was read that matches, as far as was looked.
  struct Ahead {
    Position looked_to;
    std::optional<int64_t> recorded_at_us;
  };

  LiveGroup(const GroupParts& parts, GroupName name, const storage::v1::GroupRecord& record,
            std::function<void()> wake);
  absl::Status Restore(const WorkStore& store, const eventstore::Forks& forks, Round& round);
  absl::Status RestoreRows(const WorkStore& store,
                           const std::function<bool(Position)>& is_in_the_log, Round& round);

  void Begin(Position after, Round& round);
  void KeepRecord(Round& round) const;
  uint64_t LogEpoch() const;
  size_t CreditsWanted() const;
  absl::StatusOr<bool> Read(int64_t now_us);
  absl::Status Admit(const eventstore::CommitPtr& commit, int64_t now_us);
  absl::Status Deliver(int64_t now_us);
  absl::StatusOr<eventstore::PageEvent> EventAt(Position position);
  void Hold(Position position, eventstore::PageEvent event, size_t bytes);
  void LetGoOfDone();
  void LetGo(Position position);
  void Forget();
  absl::StatusOr<std::optional<int64_t>> OldestWaiting(Position head);

  eventstore::EventLog& log_;
  const GroupName name_;
  const std::function<void()> wake_;
  const int64_t created_at_us_;
  GroupSettings settings_;
  uint64_t generation_;
  uint64_t owner_epoch_ = 0;
  bool forked_ = false;  // Nothing is delivered until it is reset.
  std::unique_ptr<GroupMachine> machine_;
  std::optional<eventstore::EventMatcher> matcher_;
  std::unique_ptr<eventstore::CommitSubscription> subscription_;
  absl::flat_hash_map<uint64_t, Held> events_;  // By position.
  size_t event_bytes_ = 0;                      // Of events_.
  Ahead ahead_;
  std::map<ConsumerId, Member> consumers_;
  ConsumerId last_served_;  // The next one is served first.
};

// NOT_FOUND / GROUP_NOT_FOUND.
absl::Status NoSuchGroup(const GroupName& name);

}  // namespace dealog::groups
