#pragma once

// Payloads of other services' events as JSON, by the descriptors that they registered.

#include <string>
#include <utility>

#include "eventstore/event_log.h"
#include "services/commands/stream_type_cache.h"

namespace dealog::rpc {

// Remembers the definitions that it met. Thread safety: none. `log` must outlive it.
class PayloadJson {
 public:
  PayloadJson(const eventstore::EventLog& log, eventstore::TenantId tenant)
      : types_(log), tenant_(std::move(tenant)) {}

  // The payload of a stored event; empty for an event of the CRM itself, for an opaque payload, and
  // where the log does not hold what it takes: whoever reads has the bytes all the same.
  std::string Of(const eventstore::EventView& event);
  std::string Of(const storage::v1::EventHeader& header, const events::v1::ExternalEvent& event);

 private:
  commands::StreamTypeCache types_;
  const eventstore::TenantId tenant_;
};

}  // namespace dealog::rpc
