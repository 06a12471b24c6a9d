#include "services/workflow/live_workflows.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"
#include "services/domain/tenant.h"
#include "services/workflow/condition.h"

namespace dealog::workflow {
namespace {

using eventstore::Position;
using eventstore::TenantId;

constexpr std::string_view kPublished = "WorkflowPublished";
constexpr std::string_view kStopped = "WorkflowStopped";
constexpr Position kNever{std::numeric_limits<uint64_t>::max()};

}  // namespace

bool LiveWorkflows::IsLifecycle(std::string_view event_type) {
  return event_type == kPublished || event_type == kStopped;
}

absl::StatusOr<absl::TimeZone> LiveWorkflows::ReadTimeZone(const TenantId& tenant) const {
  ASSIGN_OR_RETURN(const auto state,
                   commands::FoldStream(log_, tenant, {domain::kTenantStream, tenant.value}));
  absl::TimeZone zone;
  // A zone that the system has forgotten: UTC, as where none was chosen.
  if (!absl::LoadTimeZone(static_cast<const domain::TenantState&>(*state).time_zone, &zone)) {
    return absl::UTCTimeZone();
  }
  return zone;
}

absl::Status LiveWorkflows::Load(const TenantId& tenant) {
  eventstore::TenantReadOptions options;
  options.filter.event_types = {std::string(kPublished), std::string(kStopped)};
  while (true) {
    ASSIGN_OR_RETURN(const eventstore::ReadPage page, log_.ReadTenant(tenant, options));
    for (const eventstore::PageEvent& item : page.events) {
      ASSIGN_OR_RETURN(const commands::ParsedEvent parsed, commands::ParseEvent(item.view()));
      RETURN_IF_ERROR(Apply(tenant, parsed));
    }
    if (page.end) return absl::OkStatus();
    options.after = page.read_to;
  }
}

absl::Status LiveWorkflows::Apply(const TenantId& tenant, const commands::ParsedEvent& parsed) {
  const Position position{parsed.header.position()};
  Tenant& known = tenants_[tenant];
  if (position <= known.read_to) return absl::OkStatus();
  const bool published_now = parsed.header.type() == kPublished;
  // The only thing that can fail comes first: an event that failed is given again.
  if (published_now) {
    ASSIGN_OR_RETURN(known.time_zone, ReadTimeZone(tenant));
  }
  known.read_to = position;
  const std::string& workflow_id = parsed.header.stream().id();
  for (const auto& revision : known.revisions) {
    if (revision->workflow_id == workflow_id && revision->replaced_at == kNever) {
      revision->replaced_at = position;
    }
  }
  if (!published_now) return absl::OkStatus();
  const auto& published = parsed.event.workflow().workflow_published();
  auto revision = std::make_shared<LiveWorkflow>(
      LiveWorkflow{.workflow_id = workflow_id,
                   .workflow_revision = published.workflow_revision(),
                   .definition = published.definition(),
                   .published_at = position});
  absl::StatusOr<filter::Filter> condition =
      filter::Filter::Compile(published.definition().trigger().condition(), ConditionSchema(),
                              {.time_zone = known.time_zone});
  if (condition.ok()) {
    revision->condition = *std::move(condition);
  } else {
    revision->fault = condition.status();
  }
  known.revisions.push_back(std::move(revision));
  return absl::OkStatus();
}

std::vector<LiveWorkflowPtr> LiveWorkflows::Find(const TenantId& tenant,
                                                 std::string_view event_type,
                                                 Position position) const {
  std::vector<LiveWorkflowPtr> live;
  const auto known = tenants_.find(tenant);
  if (known == tenants_.end()) return live;
  for (const auto& revision : known->second.revisions) {
    if (revision->fault.ok() && revision->definition.trigger().event_type() == event_type &&
        revision->published_at < position && position < revision->replaced_at) {
      live.push_back(revision);
    }
  }
  return live;
}

bool LiveWorkflows::MayReact(const TenantId& tenant,
                             std::span<const std::string_view> types) const {
  const auto known = tenants_.find(tenant);
  const auto reacts = [&](std::string_view type) {
    if (IsLifecycle(type)) return true;
    return known != tenants_.end() &&
           std::any_of(known->second.revisions.begin(), known->second.revisions.end(),
                       [&](const auto& revision) {
                         return revision->definition.trigger().event_type() == type;
                       });
  };
  return std::any_of(types.begin(), types.end(), reacts);
}

}  // namespace dealog::workflow
