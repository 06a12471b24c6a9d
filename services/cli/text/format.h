#pragma once

// Values as people read them. Every function is pure; an unset value is "" (a table leaves it out).

#include <cstdint>
#include <string>

#include "dealog/events/v1/values.pb.h"
#include "dealog/v1/common.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace dealog::cli {

// 1234567 -> "1,234,567".
std::string FormatCount(int64_t count);

// Minor units with the currency's decimals: (123450, "EUR") -> "1,234.50 EUR".
std::string FormatMinor(int64_t minor, const std::string& currency_code);

// The API's money: "1,234.50 EUR"; decimals as the currency has them, more where nanos need them.
std::string FormatMoney(const v1::Money& money);

// Days with two decimals from a day on, below that hours, minutes or seconds: "47.99 d", "3.5 h".
std::string FormatSeconds(double seconds);

// 0.63149 -> "63.15 %".
std::string FormatPercent(double ratio);

// "2017-03-01 09:30:00", in UTC; whole days without the time.
std::string FormatTime(const google::protobuf::Timestamp& time);

// "2017-03-01"; "" for an unset date.
std::string FormatDate(const events::v1::Date& date);

}  // namespace dealog::cli
