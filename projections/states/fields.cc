#include "projections/states/fields.h"

#include <cmath>
#include <optional>
#include <utility>

#include "absl/time/civil_time.h"
#include "dealog/options/v1/options.pb.h"
#include "eventstore/base/currency.h"

namespace dealog::states {

using filter::FieldType;
using filter::Value;

FieldType FilterType(FieldKind kind) {
  switch (kind) {
    case FieldKind::kText:
    case FieldKind::kChoice:
    case FieldKind::kReference:
    case FieldKind::kAttributes:
      return FieldType::kText;
    case FieldKind::kNumber:
    case FieldKind::kMoney:
      return FieldType::kNumber;
    case FieldKind::kDate:
      return FieldType::kDate;
    case FieldKind::kTime:
      return FieldType::kTime;
    case FieldKind::kTextList:
      return FieldType::kTextList;
  }
  return FieldType::kText;
}

std::string_view KindName(FieldKind kind) {
  switch (kind) {
    case FieldKind::kText:
      return "text";
    case FieldKind::kChoice:
      return "choice";
    case FieldKind::kReference:
      return "reference";
    case FieldKind::kNumber:
      return "number";
    case FieldKind::kMoney:
      return "money";
    case FieldKind::kDate:
      return "date";
    case FieldKind::kTime:
      return "time";
    case FieldKind::kTextList:
      return "list of texts";
    case FieldKind::kAttributes:
      return "texts and numbers";
  }
  return {};
}

bool IsPersonal(const google::protobuf::Descriptor& events, std::string_view stored_name) {
  if (stored_name.ends_with('.')) stored_name.remove_suffix(1);  // A family.
  for (int i = 0; i < events.field_count(); ++i) {
    const google::protobuf::Descriptor& event = *events.field(i)->message_type();
    const auto* field = event.FindFieldByName(std::string(stored_name));
    if (field != nullptr && field->options().GetExtension(options::v1::personal)) return true;
  }
  return false;
}

Value ToValue(const std::optional<events::v1::Money>& money, FieldScratch&) {
  if (!money) return Value::Unset();
  const int decimals = base::CurrencyDecimals(money->currency_code()).value_or(0);
  return Value::Number(static_cast<double>(money->amount_minor()) / std::pow(10, decimals));
}

Value ToValue(const std::optional<events::v1::Date>& date, FieldScratch&) {
  if (!date) return Value::Unset();
  return Value::Instant(absl::CivilDay(date->year(), date->month(), date->day()) -
                        absl::CivilDay(1970, 1, 1));
}

Value ToValue(int64_t at_us, FieldScratch&) {
  return at_us == 0 ? Value::Unset() : Value::Instant(at_us);
}

Value ToValue(const std::optional<int64_t>& at_us, FieldScratch&) {
  return at_us ? Value::Instant(*at_us) : Value::Unset();
}

Value ToValue(std::vector<std::string> keys, FieldScratch& scratch) {
  scratch.keys = std::move(keys);
  scratch.list.assign(scratch.keys.begin(), scratch.keys.end());
  return Value::List(scratch.list);
}

Value AttributeValue(const AttributeMap& attributes, std::string_view key) {
  const events::v1::Attribute* attribute = attributes.Find(std::string(key));
  if (attribute == nullptr) return Value::Unset();
  if (attribute->has_number()) return Value::Number(attribute->number());
  return Value::Text(attribute->text());
}

}  // namespace dealog::states
