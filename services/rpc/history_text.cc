#include "services/rpc/history_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/currency.h"
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
  const int decimals = base::CurrencyDecimals(amount.currency_code()).value_or(2);
  const base::UnitsAndNanos parts = base::FromMinor(amount.amount_minor(), decimals);
  const char* const sign = amount.amount_minor() < 0 ? "-" : "";
  const auto units =
      parts.units < 0 ? -static_cast<uint64_t>(parts.units) : static_cast<uint64_t>(parts.units);
  if (decimals == 0) return absl::StrCat(sign, units, " ", amount.currency_code());
  const std::string nanos = absl::StrFormat("%09d", parts.nanos < 0 ? -parts.nanos : parts.nanos);
  return absl::StrCat(sign, units, ".", nanos.substr(0, decimals), " ", amount.currency_code());
}

std::string DateText(const events::v1::Date& date) {
  if (date.year() == 0) return "";
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

}  // namespace dealog::rpc
