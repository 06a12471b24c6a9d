#include "projections/states/stream_types.h"

#include <algorithm>
#include <string>

#include "eventstore/base/ids.h"
#include "projections/states/activity.h"
#include "projections/states/catalog.h"
#include "projections/states/contact.h"
#include "projections/states/deal.h"
#include "projections/states/external.h"
#include "projections/states/import.h"
#include "projections/states/organization.h"
#include "projections/states/pipeline.h"
#include "projections/states/stream_type.h"
#include "projections/states/tenant.h"
#include "projections/states/workflow.h"

namespace dealog::states {
namespace {

using Maker = std::unique_ptr<AggregateState> (*)(std::string_view id);

template <typename State>
std::unique_ptr<AggregateState> Make(std::string_view id) {
  return std::make_unique<State>(id);
}

struct StreamType {
  std::string_view type;
  std::string_view prefix;  // Of its ids; "" for one whose ids are names.
  Maker make;
};

constexpr StreamType kStreamTypes[] = {
    {kDealStream, "deal", Make<DealState>},
    {kPipelineStream, "pipeline", Make<PipelineState>},
    {kContactStream, "contact", Make<ContactState>},
    {kOrganizationStream, "org", Make<OrganizationState>},
    {kActivityStream, "activity", Make<ActivityState>},
    {kNoteStream, "note", Make<NoteState>},
    {kMemberStream, "member", Make<MemberState>},
    {kProductStream, "product", Make<ProductState>},
    {kWorkflowStream, "workflow", Make<WorkflowState>},
    {kWorkflowInstanceStream, "wfi", Make<WorkflowInstanceState>},
    {kImportStream, "import", Make<ImportState>},
    {kTenantStream, "", Make<TenantState>},
    {kStreamTypeStream, "", Make<StreamTypeState>},
};

}  // namespace

std::string_view StreamTypeOfId(std::string_view id) {
  const std::string_view prefix = base::IdPrefix(id);
  if (prefix.empty()) return "";
  for (const StreamType& type : kStreamTypes) {
    if (type.prefix == prefix) return type.type;
  }
  return "";
}

bool IsOwnStreamType(std::string_view name) {
  return std::any_of(std::begin(kStreamTypes), std::end(kStreamTypes),
                     [&](const StreamType& type) { return type.type == name; });
}

std::unique_ptr<AggregateState> MakeState(std::string_view stream_type, std::string_view id) {
  for (const StreamType& type : kStreamTypes) {
    if (type.type == stream_type) return type.make(id);
  }
  return std::make_unique<ExternalState>(id);
}

}  // namespace dealog::states
