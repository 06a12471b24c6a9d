#pragma once

// Stream types that other services register for their own events: stream type "stream_type", id =
// the registered name. A name is never freed.

#include <string>
#include <string_view>
#include <vector>

#include "dealog/v1/append.pb.h"
#include "projections/states/stream_type.h"
#include "services/domain/decider.h"

namespace dealog::domain {

// The n-th registered type of a tenant holds the value "n", from 0 and dense: counting them is a
// search, and listing them needs no view.
inline constexpr char kStreamTypeSlot[] = "stream_type.slot";

// FIELD_INVALID naming `field` unless `name` can name a stream type; STREAM_TYPE_RESERVED for one
// of the CRM's own, or one that is kept for what the CRM will have.
absl::Status CheckStreamTypeName(std::string_view field, std::string_view name);

// Registers, or with the type's etag replaces. FIELD_INVALID naming a part of the definition;
// STREAM_TYPE_RESERVED also for an event type of the CRM; STREAM_TYPE_EXISTS for another definition
// without an etag; REVISION_CONFLICT; LIMIT_EXCEEDED past kStreamTypesMax.
absl::StatusOr<Decision> Decide(const v1::RegisterStreamTypeRequest& request,
                                const CommandMeta& meta, StateReader& reader);

// The state of a registered type. STREAM_TYPE_RESERVED, STREAM_TYPE_NOT_FOUND; `field` says where
// the name stands.
absl::StatusOr<const StreamTypeState*> FindStreamType(std::string_view field, std::string_view name,
                                                      StateReader& reader);

// Names of the tenant's registered types, in the order of registration.
absl::StatusOr<std::vector<std::string>> StreamTypeNames(StateReader& reader);

// Types of which streams may hold events of that type; several services may use one name.
absl::StatusOr<std::vector<const StreamTypeState*>> StreamTypesOfEvent(std::string_view event_type,
                                                                       StateReader& reader);

}  // namespace dealog::domain
