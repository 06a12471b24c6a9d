#include "services/rpc/append.h"

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "projections/states/stream_types.h"
#include "services/domain/stream_type.h"
#include "services/rpc/append_command.h"
#include "services/rpc/append_stream.h"
#include "services/rpc/limits.h"
#include "services/rpc/log_sources.h"

namespace dealog::rpc {
namespace {

absl::StatusOr<v1::ListStreamTypesResponse> ListStreamTypes(const ReadCall& call,
                                                            const v1::ListStreamTypesRequest&) {
  RETURN_IF_ERROR(RequireTenant(call.core, call.call).status());
  const auto states = call.core.sequencers.States(call.call.tenant);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, domain::StreamTypeNames(*states));
  v1::ListStreamTypesResponse response;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const auto* state, domain::FindStreamType("name", name, *states));
    *response.add_stream_types() = domain::ToStreamType(*state, /*with_descriptors=*/false);
  }
  return response;
}

absl::StatusOr<v1::GetStreamTypeResponse> GetStreamType(const ReadCall& call,
                                                        const v1::GetStreamTypeRequest& request) {
  RETURN_IF_ERROR(RequireTenant(call.core, call.call).status());
  const auto states = call.core.sequencers.States(call.call.tenant);
  ASSIGN_OR_RETURN(const auto* state, domain::FindStreamType("name", request.name(), *states));
  v1::GetStreamTypeResponse response;
  *response.mutable_stream_type() = domain::ToStreamType(*state, /*with_descriptors=*/true);
  return response;
}

// Lives from the call's arrival to its reply.
void StartAppend(const Core& core, const Method& method, const UnaryIo& io) {
  auto call = std::make_shared<UnaryCall>(core, method, io);
  v1::AppendEventsRequest request;
  if (const absl::Status admitted = call->Admit(request); !admitted.ok()) {
    call->Refuse(admitted);
    return;
  }
  SubmitAppend(core, call->call(), std::move(request),
               [call](absl::StatusOr<v1::AppendEventsResponse> result) {
                 result.ok() ? call->Reply(*result) : call->Refuse(result.status());
               });
}

// Several appends that are answered together.
// Thread safety: each outcome is set by one thread; the last one answers.
struct Appends {
  Appends(const Core& core, const Method& method, const UnaryIo& io) : call(core, method, io) {}

  UnaryCall call;
  v1::AppendEventBatchesResponse response;
  std::atomic<int> missing = 0;
};

absl::Status AdmitSeveral(Appends& appends, v1::AppendEventBatchesRequest& request) {
  RETURN_IF_ERROR(appends.call.Admit(request));
  const size_t count = static_cast<size_t>(request.appends_size());
  if (count == 0 || count > kAppendsPerMessageMax) {
    return base::InvalidField(
        "appends", absl::StrCat("expected 1 to ", kAppendsPerMessageMax, ", found ", count));
  }
  size_t events = 0;
  for (const v1::AppendEventsRequest& append : request.appends()) events += append.events().size();
  if (events <= kAppendEventsPerCallMax) return absl::OkStatus();
  return base::InvalidField("appends", absl::StrCat("expected at most ", kAppendEventsPerCallMax,
                                                    " events altogether, found ", events,
                                                    "; send them in several calls"));
}

void StartAppends(const Core& core, const Method& method, const UnaryIo& io) {
  const auto appends = std::make_shared<Appends>(core, method, io);
  v1::AppendEventBatchesRequest request;
  if (const absl::Status admitted = AdmitSeveral(*appends, request); !admitted.ok()) {
    appends->call.Refuse(admitted);
    return;
  }
  appends->missing = request.appends_size();
  for (int i = 0; i < request.appends_size(); ++i) appends->response.add_outcomes();
  for (int i = 0; i < request.appends_size(); ++i) {
    SubmitAppend(core, appends->call.call(), std::move(*request.mutable_appends(i)),
                 [appends, i](absl::StatusOr<v1::AppendEventsResponse> result) {
                   *appends->response.mutable_outcomes(i) = ToOutcome(std::move(result));
                   if (--appends->missing == 0) appends->call.Reply(appends->response);
                 });
  }
}

}  // namespace

void AddAppendMethods(ServiceBuilder& service) {
  AddMutation<v1::RegisterStreamTypeRequest, v1::RegisterStreamTypeResponse>(service);
  AddRead(service, ListStreamTypes, Weight::kMedium);
  AddRead(service, GetStreamType, Weight::kLight);
  service.AddUnary(*v1::AppendEventsRequest::descriptor(), StartAppend);
  service.AddUnary(*v1::AppendEventBatchesRequest::descriptor(), StartAppends);
  service.AddBidiStream(
      *v1::AppendEventStreamRequest::descriptor(),
      [](const Core& core, const Method& method, grpc::CallbackServerContext& context) {
        return StartDialogueCall(core, method, context,
                                 std::make_unique<v1::AppendEventStreamRequest>(),
                                 MakeAppendDialogue(core));
      });
}

}  // namespace dealog::rpc
