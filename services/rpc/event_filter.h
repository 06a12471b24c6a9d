#pragma once

// Which events a reader of the log wants: checks of the request. What passes:
// eventstore/event_filter.h.

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dealog/v1/log.pb.h"
#include "eventstore/event_log.h"
#include "services/domain/decider.h"
#include "services/rpc/core.h"

namespace dealog::rpc {

// "type/id"; FIELD_INVALID names `field`.
absl::StatusOr<eventstore::StreamId> ParseStream(std::string_view text, std::string_view field);

// Types that other services registered in a tenant: what filters may name besides the CRM's own.
struct RegisteredTypes {
  std::set<std::string, std::less<>> stream_types;
  std::set<std::string, std::less<>> event_types;
};
absl::StatusOr<RegisteredTypes> ReadRegisteredTypes(domain::StateReader& states);

// FIELD_INVALID for a malformed stream, an unknown stream or event type, too many of either.
absl::StatusOr<eventstore::EventFilter> ParseEventFilter(const v1::EventFilter& filter,
                                                         const RegisteredTypes& registered = {});
// The same with the types of the call's tenant, which are read only if the filter names others than
// the CRM's.
absl::StatusOr<eventstore::EventFilter> OpenEventFilter(const Core& core, const Call& call,
                                                        const v1::EventFilter& filter);

}  // namespace dealog::rpc
