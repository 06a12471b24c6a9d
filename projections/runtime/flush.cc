#include "projections/runtime/flush.h"

#include <string>

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

void CollectSlot(std::string_view view, const eventstore::TenantId& tenant, ViewState& state,
                 const SlotPoint& point, ViewWrite& write) {
  Collector collector(view, tenant, write);
  state.FlushRows(collector);
  write.applied.push_back({std::string(view), tenant, point});
}

bool CollectTenant(TenantState& tenant, std::span<const ViewDefinition> views, ViewWrite& write) {
  if (!tenant.dirty) return false;
  tenant.dirty = false;
  ++tenant.unwritten;
  for (ViewIndex i = 0; i < views.size(); ++i) {
    Slot& slot = tenant.slots[i];
    if (slot.phase != Slot::Phase::kLive) continue;
    CollectSlot(views[i].name, tenant.id, *slot.state, slot.point, write);
  }
  return true;
}

size_t Measure(TenantState& tenant) {
  size_t bytes = 0;
  base::ReaderLock lock(tenant.mu);
  for (const Slot& slot : tenant.slots) {
    if (slot.phase == Slot::Phase::kLive) bytes += slot.state->ApproximateBytes();
  }
  return bytes;
}

}  // namespace dealog::projections
