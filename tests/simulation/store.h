#pragma once

// A view store and a reactor's checkpoint that fail, and that forget at a crash what a machine may
// forget: neither is ever synced.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "projections/view_store.h"
#include "services/workflow/reactor.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/scheduler.h"

namespace dealog::simulation {

// Thread safety: none needed, as all of a simulation.
class SimulatedStore final : public projections::ViewStore {
 public:
  // While true nothing is written any more: the process is dead and does not know it.
  bool dead = false;
  // Chance of a failing write: one in so many; 0 = none.
  uint32_t fail_one_in = 0;
  int failures = 0;
  // A planted mistake: the last row of every write is lost.
  bool loses_rows = false;
  // A planted mistake: what is loaded lacks the rows of the last write.
  bool reads_stale_rows = false;

  // The machine went down: of what was written last, a random part is gone.
  void Crash(Scheduler& scheduler);
  ViewRows Rows() const;

  absl::Status Write(const projections::ViewWrite& write) override;
  absl::StatusOr<projections::ViewCheckpoint> ReadCheckpoint(
      std::string_view view, eventstore::PartitionId partition) const override;
  absl::StatusOr<projections::SlotPoint> ReadApplied(
      std::string_view view, const eventstore::TenantId& tenant) const override;
  absl::Status Scan(
      std::string_view view, const eventstore::TenantId& tenant,
      const std::function<absl::Status(std::string_view, std::string_view)>& row) const override;
  absl::Status Drop(std::string_view view) override;
  absl::Status DropTenant(std::string_view view, const eventstore::TenantId& tenant) override;

 private:
  struct Contents {
    ViewRows rows;
    std::map<std::pair<std::string, uint32_t>, projections::ViewCheckpoint> checkpoints;
    std::map<std::pair<std::string, std::string>, projections::SlotPoint> applied;
  };
  Contents& Change();

  // The newest last; the front is what no crash takes away.
  std::deque<Contents> history_{1};
};

// Keeps every checkpoint: after a crash an older one may come back.
class SimulatedCheckpoint final : public workflow::ReactorCheckpoint {
 public:
  bool dead = false;
  // A planted mistake: where set, what is loaded instead of what was saved.
  std::function<eventstore::FollowPoint(eventstore::PartitionId)> planted;

  void Crash(Scheduler& scheduler);
  absl::StatusOr<std::optional<eventstore::FollowPoint>> Load(
      eventstore::PartitionId partition) override;
  absl::Status Save(eventstore::PartitionId partition,
                    const eventstore::FollowPoint& progress) override;

 private:
  std::map<uint32_t, std::vector<eventstore::FollowPoint>> saved_;
};

}  // namespace dealog::simulation
