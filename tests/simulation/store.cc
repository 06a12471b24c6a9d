#include "tests/simulation/store.h"

#include <algorithm>

namespace dealog::simulation {
namespace {

// Writes that a crash may take back.
constexpr size_t kUnsyncedWritesMax = 4;

void Yield() {
  if (Scheduler* const scheduler = Scheduler::Current()) scheduler->Yield();
}

absl::Status Dead() { return absl::UnavailableError("the simulated process is dead"); }

}  // namespace

void SimulatedStore::Crash(Scheduler& scheduler) {
  const size_t kept = 1 + scheduler.Random() % history_.size();
  history_.erase(history_.begin() + static_cast<std::ptrdiff_t>(kept), history_.end());
  history_.erase(history_.begin(), history_.end() - 1);
}

ViewRows SimulatedStore::Rows() const {
  ViewRows rows = history_.back().rows;
  std::erase_if(rows, [](const auto& of_view) { return of_view.second.empty(); });
  return rows;
}

SimulatedStore::Contents& SimulatedStore::Change() {
  Contents newest = history_.back();
  history_.push_back(std::move(newest));
  if (history_.size() > kUnsyncedWritesMax) history_.pop_front();
  return history_.back();
}

absl::Status SimulatedStore::Write(const projections::ViewWrite& write) {
  Yield();
  if (dead) return Dead();
  if (Scheduler* const scheduler = Scheduler::Current();
      scheduler != nullptr && fail_one_in != 0 && scheduler->Chance(fail_one_in)) {
    ++failures;
    return absl::UnavailableError("the simulated store fails");
  }
  Contents& contents = Change();
  const size_t lost = loses_rows && !write.rows.empty() ? write.rows.size() - 1 : SIZE_MAX;
  for (size_t i = 0; i < write.rows.size(); ++i) {
    const projections::ViewWrite::Row& row = write.rows[i];
    auto& rows = contents.rows[{row.view, row.tenant.value}];
    if (i == lost) continue;
    if (row.deleted) {
      rows.erase(row.key);
    } else {
      rows[row.key] = row.value;
    }
  }
  for (const auto& one : write.checkpoints) {
    contents.checkpoints[{one.view, one.partition.value}] = one.checkpoint;
  }
  for (const auto& one : write.applied) {
    contents.applied[{one.view, one.tenant.value}] = one.point;
  }
  Yield();
  return absl::OkStatus();
}

absl::StatusOr<projections::ViewCheckpoint> SimulatedStore::ReadCheckpoint(
    std::string_view view, eventstore::PartitionId partition) const {
  const auto& checkpoints = history_.back().checkpoints;
  const auto found = checkpoints.find({std::string(view), partition.value});
  return found == checkpoints.end() ? projections::ViewCheckpoint() : found->second;
}

absl::StatusOr<projections::SlotPoint> SimulatedStore::ReadApplied(
    std::string_view view, const eventstore::TenantId& tenant) const {
  const auto& applied = history_.back().applied;
  const auto found = applied.find({std::string(view), tenant.value});
  return found == applied.end() ? projections::SlotPoint() : found->second;
}

absl::Status SimulatedStore::Scan(
    std::string_view view, const eventstore::TenantId& tenant,
    const std::function<absl::Status(std::string_view, std::string_view)>& row) const {
  const bool stale = reads_stale_rows && history_.size() > 1;
  const auto& all = (stale ? history_[history_.size() - 2] : history_.back()).rows;
  const auto found = all.find({std::string(view), tenant.value});
  if (found == all.end()) return absl::OkStatus();
  const auto rows = found->second;
  for (const auto& [key, value] : rows) {
    if (const absl::Status status = row(key, value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SimulatedStore::Drop(std::string_view view) {
  Yield();
  if (dead) return Dead();
  Contents& contents = Change();
  const auto of_view = [&](const auto& entry) { return entry.first.first == view; };
  std::erase_if(contents.rows, of_view);
  std::erase_if(contents.checkpoints, of_view);
  std::erase_if(contents.applied, of_view);
  return absl::OkStatus();
}

absl::Status SimulatedStore::DropTenant(std::string_view view, const eventstore::TenantId& tenant) {
  Yield();
  if (dead) return Dead();
  Contents& contents = Change();
  contents.rows.erase({std::string(view), tenant.value});
  contents.applied.erase({std::string(view), tenant.value});
  return absl::OkStatus();
}

void SimulatedCheckpoint::Crash(Scheduler& scheduler) {
  for (auto& [partition, saved] : saved_) saved.resize(scheduler.Random() % (saved.size() + 1));
}

absl::StatusOr<std::optional<eventstore::FollowPoint>> SimulatedCheckpoint::Load(
    eventstore::PartitionId partition) {
  if (planted) return planted(partition);
  const auto found = saved_.find(partition.value);
  if (found == saved_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

absl::Status SimulatedCheckpoint::Save(eventstore::PartitionId partition,
                                       const eventstore::FollowPoint& progress) {
  Yield();
  if (dead) return Dead();
  saved_[partition.value].push_back(progress);
  Yield();
  return absl::OkStatus();
}

}  // namespace dealog::simulation
