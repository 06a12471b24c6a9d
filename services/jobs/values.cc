#include "services/jobs/values.h"

#include <cmath>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/currency.h"
#include "eventstore/base/string_view.h"

namespace dealog::jobs {
namespace {

constexpr int kNanoDigits = 9;

std::string Quoted(std::string_view text) { return absl::StrCat("\"", base::View(text), "\""); }

bool AllDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

int ToInt(std::string_view digits) {
  int value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  return value;
}

// Number of continuation bytes of a lead byte, and the least code point that needs them; -1 = none.
int Continuations(uint8_t lead, uint32_t& code, uint32_t& least) {
  if (lead < 0x80) return code = lead, least = 0, 0;
  if ((lead & 0xE0) == 0xC0) return code = lead & 0x1F, least = 0x80, 1;
  if ((lead & 0xF0) == 0xE0) return code = lead & 0x0F, least = 0x800, 2;
  if ((lead & 0xF8) == 0xF0) return code = lead & 0x07, least = 0x10000, 3;
  return -1;
}

RowFault BadNumber(std::string_view text, std::string_view expected) {
  return {"NUMBER_INVALID",
          absl::StrCat("expected ", base::View(expected), ", found ", Quoted(text))};
}

}  // namespace

size_t ValidUtf8Prefix(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    uint32_t code = 0;
    uint32_t least = 0;
    const int more = Continuations(static_cast<uint8_t>(text[at]), code, least);
    if (more < 0 || at + static_cast<size_t>(more) >= text.size()) return at;
    for (int i = 1; i <= more; ++i) {
      const auto byte = static_cast<uint8_t>(text[at + static_cast<size_t>(i)]);
      if ((byte & 0xC0) != 0x80) return at;
      code = (code << 6) | (byte & 0x3F);
    }
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return at;
    at += static_cast<size_t>(more) + 1;
  }
  return at;
}

MaybeFault ParseDate(std::string_view text, events::v1::Date& date) {
  const bool shaped = text.size() == 10 && text[4] == '-' && text[7] == '-' &&
                      AllDigits(text.substr(0, 4)) && AllDigits(text.substr(5, 2)) &&
                      AllDigits(text.substr(8, 2));
  if (!shaped) {
    return RowFault{"DATE_INVALID",
                    absl::StrCat("expected a date as 2017-02-28, found ", Quoted(text))};
  }
  const int year = ToInt(text.substr(0, 4));
  const int month = ToInt(text.substr(5, 2));
  const int day = ToInt(text.substr(8, 2));
  const absl::CivilDay civil(year, month, day);  // Normalises: 02-30 becomes 03-02.
  if (year < 1 || civil.month() != month || civil.day() != day) {
    return RowFault{"DATE_INVALID", absl::StrCat("there is no day ", Quoted(text))};
  }
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return std::nullopt;
}

int64_t StartOfDay(const events::v1::Date& date, const absl::TimeZone& zone) {
  return absl::ToUnixMicros(
      absl::FromCivil(absl::CivilDay(date.year(), date.month(), date.day()), zone));
}

std::string InstantText(int64_t time_us) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

MaybeFault ParseNumber(std::string_view text, char decimal, double& number) {
  std::string plain(text);
  for (char& c : plain) {
    if (c == decimal) {
      c = '.';
    } else if (c == '.') {
      c = ' ';  // Not this file's decimal sign: refused below.
    }
  }
  const bool characters_ok = plain.find_first_not_of("0123456789+-.eE") == std::string::npos;
  if (!characters_ok || !absl::SimpleAtod(plain, &number) || !std::isfinite(number)) {
    return BadNumber(text, "a number");
  }
  return std::nullopt;
}

MaybeFault ParseMoney(std::string_view text, char decimal, std::string_view currency,
                      v1::Money& money) {
  const std::optional<int> decimals = base::CurrencyDecimals(currency);
  DEALOG_CHECK(decimals.has_value());  // The mapping was checked.
  const bool negative = text.starts_with('-');
  const std::string_view amount = text.substr(negative ? 1 : 0);
  const size_t point = amount.find(decimal);
  const std::string_view whole = amount.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : amount.substr(point + 1);
  int64_t units = 0;
  if (!AllDigits(whole) || (point != std::string_view::npos && !AllDigits(fraction)) ||
      !absl::SimpleAtoi(base::View(whole), &units)) {
    return BadNumber(text, "an amount such as 1054.50 that fits 64 bits");
  }
  const size_t last = fraction.find_last_not_of('0');
  const size_t significant = last == std::string_view::npos ? 0 : last + 1;
  if (significant > static_cast<size_t>(*decimals)) {
    return BadNumber(text, absl::StrCat("at most ", *decimals, " decimals"));
  }
  if (negative) {
    return RowFault{"AMOUNT_NEGATIVE",
                    absl::StrCat("expected an amount >= 0, found ", Quoted(text))};
  }
  std::string nanos(fraction.substr(0, significant));
  nanos.resize(kNanoDigits, '0');
  money.set_currency_code(std::string(currency));
  money.set_units(units);
  money.set_nanos(ToInt(nanos));
  return std::nullopt;
}

}  // namespace dealog::jobs
