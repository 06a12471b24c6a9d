#include "services/cli/text/parse.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "eventstore/base/status.h"

namespace dealog::cli {
namespace {

constexpr int kNanoDigits = 9;
constexpr size_t kCurrencyLetters = 3;
constexpr size_t kDateLetters = 10;

absl::Status Refusal(const std::string& expected, const std::string& found) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", expected, ", found '", found, "'"));
}

bool AllDigits(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
}

bool IsCurrency(const std::string& text) {
  return text.size() == kCurrencyLetters &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isalpha(c); });
}

// True for dddd-dd-dd, whether or not there is such a day.
bool LooksLikeDate(const std::string& text) {
  return text.size() == kDateLetters && text[4] == '-' && text[7] == '-' &&
         AllDigits(text.substr(0, 4)) && AllDigits(text.substr(5, 2)) &&
         AllDigits(text.substr(8, 2));
}

// Splits "1234.50 EUR" or "EUR 1234.50" into number and currency; both empty if it is neither.
std::pair<std::string, std::string> SplitMoney(std::string text) {
  absl::StripAsciiWhitespace(&text);
  if (text.size() <= kCurrencyLetters) return {};
  const size_t tail = text.size() - kCurrencyLetters;
  for (const auto& [currency, number] :
       {std::pair(text.substr(tail), text.substr(0, tail)),
        std::pair(text.substr(0, kCurrencyLetters), text.substr(kCurrencyLetters))}) {
    if (IsCurrency(currency)) {
      return {std::string(absl::StripAsciiWhitespace(number)), absl::AsciiStrToUpper(currency)};
    }
  }
  return {};
}

absl::StatusOr<v1::Stage::Kind> ParseKind(const std::string& text) {
  const std::string kind = absl::AsciiStrToLower(text);
  if (kind == "open") return v1::Stage::OPEN;
  if (kind == "won") return v1::Stage::WON;
  if (kind == "lost") return v1::Stage::LOST;
  return Refusal("a stage's kind open, won or lost", text);
}

}  // namespace

absl::StatusOr<events::v1::Date> ParseDate(const std::string& text) {
  if (!LooksLikeDate(text)) return Refusal("a date such as 2017-03-01", text);
  events::v1::Date date;
  int32_t year = 0;
  int32_t month = 0;
  int32_t day = 0;
  if (!absl::SimpleAtoi(text.substr(0, 4), &year) || !absl::SimpleAtoi(text.substr(5, 2), &month) ||
      !absl::SimpleAtoi(text.substr(8, 2), &day)) {
    return Refusal("a date such as 2017-03-01", text);
  }
  // CivilDay carries 30 February over to March; a date that comes back changed does not exist.
  const absl::CivilDay civil(year, month, day);
  if (year == 0 || civil.month() != month || civil.day() != day) {
    return Refusal("a day of the calendar such as 2017-03-01", text);
  }
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

absl::StatusOr<google::protobuf::Timestamp> ParseTime(const std::string& text) {
  absl::Time time;
  std::string error;
  // A date that does not exist is carried over by absl, too, so its date part is checked first.
  if (text.size() > kDateLetters) {
    RETURN_IF_ERROR(ParseDate(text.substr(0, kDateLetters)).status());
  }
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error) || time == absl::InfiniteFuture() ||
      time == absl::InfinitePast()) {
    return Refusal("a time with its zone such as 2017-03-01T09:30:00Z", text);
  }
  google::protobuf::Timestamp result;
  result.set_seconds(absl::ToUnixSeconds(time));
  result.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(result.seconds()))));
  return result;
}

absl::StatusOr<v1::Instant> ParseInstant(const std::string& text) {
  v1::Instant instant;
  if (LooksLikeDate(text)) {
    ASSIGN_OR_RETURN(*instant.mutable_date(), ParseDate(text));
    return instant;
  }
  if (!LooksLikeDate(text.substr(0, kDateLetters))) {
    return Refusal("a date such as 2017-03-01 or a time such as 2017-03-01T09:30:00Z", text);
  }
  ASSIGN_OR_RETURN(*instant.mutable_time(), ParseTime(text));
  return instant;
}

absl::StatusOr<v1::Instant> ParseKnownAt(const std::string& text) {
  const std::string digits(absl::StripPrefix(text, "@"));
  if (!AllDigits(digits)) {
    if (digits.size() == text.size()) return ParseInstant(text);
    return Refusal("a position such as @123", text);
  }
  int64_t position = 0;
  if (!absl::SimpleAtoi(digits, &position)) return Refusal("a position below 2^63", text);
  v1::Instant instant;
  instant.set_position(position);
  return instant;
}

absl::StatusOr<v1::Money> ParseMoney(const std::string& text) {
  const std::string expected = "an amount with its currency such as '1234.50 EUR'";
  auto [number, currency] = SplitMoney(text);
  if (number.empty()) return Refusal(expected, text);
  const bool negative = number.front() == '-';
  if (negative) number.erase(0, 1);
  const std::vector<std::string> parts = absl::StrSplit(number, '.');
  if (parts.size() > 2 || !AllDigits(parts[0]) || (parts.size() == 2 && !AllDigits(parts[1]))) {
    return Refusal(absl::StrCat(expected, ", digits without grouping"), text);
  }
  std::string fraction = parts.size() == 2 ? parts[1] : "";
  if (fraction.size() > kNanoDigits) return Refusal("at most 9 decimals", text);
  fraction.resize(kNanoDigits, '0');
  int64_t units = 0;
  int32_t nanos = 0;
  if (!absl::SimpleAtoi(parts[0], &units) || !absl::SimpleAtoi(fraction, &nanos)) {
    return Refusal("an amount below 2^63", text);
  }
  v1::Money money;
  money.set_currency_code(currency);
  money.set_units(negative ? -units : units);
  money.set_nanos(negative ? -nanos : nanos);
  return money;
}

absl::StatusOr<v1::Stage> ParseStage(const std::string& text) {
  // A label may hold colons; the kind and the probability are what follows the last of them.
  std::vector<std::string> parts = absl::StrSplit(text, ':');
  v1::Stage stage;
  double probability = 0;
  if (parts.size() >= 3 && absl::SimpleAtod(parts.back(), &probability)) {
    if (!std::isfinite(probability) || probability < 0 || probability > 1) {
      return Refusal("a probability from 0 to 1", parts.back());
    }
    stage.set_probability(probability);
    parts.pop_back();
  }
  if (parts.size() < 2) return Refusal("LABEL:KIND[:PROBABILITY] such as Proposal:open:0.4", text);
  ASSIGN_OR_RETURN(const v1::Stage::Kind kind, ParseKind(parts.back()));
  parts.pop_back();
  stage.set_kind(kind);
  stage.set_label(absl::StrJoin(parts, ":"));
  if (stage.label().empty()) return Refusal("a label before the kind", text);
  return stage;
}

absl::StatusOr<int64_t> ParseSeconds(const std::string& text) {
  const std::string expected = "a duration such as 90s, 30m, 12h, 14d or 2w";
  constexpr std::pair<char, int64_t> kUnits[] = {
      {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 604'800}};
  int64_t number = 0;
  if (text.size() < 2 || !AllDigits(text.substr(0, text.size() - 1)) ||
      !absl::SimpleAtoi(text.substr(0, text.size() - 1), &number)) {
    return Refusal(expected, text);
  }
  for (const auto& [unit, seconds] : kUnits) {
    if (text.back() != unit) continue;
    if (number > std::numeric_limits<int64_t>::max() / seconds) return Refusal(expected, text);
    return number * seconds;
  }
  return Refusal(expected, text);
}

absl::StatusOr<events::v1::Attribute> ParseAttribute(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return Refusal("KEY=VALUE", text);
  events::v1::Attribute attribute;
  attribute.set_key(text.substr(0, equals));
  const std::string value = text.substr(equals + 1);
  double number = 0;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    attribute.set_text(value.substr(1, value.size() - 2));
  } else if (absl::SimpleAtod(value, &number) && std::isfinite(number)) {
    attribute.set_number(number);
  } else {
    attribute.set_text(value);
  }
  return attribute;
}

}  // namespace dealog::cli
