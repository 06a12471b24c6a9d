#include "services/groups/groups.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/one_shot.h"
#include "eventstore/base/status.h"
#include "eventstore/base/worker.h"
#include "services/groups/live_group.h"
#include "services/groups/settings.h"

namespace dealog::groups {
namespace {

absl::Status Stopped() {
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                     "the server is stopping; try again in a moment")
      .RetryAfter(absl::Seconds(1));
}

// One thread does everything, in rounds: what was asked, what the log and the time bring, ONE write
// of the store, and only then the replies and the deliveries. So what needs a sync shares it.
class GroupsImpl final : public Groups {
 public:
  GroupsImpl(eventstore::EventLog& log, WorkStore& store, const base::Clock& clock,
             GroupsOptions options)
      : log_(log), store_(store), clock_(clock), options_(std::move(options)) {}
  ~GroupsImpl() override { Stop(); }

  absl::Status Start() {
    Round round{.now_us = clock_.NowMicros()};
    ASSIGN_OR_RETURN(forks_, eventstore::Forks::Find(log_));
    RETURN_IF_ERROR(store_.Scan(
        kGroupPrefix, [&](std::string_view key, std::string_view value) -> absl::Status {
          ASSIGN_OR_RETURN(const GroupName name, ParseGroupKey(key));
          ASSIGN_OR_RETURN(const auto record, ParseRecord<storage::v1::GroupRecord>(value));
          return Load(name, record, round);
        }));
    if (!round.write.empty()) RETURN_IF_ERROR(store_.Write(round.write, round.sync));
    worker_ = base::Worker("groups", [this] { Run(); });
    return absl::OkStatus();
  }

  absl::StatusOr<GroupStatus> Create(const GroupName& name, const GroupSettings& settings,
                                     std::optional<Position> after) override {
    RETURN_IF_ERROR(CheckGroupName(name.name));
    RETURN_IF_ERROR(CheckSettings(settings));
    return Call<GroupStatus>(
        [=, this](Round& round) { return DoCreate(name, settings, after, round); });
  }

  absl::StatusOr<GroupStatus> Get(const GroupName& name) override {
    return Call<GroupStatus>([=, this](Round& round) -> absl::StatusOr<GroupStatus> {
      ASSIGN_OR_RETURN(LiveGroup * group, Find(name));
      return group->Describe(round.now_us);
    });
  }

  absl::StatusOr<std::vector<GroupStatus>> List(const TenantId& tenant) override {
    return Describe(&tenant);
  }
  absl::StatusOr<std::vector<GroupStatus>> All() override { return Describe(nullptr); }

  absl::StatusOr<GroupStatus> Update(const GroupName& name, const GroupSettings& settings,
                                     const SettingsMask& mask) override {
    return Call<GroupStatus>([=, this](Round& round) -> absl::StatusOr<GroupStatus> {
      ASSIGN_OR_RETURN(LiveGroup * group, Find(name));
      const GroupSettings merged = Merge(group->settings(), settings, mask);
      RETURN_IF_ERROR(CheckSettings(merged));
      group->SetSettings(merged, round);
      dirty_.insert(name);
      return group->Describe(round.now_us);
    });
  }

  absl::Status Delete(const GroupName& name) override {
    return Call<bool>([=, this](Round& round) -> absl::StatusOr<bool> {
             ASSIGN_OR_RETURN(LiveGroup * group, Find(name));
             group->Disband(NoSuchGroup(name), round.now_us);
             groups_.erase(name);
             round.write.dropped_prefixes.push_back(CountPrefix(name));
             round.write.dropped_prefixes.push_back(ParkedPrefix(name));
             round.write.rows.push_back({GroupKey(name), std::nullopt});
             round.write.rows.push_back({CheckpointKey(name), std::nullopt});
             round.sync = true;
             return true;
           })
        .status();
  }

  absl::StatusOr<GroupStatus> Reset(const GroupName& name, std::optional<Position> after) override {
    return Call<GroupStatus>([=, this](Round& round) -> absl::StatusOr<GroupStatus> {
      ASSIGN_OR_RETURN(LiveGroup * group, Find(name));
      ASSIGN_OR_RETURN(const Position position, PositionOrHead(name.tenant, after));
      group->Reset(position, round);
      dirty_.insert(name);
      return group->Describe(round.now_us);
    });
  }

  absl::StatusOr<ParkedEvents> ListParked(const GroupName& name, Position after,
                                          size_t limit) override {
    return Call<ParkedEvents>([=, this](Round&) -> absl::StatusOr<ParkedEvents> {
      ASSIGN_OR_RETURN(LiveGroup * group, Find(name));
      ParkedEvents events;
      for (auto it = group->parked().upper_bound(after);
           it != group->parked().end() && events.size() < limit; ++it) {
        events.push_back(*it);
      }
      return events;
    });
  }

  absl::StatusOr<size_t> Replay(const GroupName& name,
                                const std::optional<std::vector<Position>>& positions,
                                const eventstore::EventFilter& filter) override {
    return Call<size_t>([=, this](Round& round) -> absl::StatusOr<size_t> {
      ASSIGN_OR_RETURN(LiveGroup * group, Find(name));
      dirty_.insert(name);
      return group->Replay(positions, filter, round);
    });
  }

  std::unique_ptr<groups::Consumer> Join(const GroupName& group, const std::string& consumer,
                                         uint32_t credits) override;
  void Stop() override;

 private:
  class Consumer;
  using Task = std::function<void(Round&)>;

  // ---- Any thread.
  bool Post(Task task);
  // Runs on the groups' thread; returns once what it changed is durable.
  template <typename T>
  absl::StatusOr<T> Call(std::function<absl::StatusOr<T>(Round&)> function);
  absl::StatusOr<std::vector<GroupStatus>> Describe(const TenantId* tenant);

  // ---- The groups' thread, and Start.
  void Run();
  bool WaitForWork(std::deque<Task>& tasks);
  void RunRound(std::deque<Task>& tasks);
  void Finish(Round& round);
  void Fail(const absl::Status& status, int64_t now_us);
  void Unload();
  void StopConsumers();
  absl::Status Load(const GroupName& name, const storage::v1::GroupRecord& record, Round& round);
  std::function<void()> WakeOf(const GroupName& name);
  absl::StatusOr<LiveGroup*> Find(const GroupName& name);
  absl::StatusOr<Position> PositionOrHead(const TenantId& tenant, std::optional<Position> after);
  absl::StatusOr<GroupStatus> DoCreate(const GroupName& name, const GroupSettings& settings,
                                       std::optional<Position> after, Round& round);
  // Of a consumer's group, if that still is there; it gets a step.
  LiveGroup* Touch(const GroupName& name);
  std::optional<int64_t> NextDeadline() const;

  // Constant after construction.
  eventstore::EventLog& log_;
  WorkStore& store_;
  const base::Clock& clock_;
  const GroupsOptions options_;
  eventstore::Forks forks_;  // Since Start.
  // The groups' thread's.
  std::map<GroupName, std::unique_ptr<LiveGroup>> groups_;
  std::set<GroupName> dirty_;  // To be given a step.
  absl::Status failed_;        // Not OK: nothing can be kept any more.
  // Guarded by mu_.
  base::Mutex mu_;
  base::CondVar changed_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mu_);
  std::set<GroupName> woken_ ABSL_GUARDED_BY(mu_);
  uint64_t next_consumer_ ABSL_GUARDED_BY(mu_) = 1;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  // Last: joined before the rest goes.
  base::Worker worker_;
};

// ---- Consumers ---------------------------------------------------------------------------------

class GroupsImpl::Consumer final : public groups::Consumer {
 public:
  Consumer(GroupsImpl& groups, GroupName group, std::shared_ptr<Mailbox> mailbox)
      : groups_(groups), group_(std::move(group)), mailbox_(std::move(mailbox)) {}
  ~Consumer() override {
    mailbox_->SetWake({});
    Leave();
  }

  void SetWake(std::function<void()> wake) override { mailbox_->SetWake(std::move(wake)); }
  ConsumerNews Take(size_t bytes_max) override { return mailbox_->Take(bytes_max); }
  bool HasRoom() const override { return mailbox_->HasRoom(); }

  void AddCredits(uint32_t events) override {
    Say([events](LiveGroup& group, ConsumerId id, int64_t) { group.AddCredits(id, events); });
  }
  void Settle(std::vector<DeliveryId> ids, Settlement settlement) override {
    Say([ids = std::move(ids), settlement = std::move(settlement)](LiveGroup& group, ConsumerId id,
                                                                   int64_t now_us) {
      group.Settle(id, ids, settlement, now_us);
    });
  }
  void Leave() override {
    const bool posted =
        groups_.Post([&groups = groups_, name = group_, mailbox = mailbox_](Round& round) {
          if (LiveGroup* const group = groups.Touch(name))
            group->Leave(mailbox->id(), round.now_us);
          mailbox->End(absl::OkStatus());
        });
    if (!posted) mailbox_->End(Stopped());
  }

 private:
  template <typename What>
  void Say(What what) {
    mailbox_->Said();
    groups_.Post([&groups = groups_, name = group_, mailbox = mailbox_,
                  what = std::move(what)](Round& round) {
      if (LiveGroup* const group = groups.Touch(name)) what(*group, mailbox->id(), round.now_us);
      mailbox->Heard();
    });
  }

  GroupsImpl& groups_;
  const GroupName group_;
  const std::shared_ptr<Mailbox> mailbox_;
};

std::unique_ptr<Consumer> GroupsImpl::Join(const GroupName& group, const std::string& consumer,
                                           uint32_t credits) {
  std::shared_ptr<Mailbox> mailbox;
  {
    base::MutexLock lock(mu_);
    mailbox = std::make_shared<Mailbox>(ConsumerId{next_consumer_++}, consumer);
  }
  const bool posted = Post([this, group, mailbox, credits](Round&) {
    LiveGroup* const live = Touch(group);
    if (live == nullptr) {
      mailbox->End(failed_.ok() ? NoSuchGroup(group) : failed_);
    } else {
      live->Join(mailbox, credits);
    }
  });
  if (!posted) mailbox->End(Stopped());
  return std::make_unique<Consumer>(*this, group, std::move(mailbox));
}

// ---- Between threads ---------------------------------------------------------------------------

bool GroupsImpl::Post(Task task) {
  base::MutexLock lock(mu_);
  if (stopping_) return false;
  tasks_.push_back(std::move(task));
  changed_.NotifyOne();
  return true;
}

template <typename T>
absl::StatusOr<T> GroupsImpl::Call(std::function<absl::StatusOr<T>(Round&)> function) {
  const auto answer = std::make_shared<base::OneShot<absl::StatusOr<T>>>();
  const bool posted = Post([this, answer, function = std::move(function)](Round& round) {
    absl::StatusOr<T> result = failed_.ok() ? function(round) : absl::StatusOr<T>(failed_);
    round.after.push_back([answer, result = std::move(result)](const absl::Status& written) {
      answer->Set(written.ok() ? result : absl::StatusOr<T>(written));
    });
  });
  if (!posted) return Stopped();
  return answer->Wait();
}

absl::StatusOr<std::vector<GroupStatus>> GroupsImpl::Describe(const TenantId* tenant) {
  return Call<std::vector<GroupStatus>>(
      [this, tenant](Round& round) -> absl::StatusOr<std::vector<GroupStatus>> {
        std::vector<GroupStatus> statuses;
        for (const auto& [name, group] : groups_) {
          if (tenant != nullptr && name.tenant != *tenant) continue;
          ASSIGN_OR_RETURN(statuses.emplace_back(), group->Describe(round.now_us));
        }
        return statuses;
      });
}

void GroupsImpl::Stop() {
  {
    base::MutexLock lock(mu_);
    if (stopping_) return;
    stopping_ = true;
    changed_.NotifyAll();
  }
  worker_.Join();
}

// ---- The groups' thread ------------------------------------------------------------------------

void GroupsImpl::Run() {
  for (std::deque<Task> tasks; WaitForWork(tasks); tasks.clear()) RunRound(tasks);
  StopConsumers();
}

// False: stop. Takes what there is to do; returns at once where a group waits for a step.
bool GroupsImpl::WaitForWork(std::deque<Task>& tasks) {
  const std::optional<int64_t> deadline = NextDeadline();
  base::MutexLock lock(mu_);
  while (tasks_.empty() && woken_.empty() && dirty_.empty() && !stopping_) {
    if (!deadline) {
      changed_.Wait(mu_);
      continue;
    }
    const int64_t wait_us = *deadline - clock_.NowMicros();
    if (wait_us <= 0 || !changed_.WaitFor(mu_, std::chrono::microseconds(wait_us))) break;
  }
  tasks.swap(tasks_);
  dirty_.merge(woken_);
  woken_.clear();
  return !stopping_ || !tasks.empty();
}

void GroupsImpl::RunRound(std::deque<Task>& tasks) {
  Round round{.now_us = clock_.NowMicros()};
  for (Task& task : tasks) task(round);
  for (const auto& [name, group] : groups_) {
    const std::optional<int64_t> deadline = group->NextDeadline();
    if (deadline && *deadline <= round.now_us) dirty_.insert(name);
  }
  std::set<GroupName> more;
  for (const GroupName& name : std::exchange(dirty_, {})) {
    const auto group = groups_.find(name);
    if (group != groups_.end() && group->second->Step(round)) more.insert(name);
  }
  Finish(round);
  Unload();
  dirty_.merge(more);
}

void GroupsImpl::Finish(Round& round) {
  absl::Status written;
  if (!round.write.empty()) written = store_.Write(round.write, round.sync);
  for (const auto& tell : round.after) tell(written);
  if (!written.ok()) Fail(written, round.now_us);
}

// What was counted and could not be kept must not go on: the count would be lost.
void GroupsImpl::Fail(const absl::Status& status, int64_t now_us) {
  failed_ = base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                        absl::StrCat("consumer groups are stopped until the server is restarted: ",
                                     status.message()));
  if (options_.on_error) options_.on_error(status);
  for (const auto& [name, group] : groups_) group->Disband(failed_, now_us);
  groups_.clear();
}

// A group that nobody consumes any more lets go of what it read ahead.
void GroupsImpl::Unload() {
  for (auto& [name, group] : groups_) {
    if (group->has_consumers() || !group->holds_more_than_stored()) continue;
    Round round{.now_us = clock_.NowMicros()};
    group->KeepAll(round);
    const storage::v1::GroupRecord record = group->Record();
    const int64_t progress_at_us = group->progress_at_us();
    absl::Status status = store_.Write(round.write, round.sync);
    if (status.ok()) status = Load(name, record, round);
    if (status.ok()) groups_[name]->SetProgressAt(progress_at_us);
    if (!status.ok()) {
      Fail(status, round.now_us);
      return;
    }
  }
}

void GroupsImpl::StopConsumers() {
  Round round{.now_us = clock_.NowMicros()};
  for (const auto& [name, group] : groups_) {
    group->Disband(Stopped(), round.now_us);
    group->KeepAll(round);
  }
  groups_.clear();  // Before mu_, which their wakes lock.
  if (!failed_.ok()) return;
  // Also with nothing new: what was acked until now is not delivered again after a clean stop.
  const absl::Status written = store_.Write(round.write, /*sync=*/true);
  if (!written.ok() && options_.on_error) options_.on_error(written);
}

absl::Status GroupsImpl::Load(const GroupName& name, const storage::v1::GroupRecord& record,
                              Round& round) {
  ASSIGN_OR_RETURN(groups_[name],
                   LiveGroup::Load({log_, store_, forks_}, name, record, WakeOf(name), round));
  return absl::OkStatus();
}

std::function<void()> GroupsImpl::WakeOf(const GroupName& name) {
  return [this, name] {
    base::MutexLock lock(mu_);
    if (woken_.insert(name).second) changed_.NotifyOne();
  };
}

absl::StatusOr<LiveGroup*> GroupsImpl::Find(const GroupName& name) {
  const auto group = groups_.find(name);
  if (group == groups_.end()) return NoSuchGroup(name);
  return group->second.get();
}

LiveGroup* GroupsImpl::Touch(const GroupName& name) {
  const auto group = groups_.find(name);
  if (group == groups_.end()) return nullptr;
  dirty_.insert(name);
  return group->second.get();
}

absl::StatusOr<Position> GroupsImpl::PositionOrHead(const TenantId& tenant,
                                                    std::optional<Position> after) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, log_.Head(tenant));
  if (!after) return head.position;
  if (*after <= head.position) return *after;
  return base::InvalidField(
      "after_position",
      absl::StrCat("expected 0 to the head, ", head.position.value, ", found ", after->value));
}

absl::StatusOr<GroupStatus> GroupsImpl::DoCreate(const GroupName& name,
                                                 const GroupSettings& settings,
                                                 std::optional<Position> after, Round& round) {
  if (groups_.contains(name)) {
    return base::Error(absl::StatusCode::kAlreadyExists, "GROUP_EXISTS",
                       absl::StrCat("expected a name that no group of the tenant has, found \"",
                                    name.name, "\"; choose another, or use the group as it is"))
        .With("group", name.name);
  }
  const auto of_tenant = std::count_if(groups_.begin(), groups_.end(), [&](const auto& group) {
    return group.first.tenant == name.tenant;
  });
  if (static_cast<size_t>(of_tenant) >= kGroupsPerTenantMax) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("expected at most ", kGroupsPerTenantMax,
                                    " groups of a tenant, found as many; delete one"))
        .With("limit", "groups");
  }
  ASSIGN_OR_RETURN(const Position position, PositionOrHead(name.tenant, after));
  // Begins above all that an earlier group of that name gave out: its ids stay stale.
  const auto generation = static_cast<uint64_t>(round.now_us);
  const storage::v1::GroupRecord record = ToRecord(settings, round.now_us, generation);
  auto& group = groups_[name] =
      LiveGroup::Make({log_, store_, forks_}, name, record, position, WakeOf(name), round);
  return group->Describe(round.now_us);
}

std::optional<int64_t> GroupsImpl::NextDeadline() const {
  std::optional<int64_t> next;
  for (const auto& [name, group] : groups_) {
    const std::optional<int64_t> deadline = group->NextDeadline();
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  return next;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Groups>> StartGroups(eventstore::EventLog& log, WorkStore& store,
                                                    const base::Clock& clock,
                                                    GroupsOptions options) {
  auto groups = std::make_unique<GroupsImpl>(log, store, clock, std::move(options));
  RETURN_IF_ERROR(groups->Start());
  return groups;
}

}  // namespace dealog::groups
