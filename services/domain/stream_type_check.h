#pragma once

// What the definition of a stream type may be.

#include "absl/status/status.h"
#include "dealog/events/v1/external.pb.h"

namespace dealog::domain {

// FIELD_INVALID naming a part of the definition; STREAM_TYPE_RESERVED for an event type of the CRM.
absl::Status CheckDefinition(const events::v1::StreamTypeDefinition& definition);

// FIELD_INVALID unless what events of `old` were checked against is kept: what is stored must stay
// readable.
absl::Status CheckReplaces(const events::v1::StreamTypeDefinition& old,
                           const events::v1::StreamTypeDefinition& definition);

}  // namespace dealog::domain
