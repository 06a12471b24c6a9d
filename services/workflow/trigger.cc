#include "services/workflow/trigger.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/workflow/condition.h"
#include "services/workflow/limits.h"

namespace dealog::workflow {
namespace {

using eventstore::Position;
using storage::v1::EventHeader;

constexpr int64_t kMicrosPerSecond = 1'000'000;

absl::StatusOr<EventHeader> ReadHeader(const eventstore::EventLog& log,
                                       const eventstore::TenantId& tenant, Position position) {
  ASSIGN_OR_RETURN(const eventstore::ReadPage page,
                   log.ReadTenant(tenant, {.after = Position{position.value - 1}, .limit = 1}));
  EventHeader header;
  if (page.events.empty() || page.events[0].position() != position ||
      !header.ParseFromArray(page.events[0].view().header.data(),
                             static_cast<int>(page.events[0].view().header.size()))) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       absl::StrCat("no readable event at position ", position.value, " of tenant ",
                                    tenant.value, "; run `dealog log verify`"));
  }
  return header;
}

// True if a step of the workflow is the event's cause, or a cause of its cause, and so on.
absl::StatusOr<bool> DescendsFrom(const eventstore::EventLog& log,
                                  const eventstore::TenantId& tenant, const LiveWorkflow& workflow,
                                  EventHeader header) {
  const std::string own = absl::StrCat("workflow/", workflow.workflow_id, "/");
  while (true) {
    if (header.actor().principal().starts_with(own)) return true;
    // A cause lies before its effect: the way back ends.
    const Position cause{header.causation_position()};
    if (cause.value == 0 || cause.value >= header.position()) return false;
    ASSIGN_OR_RETURN(header, ReadHeader(log, tenant, cause));
  }
}

int64_t MaxAgeMicros(const events::v1::WorkflowTrigger& trigger) {
  const int64_t seconds = trigger.max_trigger_age_seconds();
  return (seconds > 0 ? seconds : kMaxTriggerAgeSecondsDefault) * kMicrosPerSecond;
}

}  // namespace

absl::StatusOr<TriggerOutcome> JudgeTrigger(const eventstore::EventLog& log,
                                            const eventstore::TenantId& tenant,
                                            const LiveWorkflow& workflow,
                                            const std::string& deal_id,
                                            const commands::ParsedEvent& parsed) {
  const EventHeader& header = parsed.header;
  const events::v1::WorkflowTrigger& trigger = workflow.definition.trigger();
  if (header.suppress_workflows()) return TriggerOutcome::kSuppressed;
  if (header.recorded_at_us() - header.occurred_at_us() > MaxAgeMicros(trigger)) {
    return TriggerOutcome::kTooOld;
  }
  if (header.causation_depth() >= kCausationDepthMax) return TriggerOutcome::kTooDeep;
  if (!workflow.definition.allow_self_trigger()) {
    ASSIGN_OR_RETURN(const bool own, DescendsFrom(log, tenant, workflow, header));
    if (own) return TriggerOutcome::kOwnDescendant;
  }
  if (!workflow.condition.MatchesAll()) {
    ASSIGN_OR_RETURN(const auto row, ConditionRow::Make(log, tenant, deal_id, parsed));
    ASSIGN_OR_RETURN(const bool holds, row->Satisfies(workflow.condition));
    if (!holds) return TriggerOutcome::kConditionNotMet;
  }
  return TriggerOutcome::kStarts;
}

}  // namespace dealog::workflow
