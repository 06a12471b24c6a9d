#include "services/domain/values.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "eventstore/base/currency.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/domain/limits.h"
#include "services/domain/text.h"

namespace dealog::domain {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the range of protobuf's Timestamp.
constexpr int64_t kTimestampSecondsMin = -62'135'596'800;
constexpr int64_t kTimestampSecondsMax = 253'402'300'799;

std::string Sub(std::string_view field, const char* part) {
  return absl::StrCat(std::string(field), ".", part);
}

absl::Status CheckAttribute(const std::string& field, const events::v1::Attribute& attribute,
                            bool may_remove) {
  const std::string& key = attribute.key();
  const bool key_ok =
      !key.empty() && key.size() <= kAttributeKeyBytesMax &&
      key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!key_ok) {
    return base::InvalidField(Sub(field, "key"),
                              absl::StrCat("expected 1 to ", kAttributeKeyBytesMax,
                                           " characters of [a-z0-9_], found \"", key, "\""));
  }
  switch (attribute.value_case()) {
    case events::v1::Attribute::kText:
      return CheckText(Sub(field, "text"), attribute.text(), {.bytes_max = kAttributeTextBytesMax});
    case events::v1::Attribute::kNumber:
      if (!std::isfinite(attribute.number())) {
        return base::InvalidField(Sub(field, "number"), "expected a finite number");
      }
      return absl::OkStatus();
    case events::v1::Attribute::VALUE_NOT_SET:
      if (may_remove) return absl::OkStatus();
      return base::InvalidField(
          field, absl::StrCat("expected a text or a number for \"", key, "\", found no value"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<events::v1::Money> ToEventMoney(std::string_view field, const v1::Money& money) {
  const std::optional<int> decimals = base::CurrencyDecimals(money.currency_code());
  if (!decimals) {
    return base::InvalidField(Sub(field, "currency_code"),
                              absl::StrCat("expected an ISO 4217 code such as EUR, found \"",
                                           money.currency_code(), "\""));
  }
  if (money.nanos() <= -1'000'000'000 || money.nanos() >= 1'000'000'000) {
    return base::InvalidField(
        Sub(field, "nanos"),
        absl::StrCat("expected -999,999,999 to 999,999,999, found ", money.nanos()));
  }
  if ((money.units() > 0 && money.nanos() < 0) || (money.units() < 0 && money.nanos() > 0)) {
    return base::InvalidField(Sub(field, "nanos"), "expected the same sign as units");
  }
  if (money.units() < 0 || money.nanos() < 0) {
    return base::InvalidField(Sub(field, money.units() < 0 ? "units" : "nanos"),
                              absl::StrCat("expected an amount >= 0, found ", money.units(),
                                           " units and ", money.nanos(), " nanos"));
  }
  int64_t step = 1'000'000'000;
  for (int i = 0; i < *decimals; ++i) step /= 10;
  if (money.nanos() % step != 0) {
    return base::InvalidField(
        Sub(field, "nanos"),
        absl::StrCat("expected at most ", *decimals, " decimals for ", money.currency_code(),
                     ", found ", money.nanos(), " nanos"));
  }
  const std::optional<int64_t> minor = base::ToMinor({money.units(), money.nanos()}, *decimals);
  if (!minor) {
    return base::InvalidField(
        Sub(field, "units"),
        absl::StrCat("expected an amount whose minor units fit 64 bits, found ", money.units()));
  }
  events::v1::Money result;
  result.set_currency_code(money.currency_code());
  result.set_amount_minor(*minor);
  return result;
}

bool SameMoney(const std::optional<events::v1::Money>& a,
               const std::optional<events::v1::Money>& b) {
  if (!a || !b) return !a && !b;
  return a->currency_code() == b->currency_code() && a->amount_minor() == b->amount_minor();
}

bool SameDate(const std::optional<events::v1::Date>& a, const std::optional<events::v1::Date>& b) {
  if (!a || !b) return !a && !b;
  return a->year() == b->year() && a->month() == b->month() && a->day() == b->day();
}

absl::Status CheckDate(std::string_view field, const events::v1::Date& date) {
  // absl normalises impossible days (30 February becomes 2 March): equal means it exists.
  const absl::CivilDay day(date.year(), date.month(), date.day());
  if (date.year() >= 1 && date.year() <= 9999 && day.year() == date.year() &&
      day.month() == date.month() && day.day() == date.day()) {
    return absl::OkStatus();
  }
  return base::InvalidField(field,
                            absl::StrCat("expected a date that exists, years 1 to 9999, found ",
                                         absl::Dec(date.year(), absl::kZeroPad4), "-",
                                         absl::Dec(date.month(), absl::kZeroPad2), "-",
                                         absl::Dec(date.day(), absl::kZeroPad2)));
}

absl::StatusOr<int64_t> ToMicros(std::string_view field,
                                 const google::protobuf::Timestamp& timestamp) {
  if (timestamp.seconds() < kTimestampSecondsMin || timestamp.seconds() > kTimestampSecondsMax) {
    return base::InvalidField(Sub(field, "seconds"),
                              absl::StrCat("expected years 1 to 9999, found ", timestamp.seconds(),
                                           " seconds since 1970"));
  }
  if (timestamp.nanos() < 0 || timestamp.nanos() > 999'999'999) {
    return base::InvalidField(Sub(field, "nanos"),
                              absl::StrCat("expected 0 to 999,999,999, found ", timestamp.nanos()));
  }
  return timestamp.seconds() * kMicrosPerSecond + timestamp.nanos() / 1000;
}

std::string TimeText(int64_t micros) {
  return absl::FormatTime(absl::RFC3339_full, absl::FromUnixMicros(micros), absl::UTCTimeZone());
}

absl::StatusOr<std::vector<std::string>> ToTags(
    std::string_view field, const google::protobuf::RepeatedPtrField<std::string>& tags) {
  if (static_cast<size_t>(tags.size()) > kTagsMax) {
    return base::InvalidField(
        field, absl::StrCat("expected at most ", kTagsMax, " tags, found ", tags.size()));
  }
  for (int i = 0; i < tags.size(); ++i) {
    RETURN_IF_ERROR(CheckText(absl::StrCat(std::string(field), "[", i, "]"), tags[i],
                              {.required = true, .chars_max = kTagCharsMax}));
  }
  const std::set<std::string> sorted(tags.begin(), tags.end());
  return std::vector<std::string>(sorted.begin(), sorted.end());
}

absl::StatusOr<std::vector<std::string>> TagsToAdd(
    const google::protobuf::RepeatedPtrField<std::string>& tags, const TagSet& now) {
  if (tags.empty()) return base::InvalidField("tags", "expected at least one tag, found none");
  ASSIGN_OR_RETURN(std::vector<std::string> changed, ToTags("tags", tags));
  std::erase_if(changed, [&](const std::string& tag) { return now.Has(tag); });
  const size_t total = changed.size() + now.Keys().size();
  if (!changed.empty() && total > kTagsMax) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("tags: expected at most ", kTagsMax, " (kTagsMax), found ",
                                    total, "; remove some first"));
  }
  return changed;
}

absl::StatusOr<std::vector<std::string>> TagsToRemove(
    const google::protobuf::RepeatedPtrField<std::string>& tags, const TagSet& now) {
  if (tags.empty()) return base::InvalidField("tags", "expected at least one tag, found none");
  ASSIGN_OR_RETURN(std::vector<std::string> changed, ToTags("tags", tags));
  std::erase_if(changed, [&](const std::string& tag) { return !now.Has(tag); });
  return changed;
}

absl::StatusOr<std::vector<events::v1::Attribute>> ToAttributes(
    std::string_view field,
    const google::protobuf::RepeatedPtrField<events::v1::Attribute>& attributes, bool may_remove) {
  if (static_cast<size_t>(attributes.size()) > kAttributesMax) {
    return base::InvalidField(field, absl::StrCat("expected at most ", kAttributesMax,
                                                  " attributes, found ", attributes.size()));
  }
  std::vector<events::v1::Attribute> sorted(attributes.begin(), attributes.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.key() < b.key(); });
  for (int i = 0; i < attributes.size(); ++i) {
    RETURN_IF_ERROR(
        CheckAttribute(absl::StrCat(std::string(field), "[", i, "]"), attributes[i], may_remove));
  }
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i - 1].key() == sorted[i].key()) {
      return base::InvalidField(
          field, absl::StrCat("expected each key once, found \"", sorted[i].key(), "\" twice"));
    }
  }
  return sorted;
}

}  // namespace dealog::domain
