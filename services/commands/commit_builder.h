#pragma once

// Turns a decision into the commit that the log stores.

#include <string>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "services/commands/sequencer.h"

namespace dealog::commands {

// The commit of `decision`, without conditions: payloads serialised and sealed, unique values
// hashed, the request remembered where it has an id. RESOURCE_EXHAUSTED / LIMIT_EXCEEDED for more
// than a commit may hold. Pure but for the sealer; thread safety: yes.
absl::StatusOr<eventstore::NewCommit> BuildCommit(const CommandContext& context,
                                                  const domain::CommandMeta& meta,
                                                  const domain::Decision& decision,
                                                  const SequencerOptions& options);

// About how many bytes the commit takes in a batch; rather too many than too few.
size_t CommitBytes(const eventstore::NewCommit& commit);

// Id of the n-th event of a command, UUIDv7: the time of its recording and the bits of the seed,
// counted up by n. 16 bytes.
std::string EventId(const base::Uuid& seed, int64_t recorded_at_us, size_t n);

}  // namespace dealog::commands
