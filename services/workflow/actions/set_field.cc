// set_field: sets one field of the deal, or clears it where the value is empty.

#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "projections/states/stream_types.h"
#include "services/domain/deal.h"
#include "services/domain/tenant.h"
#include "services/domain/workflow.h"
#include "services/workflow/actions/action.h"

namespace dealog::workflow {
namespace {

constexpr char kValueField[] = "set_field.value";
constexpr size_t kNanoDigits = 9;

// "Ada" or Ada: quotes around a text are left out.
std::string Unquoted(const std::string& value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

// "1500", "-0.5" (which the domain refuses) or "1500.50 EUR".
absl::Status ParseAmount(std::string_view text, v1::Money& amount) {
  const absl::Status malformed = base::InvalidField(
      kValueField, absl::StrCat("expected an amount as 1500, 1500.50 or \"1500.50 EUR\", found \"",
                                base::View(text), "\""));
  const size_t space = text.find(' ');
  if (space != std::string_view::npos)
    amount.set_currency_code(std::string(text.substr(space + 1)));
  std::string_view number = text.substr(0, space);
  const bool negative = number.starts_with('-');
  if (negative) number.remove_prefix(1);
  const size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  std::string fraction(point == std::string_view::npos ? "0" : number.substr(point + 1));
  if (fraction.empty() || fraction.size() > kNanoDigits) return malformed;
  fraction.resize(kNanoDigits, '0');
  for (const std::string_view digits : {whole, std::string_view(fraction)}) {
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
      return malformed;
    }
  }
  int64_t units = 0;
  int32_t nanos = 0;
  if (!absl::SimpleAtoi(base::View(whole), &units) || !absl::SimpleAtoi(fraction, &nanos)) {
    return malformed;
  }
  amount.set_units(negative ? -units : units);
  amount.set_nanos(negative ? -nanos : nanos);
  return absl::OkStatus();
}

absl::Status ParseDate(const std::string& text, events::v1::Date& date) {
  absl::CivilDay day;
  if (text.size() != 10 || !absl::ParseCivilTime(text, &day)) {
    return base::InvalidField(
        kValueField,
        absl::StrCat("expected a date of the calendar as YYYY-MM-DD, found \"", text, "\""));
  }
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return absl::OkStatus();
}

// The request that sets the field; an amount may still lack its currency.
absl::StatusOr<v1::UpdateDealRequest> Build(const events::v1::SetFieldAction& set) {
  ASSIGN_OR_RETURN(const domain::DealFieldRow* const field,
                   domain::FindSettable("set_field.field", set.field()));
  v1::UpdateDealRequest request;
  request.mutable_update_mask()->add_paths(std::string(field->path));
  const std::string value = Unquoted(set.value());
  if (field->text != nullptr) *field->text(request) = value;
  if (set.value().empty()) return request;  // Cleared.
  if (field->money != nullptr) RETURN_IF_ERROR(ParseAmount(value, *field->money(request)));
  if (field->date != nullptr) RETURN_IF_ERROR(ParseDate(value, *field->date(request)));
  return request;
}

// The currency of the deal's amount; the tenant's own where it has none.
absl::StatusOr<std::string> CurrencyOf(ActionContext& context) {
  ASSIGN_OR_RETURN(const domain::AggregateState* const deal,
                   context.states().Find({domain::kDealStream, context.deal_id()}));
  const auto& amount = static_cast<const domain::DealState*>(deal)->amount.value;
  if (amount.has_value()) return amount->currency_code();
  ASSIGN_OR_RETURN(const domain::AggregateState* const tenant,
                   context.states().Find({domain::kTenantStream, context.tenant()}));
  return static_cast<const domain::TenantState*>(tenant)->currency_code;
}

absl::Status Check(const events::v1::WorkflowAction& action) {
  return Build(action.set_field()).status();
}

absl::Status Run(const events::v1::WorkflowAction& action, ActionContext& context) {
  ASSIGN_OR_RETURN(v1::UpdateDealRequest request, Build(action.set_field()));
  request.set_deal_id(context.deal_id());
  if (request.has_amount() && request.amount().currency_code().empty()) {
    ASSIGN_OR_RETURN(*request.mutable_amount()->mutable_currency_code(), CurrencyOf(context));
  }
  return context.Issue(request);
}

}  // namespace

extern const ActionType kSetField{"set_field", events::v1::WorkflowAction::kSetField, Check, Run};

}  // namespace dealog::workflow
