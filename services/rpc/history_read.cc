#include "services/rpc/history_read.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"
#include "projections/views/texts.h"
#include "services/rpc/event_filter.h"

namespace dealog::rpc {
namespace {

using commands::ParsedEvent;
using eventstore::Position;

// Adds up to `limit` events of one stream after `after`. A stream's positions rise with its
// revisions, so what comes before is skipped page by page without being parsed.
absl::Status ReadOne(const ReadCall& call, const eventstore::StreamId& stream, Position after,
                     size_t limit, std::vector<eventstore::PageEvent>& out) {
  eventstore::StreamReadOptions options{.from = {1}};
  size_t found = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const eventstore::ReadPage page,
                     call.core.log.ReadStream(call.call.tenant, stream, options));
    for (const eventstore::PageEvent& event : page.events) {
      if (event.position() <= after) continue;
      if (found++ == limit) return absl::OkStatus();
      out.push_back(event);
    }
    if (page.end || page.events.empty()) return absl::OkStatus();
    options.from.value += page.events.size();
  }
}

void AddId(const std::string& id, std::set<std::string>& ids) {
  if (!id.empty()) ids.insert(id);
}

// Ids of members that the events name.
std::set<std::string> MembersIn(const std::vector<ParsedEvent>& events) {
  std::set<std::string> ids;
  for (const ParsedEvent& parsed : events) {
    const auto& deal = parsed.event.deal();
    AddId(deal.deal_opened().owner_id(), ids);
    AddId(deal.deal_owner_assigned().owner_id(), ids);
    AddId(deal.deal_owner_assigned().previous_owner_id(), ids);
    AddId(parsed.event.contact().contact_owner_assigned().owner_id(), ids);
    AddId(parsed.event.contact().contact_owner_assigned().previous_owner_id(), ids);
  }
  return ids;
}

std::set<std::string> WorkflowsIn(const std::vector<ParsedEvent>& events) {
  std::set<std::string> ids;
  for (const ParsedEvent& parsed : events) {
    AddId(std::string(WorkflowOfPrincipal(parsed.header.actor().principal())), ids);
    AddId(parsed.event.workflow_instance().instance_started().workflow_id(), ids);
  }
  return ids;
}

// Calls `add` with every item of a list, page by page.
template <typename List, typename Add>
absl::Status ForEach(List list, Add add) {
  projections::PageRequest request{.size = 1000};
  do {
    ASSIGN_OR_RETURN(auto page, list(request));
    for (const auto& item : page.items) add(item);
    request.after = std::move(page.next);
  } while (!request.after.empty());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<eventstore::StreamId> StreamOfResource(const std::string& resource_id) {
  if (resource_id.find('/') != std::string::npos) return ParseStream(resource_id, "resource_id");
  const std::string_view type = domain::StreamTypeOfId(resource_id);
  if (!type.empty() && resource_id.size() <= eventstore::kStreamIdBytesMax) {
    return eventstore::StreamId{std::string(type), resource_id};
  }
  return base::InvalidField(
      "resource_id", absl::StrCat("expected the id of a deal, contact, organization, "
                                  "pipeline, activity, member, product or workflow, or a stream as "
                                  "type/id, found ",
                                  projections::Quoted(resource_id)));
}

absl::StatusOr<std::vector<ParsedEvent>> ReadMerged(
    const ReadCall& call, const std::vector<eventstore::StreamId>& streams, Position after,
    size_t limit) {
  std::vector<eventstore::PageEvent> found;
  for (const eventstore::StreamId& stream : streams) {
    RETURN_IF_ERROR(ReadOne(call, stream, after, limit, found));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.position() < b.position(); });
  if (found.size() > limit) found.resize(limit);
  std::vector<ParsedEvent> events;
  events.reserve(found.size());
  for (const eventstore::PageEvent& event : found) {
    ASSIGN_OR_RETURN(events.emplace_back(), commands::ParseEvent(event.view()));
  }
  return events;
}

absl::StatusOr<Names> ReadNames(const ReadCall& call, const std::vector<ParsedEvent>& events) {
  ASSIGN_OR_RETURN(const projections::TenantRead views, call.Views());
  Names names;
  RETURN_IF_ERROR(
      ForEach([&](const auto& page) { return projections::ListPipelines(*views, page); },
              [&](const v1::Pipeline& pipeline) {
                names[pipeline.pipeline_id()] = pipeline.display_name();
                for (const v1::Stage& stage : pipeline.stages())
                  names[stage.stage_id()] = stage.label();
              }));
  if (const std::set<std::string> members = MembersIn(events); !members.empty()) {
    RETURN_IF_ERROR(
        ForEach([&](const auto& page) { return projections::ListMembers(*views, page); },
                [&](const v1::Member& member) {
                  if (members.contains(member.member_id())) {
                    names[member.member_id()] = member.display_name();
                  }
                }));
  }
  for (const std::string& id : WorkflowsIn(events)) {
    const absl::StatusOr<v1::Workflow> workflow = projections::GetWorkflow(*views, id);
    if (workflow.ok()) names[id] = workflow->display_name();
  }
  return names;
}

}  // namespace dealog::rpc
