#pragma once

// Whether a commit keeps the limits (limits.h) and the forms that the formats rely on.

#include <string_view>

#include "absl/status/status.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// INVALID_ARGUMENT / FIELD_INVALID naming the field, or RESOURCE_EXHAUSTED / LIMIT_EXCEEDED naming
// the limit; OK if the commit may be encoded.
absl::Status ValidateCommit(const NewCommit& commit);

// RESOURCE_EXHAUSTED / LIMIT_EXCEEDED: `what` has `found`, more than the limit `name` allows.
absl::Status PastLimit(std::string_view what, std::string_view name, size_t limit, size_t found);

// False: no commit can write such a stream, so none has been; keys of it are not asked for.
bool IsStorable(const StreamId& stream);

// True if `text` is valid UTF-8: protobuf refuses to read any other string.
bool IsUtf8(std::string_view text);

}  // namespace dealog::eventstore
