#include <grpcpp/impl/service_type.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dealog/v1/history.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"
#include "services/rpc/audit.h"
#include "services/rpc/history_read.h"
#include "services/rpc/instants.h"
#include "services/rpc/limits.h"
#include "services/rpc/payload_json.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

using commands::ParsedEvent;
using eventstore::Position;

// The reason that says what was not found.
std::string_view NotFoundReason(std::string_view stream_type) {
  if (stream_type == domain::kDealStream) return "DEAL_NOT_FOUND";
  if (stream_type == domain::kContactStream) return "CONTACT_NOT_FOUND";
  if (stream_type == domain::kOrganizationStream) return "ORGANIZATION_NOT_FOUND";
  if (stream_type == domain::kPipelineStream) return "PIPELINE_NOT_FOUND";
  if (stream_type == domain::kMemberStream) return "MEMBER_NOT_FOUND";
  if (stream_type == domain::kProductStream) return "PRODUCT_NOT_FOUND";
  if (stream_type == domain::kImportStream) return "IMPORT_NOT_FOUND";
  if (stream_type == domain::kActivityStream || stream_type == domain::kNoteStream) {
    return "ACTIVITY_NOT_FOUND";
  }
  if (stream_type == domain::kTenantStream) return "TENANT_NOT_FOUND";
  if (stream_type == domain::kStreamTypeStream) return "STREAM_TYPE_NOT_FOUND";
  return domain::IsOwnStreamType(stream_type) ? "WORKFLOW_NOT_FOUND" : "STREAM_NOT_FOUND";
}

absl::Status RequireStream(const ReadCall& call, const eventstore::StreamId& stream) {
  ASSIGN_OR_RETURN(const eventstore::Revision head,
                   call.core.log.StreamHead(call.call.tenant, stream));
  if (head.value > 0) return absl::OkStatus();
  return base::Error(absl::StatusCode::kNotFound, NotFoundReason(stream.type),
                     absl::StrCat("expected the id of a ", stream.type, " of this tenant, found ",
                                  stream.id))
      .With("resource_id", stream.id);
}

v1::HistoryEntry ToEntry(ParsedEvent parsed, const Names& names, PayloadJson& json) {
  v1::HistoryEntry entry;
  if (parsed.event.has_external()) {
    entry.set_payload_json(json.Of(parsed.header, parsed.event.external()));
  }
  entry.set_type(parsed.header.type());
  entry.set_summary(Summarize(parsed.event, names));
  *entry.mutable_occurred_at() = ToTimestamp(parsed.header.occurred_at_us());
  *entry.mutable_recorded_at() = ToTimestamp(parsed.header.recorded_at_us());
  entry.set_actor(parsed.header.actor().principal());
  entry.set_why(WhyOf(parsed.header, parsed.event, names));
  if (const int64_t micros = VisitMicros(parsed.event); micros >= 0) {
    entry.set_visit_seconds(static_cast<double>(micros) / 1e6);
  }
  entry.set_position(static_cast<int64_t>(parsed.header.position()));
  entry.set_revision(static_cast<int64_t>(parsed.header.revision()));
  *entry.mutable_header() = std::move(parsed.header);
  *entry.mutable_event() = std::move(parsed.event);
  return entry;
}

// The resource's own stream and those of its activities and notes.
absl::StatusOr<std::vector<eventstore::StreamId>> StreamsOf(const ReadCall& call,
                                                            const eventstore::StreamId& own,
                                                            Position& position) {
  std::vector<eventstore::StreamId> streams = {own};
  ASSIGN_OR_RETURN(const projections::TenantRead views, call.Views());
  position = views->position();
  if (own.type != domain::kDealStream && own.type != domain::kContactStream) return streams;
  ASSIGN_OR_RETURN(const std::vector<std::string> related, projections::RelatedIds(*views, own.id));
  if (related.size() > kHistoryStreamsMax) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("expected at most ", kHistoryStreamsMax,
                                    " activities and notes of one resource, found ", related.size(),
                                    "; read the streams one by one"))
        .With("limit", "history_streams");
  }
  for (const std::string& id : related) {
    streams.push_back({std::string(domain::StreamTypeOfId(id)), id});
  }
  return streams;
}

absl::StatusOr<v1::ListEventsResponse> ListEvents(const ReadCall& call,
                                                  const v1::ListEventsRequest& request) {
  ASSIGN_OR_RETURN(const projections::PageRequest page,
                   call.OpenPage(request.page_size(), request.page_token(), request));
  ASSIGN_OR_RETURN(const eventstore::StreamId own, StreamOfResource(request.resource_id()));
  RETURN_IF_ERROR(RequireStream(call, own));
  Position after;
  if (!page.after.empty() && !absl::SimpleAtoi(page.after, &after.value)) {
    return base::Error(absl::StatusCode::kInternal, "INTERNAL", "a sealed cursor is no position");
  }
  Position position;
  ASSIGN_OR_RETURN(const auto streams, StreamsOf(call, own, position));
  ASSIGN_OR_RETURN(std::vector<ParsedEvent> events,
                   ReadMerged(call, streams, after, page.size + 1));
  const bool more = events.size() > page.size;
  if (more) events.pop_back();
  ASSIGN_OR_RETURN(const Names names, ReadNames(call, events));
  v1::ListEventsResponse response;
  response.set_position(static_cast<int64_t>(position.value));
  if (more) {
    response.set_next_page_token(
        call.SealPage(request, absl::StrCat(events.back().header.position())));
  }
  PayloadJson json(call.core.log, call.call.tenant);
  for (ParsedEvent& event : events) {
    *response.add_events() = ToEntry(std::move(event), names, json);
  }
  return response;
}

absl::StatusOr<v1::GetFieldHistoryResponse> GetFieldHistory(
    const ReadCall& call, const projections::TenantViews& views,
    const v1::GetFieldHistoryRequest& request) {
  ASSIGN_OR_RETURN(const eventstore::StreamId own, StreamOfResource(request.resource_id()));
  if (own.type != domain::kDealStream) {
    return base::InvalidField("resource_id", "expected the id of a deal, found another resource's");
  }
  ASSIGN_OR_RETURN(const projections::AsKnown when, ResolveAsKnown(call, views, request));
  return projections::GetFieldHistory(views, request, when, call.now_us);
}

}  // namespace

std::unique_ptr<grpc::Service> MakeHistoryService(const Core& core) {
  ServiceBuilder service(core, *v1::HistoryEntry::descriptor()->file(), "HistoryService");
  AddRead(service, ListEvents, Weight::kHeavy, projections::kHistoryReads);
  AddQuery(service, GetFieldHistory, projections::kDealReads, Weight::kHeavy);
  AddAuditMethods(service);
  return service.Build();
}

}  // namespace dealog::rpc
