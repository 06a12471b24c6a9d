#include <grpcpp/impl/service_type.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dealog/v1/groups.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/groups/groups.h"
#include "services/rpc/consume.h"
#include "services/rpc/event_filter.h"
#include "services/rpc/group_messages.h"
#include "services/rpc/log_sources.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

using eventstore::Position;
using groups::GroupStatus;

absl::StatusOr<Position> ToPosition(int64_t value, std::string_view field) {
  if (value >= 0) return Position{static_cast<uint64_t>(value)};
  return base::InvalidField(field, absl::StrCat("expected 0 or more, found ", value));
}

// The group's name within the call's tenant, which must exist.
absl::StatusOr<groups::GroupName> NameOf(const ReadCall& call, const std::string& name) {
  RETURN_IF_ERROR(RequireTenant(call.core, call.call).status());
  return groups::GroupName{call.call.tenant, name};
}

template <typename Request>
absl::StatusOr<std::optional<Position>> AfterOf(const Request& request) {
  if (!request.has_after_position()) return std::nullopt;
  ASSIGN_OR_RETURN(const Position position, ToPosition(request.after_position(), "after_position"));
  return position;
}

absl::StatusOr<v1::CreateGroupResponse> CreateGroup(const ReadCall& call,
                                                    const v1::CreateGroupRequest& request) {
  ASSIGN_OR_RETURN(const groups::GroupName name, NameOf(call, request.name()));
  ASSIGN_OR_RETURN(const groups::GroupSettings settings,
                   ToSettings(call.core, call.call, request.settings()));
  ASSIGN_OR_RETURN(const std::optional<Position> after, AfterOf(request));
  ASSIGN_OR_RETURN(const GroupStatus status, call.core.groups.Create(name, settings, after));
  v1::CreateGroupResponse response;
  *response.mutable_group() = ToGroup(status);
  return response;
}

absl::StatusOr<v1::GetGroupResponse> GetGroup(const ReadCall& call,
                                              const v1::GetGroupRequest& request) {
  ASSIGN_OR_RETURN(const groups::GroupName name, NameOf(call, request.name()));
  ASSIGN_OR_RETURN(const GroupStatus status, call.core.groups.Get(name));
  v1::GetGroupResponse response;
  *response.mutable_group() = ToGroup(status);
  return response;
}

absl::StatusOr<v1::ListGroupsResponse> ListGroups(const ReadCall& call,
                                                  const v1::ListGroupsRequest&) {
  RETURN_IF_ERROR(RequireTenant(call.core, call.call).status());
  ASSIGN_OR_RETURN(const std::vector<GroupStatus> statuses,
                   call.core.groups.List(call.call.tenant));
  v1::ListGroupsResponse response;
  for (const GroupStatus& status : statuses) *response.add_groups() = ToGroup(status);
  return response;
}

absl::StatusOr<v1::UpdateGroupResponse> UpdateGroup(const ReadCall& call,
                                                    const v1::UpdateGroupRequest& request) {
  ASSIGN_OR_RETURN(const groups::GroupName name, NameOf(call, request.name()));
  ASSIGN_OR_RETURN(const groups::SettingsMask mask, ToMask(request.update_mask()));
  ASSIGN_OR_RETURN(const groups::GroupSettings settings,
                   ToSettings(call.core, call.call, request.settings()));
  ASSIGN_OR_RETURN(const GroupStatus status, call.core.groups.Update(name, settings, mask));
  v1::UpdateGroupResponse response;
  *response.mutable_group() = ToGroup(status);
  return response;
}

absl::StatusOr<v1::DeleteGroupResponse> DeleteGroup(const ReadCall& call,
                                                    const v1::DeleteGroupRequest& request) {
  ASSIGN_OR_RETURN(const groups::GroupName name, NameOf(call, request.name()));
  RETURN_IF_ERROR(call.core.groups.Delete(name));
  return v1::DeleteGroupResponse();
}

absl::StatusOr<v1::ResetGroupResponse> ResetGroup(const ReadCall& call,
                                                  const v1::ResetGroupRequest& request) {
  ASSIGN_OR_RETURN(const groups::GroupName name, NameOf(call, request.name()));
  ASSIGN_OR_RETURN(const std::optional<Position> after, AfterOf(request));
  ASSIGN_OR_RETURN(const GroupStatus status, call.core.groups.Reset(name, after));
  v1::ResetGroupResponse response;
  *response.mutable_group() = ToGroup(status);
  return response;
}

absl::StatusOr<v1::ListParkedResponse> ListParked(const ReadCall& call,
                                                  const v1::ListParkedRequest& request) {
  ASSIGN_OR_RETURN(const groups::GroupName name, NameOf(call, request.group()));
  ASSIGN_OR_RETURN(const Position after, ToPosition(request.after_position(), "after_position"));
  if (request.page_size() < 0) {
    return base::InvalidField("page_size", absl::StrCat("expected 0 (", groups::kParkedPageDefault,
                                                        ") or more, found ", request.page_size()));
  }
  const int32_t wanted = request.page_size() == 0
                             ? groups::kParkedPageDefault
                             : std::min(request.page_size(), groups::kParkedPageMax);
  // One more than is shown tells whether there are more.
  ASSIGN_OR_RETURN(const groups::ParkedEvents events,
                   call.core.groups.ListParked(name, after, static_cast<size_t>(wanted) + 1));
  v1::ListParkedResponse response;
  for (const auto& [position, parked] : events) {
    if (response.parked_size() == wanted) {
      response.set_next_after_position(response.parked(wanted - 1).position());
      break;
    }
    *response.add_parked() = ToParkedEvent(position, parked);
  }
  return response;
}

absl::StatusOr<v1::ReplayParkedResponse> ReplayParked(const ReadCall& call,
                                                      const v1::ReplayParkedRequest& request) {
  ASSIGN_OR_RETURN(const groups::GroupName name, NameOf(call, request.group()));
  if (request.positions().empty() && !request.has_filter()) {
    return base::InvalidField("filter",
                              "expected positions or a filter (an empty one selects everything), "
                              "found neither");
  }
  if (request.positions_size() > groups::kReplayPositionsMax) {
    return base::InvalidField(
        "positions", absl::StrCat("expected at most ", groups::kReplayPositionsMax, ", found ",
                                  request.positions_size()));
  }
  ASSIGN_OR_RETURN(const eventstore::EventFilter filter,
                   OpenEventFilter(call.core, call.call, request.filter()));
  std::optional<std::vector<Position>> positions;
  if (!request.positions().empty()) positions.emplace();
  for (const int64_t value : request.positions()) {
    ASSIGN_OR_RETURN(positions->emplace_back(), ToPosition(value, "positions"));
  }
  ASSIGN_OR_RETURN(const size_t count, call.core.groups.Replay(name, positions, filter));
  v1::ReplayParkedResponse response;
  response.set_count(static_cast<int64_t>(count));
  return response;
}

}  // namespace

// All wait for the groups' thread: none on gRPC's.
std::unique_ptr<grpc::Service> MakeConsumerGroupService(const Core& core) {
  ServiceBuilder service(core, *v1::ConsumerGroup::descriptor()->file(), "ConsumerGroupService");
  AddRead(service, CreateGroup, Weight::kMedium);
  AddRead(service, GetGroup, Weight::kMedium);
  AddRead(service, ListGroups, Weight::kMedium);
  AddRead(service, UpdateGroup, Weight::kMedium);
  AddRead(service, DeleteGroup, Weight::kMedium);
  AddRead(service, ResetGroup, Weight::kMedium);
  service.AddBidiStream(
      *v1::ConsumeRequest::descriptor(),
      [](const Core& of, const Method& method, grpc::CallbackServerContext& context) {
        return StartDialogueCall(of, method, context, std::make_unique<v1::ConsumeRequest>(),
                                 MakeConsumeDialogue(of));
      });
  AddRead(service, ListParked, Weight::kMedium);
  AddRead(service, ReplayParked, Weight::kMedium);
  return service.Build();
}

}  // namespace dealog::rpc
