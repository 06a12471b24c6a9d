#include "services/rpc/history_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "projections/views/instants.h"
#include "projections/views/money.h"
#include "services/rpc/history_summary.h"

namespace dealog::rpc {
namespace {

using events::v1::DealEvent;
using events::v1::Event;

// The step of ".../steps/<step>".
std::string_view StepOfPrincipal(std::string_view principal) {
  constexpr std::string_view kSteps = "/steps/";
  const size_t place = principal.rfind(kSteps);
  if (place == std::string_view::npos) return {};
  return principal.substr(place + kSteps.size());
}

}  // namespace

std::string NameOf(const Names& names, const std::string& id) {
  const auto found = names.find(id);
  return found == names.end() ? id : found->second;
}

std::string WhyOf(const storage::v1::EventHeader& header, const Event& event, const Names& names) {
  if (!header.override_reason().empty()) return header.override_reason();
  const std::string& principal = header.actor().principal();
  if (const std::string workflow(WorkflowOfPrincipal(principal)); !workflow.empty()) {
    return absl::StrCat("workflow ", NameOf(names, workflow), ", step ",
                        std::string(StepOfPrincipal(principal)));
  }
  if (event.deal().has_deal_lost()) return event.deal().deal_lost().reason();
  if (event.deal().deal_stage_moved().cause() == events::v1::MOVE_CAUSE_STAGE_RETIRED) {
    return absl::StrCat("stage ", NameOf(names, event.deal().deal_stage_moved().from_stage_id()),
                        " was retired");
  }
  if (event.activity().has_activity_cancelled()) {
    return event.activity().activity_cancelled().reason();
  }
  return "";
}

int64_t VisitMicros(const Event& event) {
  switch (event.deal().kind_case()) {
    case DealEvent::kDealStageMoved:
      return event.deal().deal_stage_moved().visit_duration_us();
    case DealEvent::kDealWon:
      return event.deal().deal_won().visit_duration_us();
    case DealEvent::kDealLost:
      return event.deal().deal_lost().visit_duration_us();
    default:
      return -1;
  }
}

std::string_view WorkflowOfPrincipal(std::string_view principal) {
  constexpr std::string_view kWorkflow = "workflow/";
  if (principal.substr(0, kWorkflow.size()) != kWorkflow) return {};
  principal.remove_prefix(kWorkflow.size());
  return principal.substr(0, principal.find('/'));
}

std::string AmountText(const events::v1::Money& amount) {
  if (amount.currency_code().empty()) return "";
  return projections::MoneyText(amount.amount_minor(), amount.currency_code());
}

std::string DateText(const events::v1::Date& date) {
  return date.year() == 0 ? "" : projections::DateText(date);
}

}  // namespace dealog::rpc
