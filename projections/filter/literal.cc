#include "projections/filter/literal.h"

#include <charconv>
#include <cmath>
#include <string>

#include "absl/time/civil_time.h"
#include "eventstore/base/string_view.h"

namespace dealog::filter {
namespace {

// Digits at `at`, as a number; nullopt if one of them is none.
std::optional<int> Digits(std::string_view text, size_t at, size_t count) {
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<absl::CivilDay> ParseDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::optional<int> year = Digits(text, 0, 4);
  const std::optional<int> month = Digits(text, 5, 2);
  const std::optional<int> day = Digits(text, 8, 2);
  if (!year || !month || !day || *year == 0) return std::nullopt;
  const absl::CivilDay civil(*year, *month, *day);  // Normalises 02-30 to 03-02: compare back.
  if (civil.month() != *month || civil.day() != *day) return std::nullopt;
  return civil;
}

}  // namespace

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  // from_chars also reads "inf" and "nan", which no field holds.
  if (error != std::errc() || rest != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseDate(std::string_view text) {
  const std::optional<absl::CivilDay> day = ParseDay(text);
  if (!day) return std::nullopt;
  return *day - absl::CivilDay(1970, 1, 1);
}

std::optional<int64_t> ParseInstant(std::string_view text, absl::TimeZone zone) {
  const std::optional<absl::CivilDay> day = ParseDay(text.substr(0, 10));
  if (!day) return std::nullopt;
  if (text.size() == 10) return absl::ToUnixMicros(absl::FromCivil(*day, zone));
  if (text[10] != 'T') return std::nullopt;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, base::View(text), &time, &error)) {
    return std::nullopt;
  }
  return absl::ToUnixMicros(time);
}

std::optional<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

}  // namespace dealog::filter
