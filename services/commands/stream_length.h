#pragma once

// How long a stream of the CRM's own aggregates may get. A stream is folded whole wherever its
// state is not at hand, so that a program that writes one in a loop would slow down everybody.
//
// Past events_per_stream_max a command is refused whole, but for what must still happen, which may
// use a reserve of kStreamReserveEvents: winning, losing, undoing and voiding, retiring a stage,
// the steps of a workflow in its instance's own stream, and what the system does. Deletion, merging
// and erasure belong here as soon as there are any. Not limited: streams of other services, which
// are never folded, and imports, whose events carry their whole state. Longer streams that exist
// already are folded as ever.

#include "absl/status/status.h"
#include "services/commands/sequencer.h"

namespace dealog::commands {

// RESOURCE_EXHAUSTED / LIMIT_EXCEEDED if the decision makes a stream too long. Pure; thread safety:
// as the reader.
absl::Status CheckStreamLengths(const CommandContext& context, const domain::Decision& decision,
                                uint64_t events_per_stream_max, domain::StateReader& states);

}  // namespace dealog::commands
