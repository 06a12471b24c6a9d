#include "projections/runtime/flush.h"

#include <string>
#include <string_view>

namespace dealog::projections {
namespace {

class Collector final : public RowSink {
 public:
  Collector(std::string_view view, const eventstore::TenantId& tenant, ViewWrite& write)
      : view_(view), tenant_(tenant), write_(write) {}

  void Put(std::string_view key, std::string_view value) override {
    write_.rows.push_back({std::string(view_), tenant_, std::string(key), std::string(value)});
  }
  void Delete(std::string_view key) override {
    write_.rows.push_back({std::string(view_), tenant_, std::string(key), {}, true});
  }

 private:
  const std::string_view view_;
  const eventstore::TenantId& tenant_;
  ViewWrite& write_;
};

}  // namespace

void CollectRows(TenantState& tenant, std::span<const ViewDefinition> views,
                 const Progress& progress, ViewWrite& write) {
  for (ViewIndex i = 0; i < views.size(); ++i) {
    if (!progress.Usable(i)) continue;
    Collector collector(views[i].name, tenant.id, write);
    base::WriterLock lock(tenant.mu);
    tenant.slots[i].state->FlushRows(collector);
    write.applied.push_back({std::string(views[i].name), tenant.id, tenant.slots[i].applied});
  }
}

void CollectCheckpoints(const Lane& lane, std::span<const ViewDefinition> views,
                        eventstore::PartitionId partition, ViewWrite& write) {
  if (lane.number.value == 0) return;
  for (const ViewIndex view : lane.views) {
    write.checkpoints.push_back({std::string(views[view].name),
                                 partition,
                                 {views[view].version, lane.number, lane.digest}});
  }
}

}  // namespace dealog::projections
