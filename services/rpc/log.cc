#include <grpcpp/impl/service_type.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dealog/v1/log.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/rpc/append.h"
#include "services/rpc/event_bytes.h"
#include "services/rpc/event_filter.h"
#include "services/rpc/export_log.h"
#include "services/rpc/instants.h"
#include "services/rpc/limits.h"
#include "services/rpc/log_sources.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

// A reply of one stream stays below the 4 MiB that clients accept, whatever its events hold.
constexpr size_t kReadStreamBytes = 3 << 20;

absl::StatusOr<eventstore::StreamReadOptions> ToOptions(const v1::ReadStreamRequest& request) {
  if (request.from_revision() < 0) {
    return base::InvalidField("from_revision",
                              absl::StrCat("expected 0 or more, found ", request.from_revision()));
  }
  if (request.page_size() < 0) {
    return base::InvalidField(
        "page_size", absl::StrCat("expected 0 (", kStreamPageDefault, " events) or more, found ",
                                  request.page_size()));
  }
  eventstore::StreamReadOptions options;
  options.from.value = static_cast<uint64_t>(request.from_revision());
  if (request.direction() == v1::READ_DIRECTION_BACKWARD) {
    options.direction = eventstore::Direction::kBackward;
  }
  options.limit = request.page_size() == 0 ? kStreamPageDefault
                                           : std::min<int32_t>(request.page_size(), kStreamPageMax);
  return options;
}

absl::StatusOr<uint64_t> RevisionOf(const eventstore::EventView& event) {
  storage::v1::EventHeader header;
  if (header.ParseFromArray(event.header.data(), static_cast<int>(event.header.size()))) {
    return header.revision();
  }
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     "expected a serialised EventHeader in the log, found other bytes; run "
                     "dealog log verify");
}

absl::StatusOr<v1::ReadStreamResponse> ReadStream(const ReadCall& call,
                                                  const v1::ReadStreamRequest& request) {
  RETURN_IF_ERROR(RequireTenant(call.core, call.call).status());
  ASSIGN_OR_RETURN(const eventstore::StreamId stream, ParseStream(request.stream(), "stream"));
  ASSIGN_OR_RETURN(const eventstore::StreamReadOptions options, ToOptions(request));
  ASSIGN_OR_RETURN(const eventstore::ReadPage page,
                   call.core.log.ReadStream(call.call.tenant, stream, options));
  EventBytes bytes(request.payload_form() == v1::PAYLOAD_FORM_STORED ? v1::PAYLOAD_FORM_STORED
                                                                     : v1::PAYLOAD_FORM_CLEAR,
                   std::make_unique<PayloadJson>(call.core.log, call.call.tenant));
  size_t size = 0;
  size_t taken = 0;
  for (; taken < page.events.size() && size < kReadStreamBytes; ++taken) {
    const eventstore::EventView& event = page.events[taken].view();
    size += event.header.size() + event.payload.size();
    bytes.Add(event);
  }
  v1::ReadStreamResponse response;
  if (!response.ParseFromString(bytes.Take())) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       "expected events that parse, found other bytes; run dealog log verify");
  }
  if (taken > 0 && (taken < page.events.size() || !page.end)) {
    ASSIGN_OR_RETURN(const uint64_t last, RevisionOf(page.events[taken - 1].view()));
    const bool forward = options.direction == eventstore::Direction::kForward;
    response.set_next_revision(static_cast<int64_t>(forward ? last + 1 : last - 1));
  }
  return response;
}

absl::StatusOr<v1::GetHeadResponse> GetHead(const ReadCall& call, const v1::GetHeadRequest&) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, RequireTenant(call.core, call.call));
  v1::GetHeadResponse response;
  response.set_position(static_cast<int64_t>(head.position.value));
  *response.mutable_recorded_at() = ToTimestamp(head.recorded_at_us);
  return response;
}

absl::StatusOr<v1::GetPositionAtResponse> GetPositionAt(const ReadCall& call,
                                                        const v1::GetPositionAtRequest& request) {
  RETURN_IF_ERROR(RequireTenant(call.core, call.call).status());
  ASSIGN_OR_RETURN(const int64_t micros, ToMicros(request.time(), "time"));
  if (micros > call.now_us) {
    return base::InvalidField("time",
                              "expected an instant that is not in the future, found one ahead of "
                              "the server's clock: more may yet be recorded before it");
  }
  ASSIGN_OR_RETURN(
      const eventstore::Position position,
      commands::PositionAt(call.core.log, call.core.sequencers, call.call.tenant, micros));
  v1::GetPositionAtResponse response;
  response.set_position(static_cast<int64_t>(position.value));
  return response;
}

}  // namespace

std::unique_ptr<grpc::Service> MakeLogService(const Core& core) {
  ServiceBuilder service(core, *v1::StoredEvent::descriptor()->file(), "LogService");
  AddRead(service, ReadStream, Weight::kMedium);
  AddStream(service, OpenReadLog);
  AddStream(service, OpenSubscribe);
  AddExportMethod(service);
  AddRead(service, GetHead, Weight::kLight);
  AddRead(service, GetPositionAt, Weight::kMedium);  // May wait for the sequencer.
  AddAppendMethods(service);
  return service.Build();
}

}  // namespace dealog::rpc
