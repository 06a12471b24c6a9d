// Deals' events as lines, and the choice of the aggregate.

#include "absl/strings/str_cat.h"
#include "services/rpc/history_summary.h"
#include "services/rpc/history_text.h"

namespace dealog::rpc {
namespace {

using events::v1::DealEvent;
using events::v1::Event;

std::string SummarizeDeal(const DealEvent& event, const Names& names) {
  const auto stage = [&](const std::string& id) { return NameOf(names, id); };
  switch (event.kind_case()) {
    case DealEvent::kDealOpened:
      return absl::StrCat("opened in ", stage(event.deal_opened().stage_id()));
    case DealEvent::kDealDetailsChanged:
      return ChangedFields(event.deal_details_changed());
    case DealEvent::kDealStageMoved:
      return Change(stage(event.deal_stage_moved().from_stage_id()),
                    stage(event.deal_stage_moved().to_stage_id()));
    case DealEvent::kDealWon:
      return Change(stage(event.deal_won().from_stage_id()), stage(event.deal_won().stage_id()));
    case DealEvent::kDealLost:
      return Change(stage(event.deal_lost().from_stage_id()), stage(event.deal_lost().stage_id()));
    case DealEvent::kDealReopened:
      return Change(stage(event.deal_reopened().from_stage_id()),
                    stage(event.deal_reopened().stage_id()));
    case DealEvent::kDealCloseVoided:
      return absl::StrCat("closing undone, back in ", stage(event.deal_close_voided().stage_id()));
    case DealEvent::kDealMoveUndone:
      return absl::StrCat("move undone, back in ", stage(event.deal_move_undone().stage_id()));
    case DealEvent::kDealOwnerAssigned:
      return absl::StrCat("owner ",
                          Change(NameOf(names, event.deal_owner_assigned().previous_owner_id()),
                                 NameOf(names, event.deal_owner_assigned().owner_id())));
    case DealEvent::kDealAmountChanged:
      return absl::StrCat("amount ",
                          Change(AmountText(event.deal_amount_changed().previous_amount()),
                                 AmountText(event.deal_amount_changed().amount())));
    case DealEvent::kDealExpectedCloseChanged: {
      const auto& changed = event.deal_expected_close_changed();
      return absl::StrCat("decision date ", Change(DateText(changed.previous_expected_close_date()),
                                                   DateText(changed.expected_close_date())));
    }
    case DealEvent::kDealContactLinked:
      return absl::StrCat("contact ", event.deal_contact_linked().link().contact_id(), " linked");
    case DealEvent::kDealContactUnlinked:
      return absl::StrCat("contact ", event.deal_contact_unlinked().contact_id(), " unlinked");
    case DealEvent::kDealTagged:
      return Tags(event.deal_tagged().tags(), '+');
    case DealEvent::kDealUntagged:
      return Tags(event.deal_untagged().tags(), '-');
    case DealEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

}  // namespace

std::string Summarize(const Event& event, const Names& names) {
  switch (event.aggregate_case()) {
    case Event::kDeal:
      return SummarizeDeal(event.deal(), names);
    case Event::kPipeline:
      return SummarizePipeline(event.pipeline(), names);
    case Event::kContact:
      return SummarizeContact(event.contact(), names);
    case Event::kOrganization:
      return SummarizeOrganization(event.organization(), names);
    case Event::kActivity:
      return SummarizeActivity(event.activity());
    case Event::kNote:
      return "note written";
    case Event::kMember:
      return SummarizeMember(event.member());
    case Event::kProduct:
      return SummarizeProduct(event.product());
    case Event::kTenant:
      return "tenant created";
    case Event::kImport:
      return SummarizeImport(event.import());
    case Event::kWorkflow:
      return SummarizeWorkflow(event.workflow());
    case Event::kWorkflowInstance:
      return SummarizeInstance(event.workflow_instance(), names);
    case Event::kStreamType:
      return SummarizeStreamType(event.stream_type());
    case Event::kExternal:
      return absl::StrCat(event.external().type(), ", ", event.external().payload().size(),
                          " bytes");
    case Event::AGGREGATE_NOT_SET:
      return "";
  }
  return "";
}

}  // namespace dealog::rpc
