#include "projections/states/values.h"

#include <string>

#include "eventstore/base/currency.h"

namespace dealog::states {

constexpr int64_t kMicrosPerSecond = 1'000'000;

v1::Money ToApiMoney(const events::v1::Money& money) {
  v1::Money result;
  result.set_currency_code(money.currency_code());
  // A stored currency was known when it was stored; 2 decimals keep a damaged one readable.
  const int decimals = base::CurrencyDecimals(money.currency_code()).value_or(2);
  const base::UnitsAndNanos parts = base::FromMinor(money.amount_minor(), decimals);
  result.set_units(parts.units);
  result.set_nanos(parts.nanos);
  return result;
}

google::protobuf::Timestamp ToTimestamp(int64_t micros) {
  google::protobuf::Timestamp timestamp;
  int64_t seconds = micros / kMicrosPerSecond;
  int64_t rest = micros % kMicrosPerSecond;
  if (rest < 0) {  // nanos count forward, also before 1970.
    --seconds;
    rest += kMicrosPerSecond;
  }
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(rest * 1000));
  return timestamp;
}

void EvolveAttributes(const Attributes& changes, int64_t at_us, AttributeMap& attributes) {
  for (const auto& change : changes) {
    if (change.value_case() == events::v1::Attribute::VALUE_NOT_SET) {
      attributes.Erase(change.key(), at_us);
    } else {
      attributes.Set(change.key(), change, at_us);
    }
  }
}

size_t BytesOf(const AttributeMap& attributes) {
  size_t bytes = kDatedEntryBytes * attributes.entry_count();
  for (const std::string& key : attributes.Keys()) bytes += attributes.Find(key)->text().size();
  return bytes;
}

}  // namespace dealog::states
