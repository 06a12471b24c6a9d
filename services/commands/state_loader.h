#pragma once

// States from the log, without the sequencer: for reads (a deal as of a revision), replays, history
// and the workflow reactor.
//
//   ASSIGN_OR_RETURN(auto state, FoldStream(log, tenant, {"deal", id}, Revision{7}));
//   const auto reader = MakeLogStateReader(log, tenant, secret);

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/secret.h"
#include "eventstore/event_log.h"
#include "services/domain/decider.h"

namespace dealog::commands {

inline constexpr eventstore::Revision kNewestRevision{std::numeric_limits<uint64_t>::max()};

// The state of a stream at `up_to` (inclusive); of revision 0 if the stream does not exist.
// DATA_LOSS / CORRUPT_RECORD for an event that does not parse. Thread safety: yes.
absl::StatusOr<std::unique_ptr<domain::AggregateState>> FoldStream(
    const eventstore::EventLog& log, const eventstore::TenantId& tenant,
    const domain::StreamRef& stream, eventstore::Revision up_to = kNewestRevision);

// The state of a stream as of a position of the tenant's log (inclusive): what was known then.
absl::StatusOr<std::unique_ptr<domain::AggregateState>> FoldStreamAt(
    const eventstore::EventLog& log, const eventstore::TenantId& tenant,
    const domain::StreamRef& stream, eventstore::Position known_at);

// Applies what the stream holds after `state.revision`, up to `up_to`.
absl::Status CatchUp(const eventstore::EventLog& log, const eventstore::TenantId& tenant,
                     const domain::StreamRef& stream, eventstore::Revision up_to,
                     domain::AggregateState& state);

// A read-only view of one tenant's current states; folds on demand and remembers what it folded,
// so it shows each stream as it was when first asked for. Thread safety: none. `log` must outlive
// it, and so must `secret`, which is SequencerOptions::unique_key_secret.
std::unique_ptr<domain::StateReader> MakeLogStateReader(const eventstore::EventLog& log,
                                                        eventstore::TenantId tenant,
                                                        const base::Secret& secret);

// The keyed hash under which a unique value is stored, 32 bytes. `value` is normalised.
std::string UniqueHash(const base::Secret& secret, std::string_view kind, std::string_view value);

// A stored event, parsed: the header and the union that its payload is.
struct ParsedEvent {
  storage::v1::EventHeader header;
  events::v1::Event event;
  // The view's principal points into `header`.
  domain::EventMeta meta() const;
};
absl::StatusOr<ParsedEvent> ParseEvent(const eventstore::EventView& view);

}  // namespace dealog::commands
