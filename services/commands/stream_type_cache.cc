#include "services/commands/stream_type_cache.h"

#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"
#include "services/commands/state_loader.h"

namespace dealog::commands {

absl::StatusOr<const domain::StreamTypeState*> StreamTypeCache::At(
    const eventstore::TenantId& tenant, const std::string& name, uint64_t revision) {
  std::unique_ptr<domain::AggregateState>& state = types_[{tenant.value, name}];
  if (state == nullptr) state = domain::MakeState(domain::kStreamTypeStream, name);
  if (state->revision < revision) {
    RETURN_IF_ERROR(
        CatchUp(log_, tenant, {domain::kStreamTypeStream, name}, kNewestRevision, *state));
  }
  return static_cast<const domain::StreamTypeState*>(state.get());
}

}  // namespace dealog::commands
