#include "services/groups/live_group.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::groups {
namespace {

constexpr double kMicrosPerSecond = 1e6;

absl::Status Forked(const GroupName& name) {
  return base::Error(
             absl::StatusCode::kFailedPrecondition, "POSITION_FORKED",
             absl::StrCat("expected the checkpoint of group ", name.name,
                          " within the log, found it beyond the head: the log was restored to an "
                          "older state. Reset the group to a position that is right for its "
                          "consumers, for example the head"))
      .With("group", name.name);
}

absl::Status TooManyConsumers(const GroupName& name) {
  return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                     absl::StrCat("expected at most ", kConsumersPerGroupMax,
                                  " consumers of group ", name.name, ", found as many"))
      .With("limit", "group_consumers");
}

}  // namespace

absl::Status NoSuchGroup(const GroupName& name) {
  return base::Error(absl::StatusCode::kNotFound, "GROUP_NOT_FOUND",
                     absl::StrCat("expected the name of a consumer group of the tenant, found \"",
                                  name.name, "\"; create it first"))
      .With("group", name.name);
}

LiveGroup::LiveGroup(const GroupParts& parts, GroupName name,
                     const storage::v1::GroupRecord& record, std::function<void()> wake)
    : log_(parts.log),
      name_(std::move(name)),
      wake_(std::move(wake)),
      created_at_us_(record.created_at_us()),
      settings_(ToSettings(record)),
      generation_(record.generation()) {
  matcher_.emplace(settings_.filter);
}

LiveGroup::~LiveGroup() = default;

absl::StatusOr<std::unique_ptr<LiveGroup>> LiveGroup::Load(const GroupParts& parts, GroupName name,
                                                           const storage::v1::GroupRecord& record,
                                                           std::function<void()> wake,
                                                           Round& round) {
  std::unique_ptr<LiveGroup> group(new LiveGroup(parts, std::move(name), record, std::move(wake)));
  RETURN_IF_ERROR(group->Restore(parts.store, parts.forks, round));
  return group;
}

// Rows of an earlier group of that name may not be gone from the store yet: none is read.
std::unique_ptr<LiveGroup> LiveGroup::Make(const GroupParts& parts, GroupName name,
                                           const storage::v1::GroupRecord& record, Position after,
                                           std::function<void()> wake, Round& round) {
  std::unique_ptr<LiveGroup> group(new LiveGroup(parts, std::move(name), record, std::move(wake)));
  group->Begin(after, round);
  return group;
}

absl::Status LiveGroup::Restore(const WorkStore& store, const eventstore::Forks& forks,
                                Round& round) {
  storage::v1::GroupCheckpoint kept;
  RETURN_IF_ERROR(store.Scan(CheckpointKey(name_), [&](std::string_view, std::string_view value) {
    auto parsed = ParseRecord<storage::v1::GroupCheckpoint>(value);
    if (parsed.ok()) kept = *parsed;
    return parsed.status();
  }));
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, log_.Head(name_.tenant));
  // All rows are of the checkpoint's epoch: that of the log is taken on here, before anything else.
  const auto is_in_the_log = [&](Position position) {
    return forks
        .Check(log_.PartitionOf(name_.tenant), name_.tenant, kept.owner_epoch(), position,
               head.position)
        .ok();
  };
  const Position checkpoint{kept.position()};
  machine_ = std::make_unique<GroupMachine>(settings_, checkpoint, generation_);
  machine_->SetProgressAt(round.now_us);
  forked_ = kept.forked() || !is_in_the_log(checkpoint);
  owner_epoch_ = forked_ ? kept.owner_epoch() : LogEpoch();
  if (forked_ != kept.forked() || owner_epoch_ != kept.owner_epoch()) {
    AddCheckpoint(name_, owner_epoch_, checkpoint, forked_, round.write);
    round.sync = true;
  }
  return RestoreRows(store, is_in_the_log, round);
}

absl::Status LiveGroup::RestoreRows(const WorkStore& store,
                                    const std::function<bool(Position)>& is_in_the_log,
                                    Round& round) {
  // Of an event that a restore of the log cut off there is nothing to keep: another one stands or
  // will stand at its position.
  RETURN_IF_ERROR(store.Scan(
      CountPrefix(name_), [&](std::string_view key, std::string_view value) -> absl::Status {
        ASSIGN_OR_RETURN(const Position position, ParsePosition(key));
        ASSIGN_OR_RETURN(const auto record, ParseRecord<storage::v1::DeliveryRecord>(value));
        if (is_in_the_log(position)) {
          machine_->RestoreCount(position, {record.deliveries(), record.settled()});
        } else {
          round.write.rows.push_back({std::string(key), std::nullopt});
        }
        return absl::OkStatus();
      }));
  return store.Scan(
      ParkedPrefix(name_), [&](std::string_view key, std::string_view value) -> absl::Status {
        ASSIGN_OR_RETURN(const Position position, ParsePosition(key));
        ASSIGN_OR_RETURN(const auto record, ParseRecord<storage::v1::ParkedRecord>(value));
        if (is_in_the_log(position)) {
          machine_->RestoreParked(position, ToParked(record));
        } else {
          round.write.rows.push_back({std::string(key), std::nullopt});
        }
        return absl::OkStatus();
      });
}

uint64_t LiveGroup::LogEpoch() const {
  return log_.BatchHead(log_.PartitionOf(name_.tenant)).owner_epoch;
}

void LiveGroup::KeepRecord(Round& round) const {
  round.write.rows.push_back({GroupKey(name_), Record().SerializeAsString()});
  round.sync = true;
}

// ---- Consumers ---------------------------------------------------------------------------------

void LiveGroup::Join(std::shared_ptr<Mailbox> mailbox, uint32_t credits) {
  if (forked_) {
    mailbox->End(Forked(name_));
  } else if (consumers_.size() >= kConsumersPerGroupMax) {
    mailbox->End(TooManyConsumers(name_));
  } else {
    mailbox->Start(machine_->checkpoint());
    const ConsumerId id = mailbox->id();
    consumers_.emplace(id, Member{.mailbox = std::move(mailbox), .credits = credits});
  }
}

void LiveGroup::AddCredits(ConsumerId consumer, uint32_t events) {
  const auto member = consumers_.find(consumer);
  if (member == consumers_.end()) return;
  member->second.credits = static_cast<uint32_t>(
      std::min<uint64_t>(uint64_t{member->second.credits} + events, kCreditsMax));
}

void LiveGroup::Settle(ConsumerId consumer, const std::vector<DeliveryId>& ids,
                       const Settlement& settlement, int64_t now_us) {
  const auto member = consumers_.find(consumer);
  if (member == consumers_.end()) return;
  for (const DeliveryId& id : ids) {
    if (!machine_->Settle(consumer, id, settlement, now_us))
      member->second.mailbox->RefuseStale(id);
  }
}

void LiveGroup::Leave(ConsumerId consumer, int64_t now_us) {
  machine_->Leave(consumer, now_us);
  consumers_.erase(consumer);
}

void LiveGroup::Disband(const absl::Status& status, int64_t now_us) {
  for (const auto& [id, member] : consumers_) {
    machine_->Leave(id, now_us);
    member.mailbox->End(status);
  }
  consumers_.clear();
}

// ---- People ------------------------------------------------------------------------------------

void LiveGroup::SetSettings(const GroupSettings& settings, Round& round) {
  settings_ = settings;
  machine_->SetSettings(settings_);
  matcher_.emplace(settings_.filter);
  ahead_ = {};
  KeepRecord(round);
}

void LiveGroup::Reset(Position after, Round& round) {
  const std::map<Position, Parked> parked = machine_->parked();
  generation_ = machine_->generation() + 1;
  Begin(after, round);
  GroupChanges kept;
  for (const auto& [position, event] : parked) {
    if (position > after) break;
    machine_->RestoreParked(position, event);
    kept.parked[position] = machine_->parked().at(position);
  }
  AddRows(name_, owner_epoch_, kept, round.write);
}

// Nothing of it is known but where it begins.
void LiveGroup::Begin(Position after, Round& round) {
  forked_ = false;
  owner_epoch_ = LogEpoch();
  machine_ = std::make_unique<GroupMachine>(settings_, after, generation_);
  machine_->SetProgressAt(round.now_us);
  Forget();
  KeepRecord(round);
  AddCheckpoint(name_, owner_epoch_, after, /*forked=*/false, round.write);
  round.write.dropped_prefixes.push_back(CountPrefix(name_));
  round.write.dropped_prefixes.push_back(ParkedPrefix(name_));
}

size_t LiveGroup::Replay(const std::optional<std::vector<Position>>& positions,
                         const eventstore::EventFilter& filter, Round& round) {
  const std::set<eventstore::StreamId> streams(filter.streams.begin(), filter.streams.end());
  const std::set<std::string> stream_types(filter.stream_types.begin(), filter.stream_types.end());
  const std::set<std::string> event_types(filter.event_types.begin(), filter.event_types.end());
  const auto matches = [&](const Parked& parked) {
    return (streams.empty() || streams.contains(parked.stream)) &&
           (stream_types.empty() || stream_types.contains(parked.stream.type)) &&
           (event_types.empty() || event_types.contains(parked.type));
  };
  std::vector<Position> chosen;
  if (positions) {
    chosen = *positions;
  } else {
    for (const auto& [position, parked] : machine_->parked()) chosen.push_back(position);
  }
  size_t count = 0;
  for (const Position position : chosen) {
    const auto found = machine_->parked().find(position);
    if (found == machine_->parked().end() || !matches(found->second)) continue;
    if (machine_->Replay(position, round.now_us)) ++count;
  }
  generation_ = machine_->generation();
  if (count > 0) KeepRecord(round);
  return count;
}

absl::StatusOr<GroupStatus> LiveGroup::Describe(int64_t now_us) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, log_.Head(name_.tenant));
  GroupStatus status{.name = name_,
                     .settings = settings_,
                     .created_at_us = created_at_us_,
                     .checkpoint = machine_->checkpoint(),
                     .owner_epoch = owner_epoch_,
                     .in_flight = machine_->in_flight(),
                     .waiting = machine_->waiting(),
                     .parked = machine_->parked().size() - machine_->replaying(),
                     .replaying = machine_->replaying()};
  if (head.position > status.checkpoint) {
    status.lag_events = head.position.value - status.checkpoint.value;
  }
  if (forked_) status.halted_reason = "POSITION_FORKED";
  if (machine_->halted()) status.halted_reason = "LIMIT_EXCEEDED";
  for (const auto& [id, member] : consumers_) {
    status.consumers.push_back({member.mailbox->name(), member.credits, machine_->in_flight(id)});
  }
  int64_t since_us = machine_->progress_at_us();
  if (machine_->unsettled() == 0) {
    ASSIGN_OR_RETURN(const std::optional<int64_t> waiting_since_us, OldestWaiting(head.position));
    if (!waiting_since_us) return status;
    since_us = std::max(since_us, *waiting_since_us);
  }
  status.seconds_since_progress =
      static_cast<double>(std::max<int64_t>(0, now_us - since_us)) / kMicrosPerSecond;
  return status;
}

// When the first event was recorded that nobody has asked for; unset if there is none. One call
// looks at a page of the log at most; the next one goes on from there.
absl::StatusOr<std::optional<int64_t>> LiveGroup::OldestWaiting(Position head) {
  if (ahead_.looked_to <= machine_->looked_at()) ahead_ = {.looked_to = machine_->looked_at()};
  if (!ahead_.recorded_at_us && ahead_.looked_to < head) {
    ASSIGN_OR_RETURN(
        const eventstore::ReadPage page,
        log_.ReadTenant(name_.tenant,
                        {.after = ahead_.looked_to, .filter = settings_.filter, .limit = 1}));
    ahead_.looked_to = page.read_to;
    if (!page.events.empty()) {
      ahead_.recorded_at_us = page.events.front().commit->recorded_at_us();
    }
  }
  return ahead_.recorded_at_us;
}

}  // namespace dealog::groups
