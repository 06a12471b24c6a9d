#pragma once

// Registered stream types at hand, for readers that meet events of other services one by one.

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "services/domain/stream_type.h"

namespace dealog::commands {

// Thread safety: none. `log` must outlive it. A tenant has at most domain::kStreamTypesMax types.
class StreamTypeCache {
 public:
  explicit StreamTypeCache(const eventstore::EventLog& log) : log_(log) {}

  // The type as of that revision or later: a replaced definition still knows all that the old one
  // knew. Of revision 0 if it was never registered. Valid until the next call.
  absl::StatusOr<const domain::StreamTypeState*> At(const eventstore::TenantId& tenant,
                                                    const std::string& name, uint64_t revision);

 private:
  const eventstore::EventLog& log_;
  // By tenant and name.
  std::map<std::pair<std::string, std::string>, std::unique_ptr<domain::AggregateState>> types_;
};

}  // namespace dealog::commands
