#pragma once

// The deal that an event is about: its own, or the one that another service's event names.

#include <string>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "services/commands/state_loader.h"
#include "services/commands/stream_type_cache.h"

namespace dealog::workflow {

// Thread safety: none. `log` must outlive it.
class Subjects {
 public:
  explicit Subjects(const eventstore::EventLog& log) : log_(log), types_(log) {}

  // Id of a deal that exists as of the event; empty if the event is about none.
  absl::StatusOr<std::string> DealOf(const eventstore::TenantId& tenant,
                                     const commands::ParsedEvent& parsed);

 private:
  const eventstore::EventLog& log_;
  commands::StreamTypeCache types_;
};

}  // namespace dealog::workflow
