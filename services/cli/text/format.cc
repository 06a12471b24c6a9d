#include "services/cli/text/format.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "eventstore/base/currency.h"

namespace dealog::cli {
namespace {

constexpr int kDefaultDecimals = 2;
constexpr int kNanoDigits = 9;
constexpr double kMinuteSeconds = 60;
constexpr double kHourSeconds = 3600;
constexpr double kDaySeconds = 86'400;

// Groups the digits of a number that has no sign.
std::string Grouped(const std::string& digits) {
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

// |value| without overflow at the smallest int64.
uint64_t Magnitude(int64_t value) {
  return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

}  // namespace

std::string FormatCount(int64_t count) {
  return absl::StrCat(count < 0 ? "-" : "", Grouped(absl::StrCat(Magnitude(count))));
}

std::string FormatMinor(int64_t minor, const std::string& currency_code) {
  const int decimals = base::CurrencyDecimals(currency_code).value_or(kDefaultDecimals);
  std::string digits = absl::StrCat(Magnitude(minor));
  const auto width = static_cast<size_t>(decimals);
  if (digits.size() <= width) digits.insert(0, width + 1 - digits.size(), '0');
  const std::string fraction = digits.substr(digits.size() - width);
  return absl::StrCat(minor < 0 ? "-" : "", Grouped(digits.substr(0, digits.size() - width)),
                      width == 0 ? "" : ".", fraction, " ", currency_code);
}

std::string FormatMoney(const v1::Money& money) {
  const bool negative = money.units() < 0 || money.nanos() < 0;
  std::string fraction = absl::StrFormat("%09d", std::abs(money.nanos()));
  const int decimals = base::CurrencyDecimals(money.currency_code()).value_or(kDefaultDecimals);
  int digits = kNanoDigits;
  while (digits > decimals && fraction[static_cast<size_t>(digits) - 1] == '0') --digits;
  fraction.resize(static_cast<size_t>(digits));
  return absl::StrCat(negative ? "-" : "", Grouped(absl::StrCat(Magnitude(money.units()))),
                      digits == 0 ? "" : ".", fraction, " ", money.currency_code());
}

std::string FormatSeconds(double seconds) {
  const double magnitude = std::abs(seconds);
  if (magnitude >= kDaySeconds) return absl::StrFormat("%.2f d", seconds / kDaySeconds);
  if (magnitude >= kHourSeconds) return absl::StrFormat("%.1f h", seconds / kHourSeconds);
  if (magnitude >= kMinuteSeconds) return absl::StrFormat("%.1f min", seconds / kMinuteSeconds);
  return absl::StrFormat("%.0f s", seconds);
}

std::string FormatPercent(double ratio) { return absl::StrFormat("%.2f %%", ratio * 100); }

std::string FormatTime(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  const absl::Time instant = absl::FromUnixSeconds(time.seconds());
  const bool midnight = time.seconds() % static_cast<int64_t>(kDaySeconds) == 0 && !time.nanos();
  return absl::FormatTime(midnight ? "%Y-%m-%d" : "%Y-%m-%d %H:%M:%S", instant,
                          absl::UTCTimeZone());
}

std::string FormatDate(const events::v1::Date& date) {
  if (date.year() == 0) return "";
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

}  // namespace dealog::cli
