#include "services/commands/stream_length.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"
#include "services/commands/limits.h"

namespace dealog::commands {
namespace {

using domain::PendingEvent;

bool IsLimited(std::string_view stream_type) {
  return domain::IsOwnStreamType(stream_type) && stream_type != domain::kImportStream;
}

bool MustStillHappen(const events::v1::Event& event) {
  const events::v1::DealEvent& deal = event.deal();
  const events::v1::PipelineEvent& pipeline = event.pipeline();
  return deal.has_deal_won() || deal.has_deal_lost() || deal.has_deal_move_undone() ||
         deal.has_deal_close_voided() || pipeline.has_stage_retirement_started() ||
         pipeline.has_stage_retired() || event.has_workflow_instance();
}

// What the reserve is for, in the user's words; nothing where his commands can't use it.
std::string_view StillPossible(std::string_view stream_type) {
  if (stream_type == domain::kDealStream) return "; a deal can still be won, lost and undone";
  if (stream_type == domain::kPipelineStream) return "; its stages can still be retired";
  return "";
}

absl::Status TooLong(const domain::StreamRef& stream, uint64_t length, uint64_t allowed,
                     bool reserve) {
  const std::string hint(reserve ? std::string_view() : StillPossible(stream.type));
  return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                     absl::StrCat("stream ", stream.type, "/", stream.id, ": expected at most ",
                                  allowed, " events (events_per_stream_max",
                                  reserve ? " and kStreamReserveEvents" : "", "), found ", length,
                                  " with this command; look for a program that changes it in a "
                                  "loop (its history names the actors), and go on with a new ",
                                  stream.type, hint))
      .With("limit", "events_per_stream")
      .With("stream", absl::StrCat(stream.type, "/", stream.id));
}

}  // namespace

absl::Status CheckStreamLengths(const CommandContext& context, const domain::Decision& decision,
                                uint64_t events_per_stream_max, domain::StateReader& states) {
  const bool by_system = context.origin.via == storage::v1::VIA_SYSTEM;
  for (const PendingEvent& pending : decision.events) {
    if (!IsLimited(pending.stream.type)) continue;
    ASSIGN_OR_RETURN(const domain::AggregateState* const state, states.Find(pending.stream));
    // Nearly all streams are far from full: one look at their state is all that it costs them.
    if (state->revision + decision.events.size() <= events_per_stream_max) continue;
    uint64_t length = state->revision;
    bool reserve = by_system;
    for (const PendingEvent& each : decision.events) {
      if (each.stream != pending.stream) continue;
      ++length;
      // What comes along with what must happen, in the same stream, is part of it.
      reserve |= MustStillHappen(each.event);
    }
    const uint64_t allowed = events_per_stream_max + (reserve ? kStreamReserveEvents : 0);
    if (length > allowed) return TooLong(pending.stream, length, allowed, reserve);
  }
  return absl::OkStatus();
}

}  // namespace dealog::commands
