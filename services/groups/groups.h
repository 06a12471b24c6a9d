#pragma once

// Consumer groups: several consumers share a tenant's events, each event is handled by one of them,
// at least once, in the order of its stream; what keeps failing is parked.
//
//   ASSIGN_OR_RETURN(auto groups, StartGroups(log, store, base::SystemClock(), {}));
//   ASSIGN_OR_RETURN(auto status, groups->Create({tenant, "mailer"}, settings, std::nullopt));
//   auto consumer = groups->Join({tenant, "mailer"}, "mailer-1", /*credits=*/100);
//   consumer->SetWake([&] { ... });
//   for (const Delivered& delivery : consumer->Take(1 << 20).deliveries) { ... }
//   consumer->Settle({delivery.id}, {.kind = Settlement::Kind::kAck});

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/event_log.h"
#include "services/groups/group_types.h"
#include "services/groups/work_store.h"

namespace dealog::groups {

class Consumer;  // consumer.h

struct ConsumerStatus {
  std::string name;
  uint32_t credits = 0;
  size_t in_flight = 0;
};

// How a group stands.
struct GroupStatus {
  GroupName name;
  GroupSettings settings;
  int64_t created_at_us = 0;
  Position checkpoint;
  uint64_t owner_epoch = 0;
  uint64_t lag_events = 0;  // Positions from the checkpoint to the head.
  size_t in_flight = 0;
  size_t waiting = 0;
  size_t parked = 0;  // Without those being replayed.
  size_t replaying = 0;
  // Since it last was done with an event while it had some to do; 0 with nothing to do.
  double seconds_since_progress = 0;
  std::vector<ConsumerStatus> consumers;
  std::string halted_reason;  // POSITION_FORKED, LIMIT_EXCEEDED, or empty.
};

using ParkedEvents = std::vector<std::pair<Position, Parked>>;

// Which settings Update sets.
struct SettingsMask {
  bool filter = false;
  bool max_deliveries = false;
  bool ack_timeout = false;
  bool max_in_flight = false;
};

struct GroupsOptions {
  // Told of what stops groups in the background. Null = nobody.
  std::function<void(const absl::Status&)> on_error;
};

// Thread safety: yes; what returns a status or a value waits for the groups' thread, some
// milliseconds, and is durable on return. Ownership: log and store outlive it; consumers must be
// destroyed before it. Errors: NOT_FOUND / GROUP_NOT_FOUND where a group is named that there is
// not; UNAVAILABLE / NOT_READY after Stop, and after a failed write until the server is restarted.
class Groups {
 public:
  virtual ~Groups() = default;

  // Begins after `after`; unset = at the head. ALREADY_EXISTS / GROUP_EXISTS; FIELD_INVALID for a
  // name, a setting or a position out of range; LIMIT_EXCEEDED.
  virtual absl::StatusOr<GroupStatus> Create(const GroupName& name, const GroupSettings& settings,
                                             std::optional<Position> after) = 0;
  virtual absl::StatusOr<GroupStatus> Get(const GroupName& name) = 0;
  virtual absl::StatusOr<std::vector<GroupStatus>> List(const TenantId& tenant) = 0;
  // Those of all tenants, for metrics.
  virtual absl::StatusOr<std::vector<GroupStatus>> All() = 0;
  virtual absl::StatusOr<GroupStatus> Update(const GroupName& name, const GroupSettings& settings,
                                             const SettingsMask& mask) = 0;
  virtual absl::Status Delete(const GroupName& name) = 0;
  // Unset = at the head. Deliveries in flight become stale; events parked beyond it are forgotten.
  virtual absl::StatusOr<GroupStatus> Reset(const GroupName& name,
                                            std::optional<Position> after) = 0;
  // At most `limit` parked events after `after`, by position.
  virtual absl::StatusOr<ParkedEvents> ListParked(const GroupName& name, Position after,
                                                  size_t limit) = 0;
  // Delivers again those of `positions` (unset = all) that are parked and match; returns how many.
  virtual absl::StatusOr<size_t> Replay(const GroupName& name,
                                        const std::optional<std::vector<Position>>& positions,
                                        const eventstore::EventFilter& filter) = 0;

  // Never fails: what is wrong is in the consumer's news.
  virtual std::unique_ptr<Consumer> Join(const GroupName& group, const std::string& consumer,
                                         uint32_t credits) = 0;

  // Ends every consumer with NOT_READY, keeps what there is to keep, joins. Idempotent.
  virtual void Stop() = 0;
};

// Reads the groups that there are. One whose checkpoint lies beyond the place at which a restore
// cut the log (eventstore/forks.h) delivers nothing until it is reset: POSITION_FORKED.
absl::StatusOr<std::unique_ptr<Groups>> StartGroups(eventstore::EventLog& log, WorkStore& store,
                                                    const base::Clock& clock,
                                                    GroupsOptions options);

}  // namespace dealog::groups
