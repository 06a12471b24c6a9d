#pragma once

// What the texts in a file mean: dates, numbers, money. Pure.

#include <cstdint>
#include <string_view>

#include "absl/time/time.h"
#include "dealog/events/v1/values.pb.h"
#include "dealog/v1/common.pb.h"
#include "services/jobs/row_fault.h"

namespace dealog::jobs {

// Length of the longest prefix of `text` that is valid UTF-8.
size_t ValidUtf8Prefix(std::string_view text);

// "2017-02-28". DATE_INVALID for another form and for days that the calendar lacks.
MaybeFault ParseDate(std::string_view text, events::v1::Date& date);

// µs since 1970 UTC of 00:00 of that day in `zone`.
int64_t StartOfDay(const events::v1::Date& date, const absl::TimeZone& zone);

// The instant as text for messages: "2017-02-28 00:00 UTC".
std::string InstantText(int64_t time_us);

// "-1.5"; `decimal` is what separates the fraction. NUMBER_INVALID.
MaybeFault ParseNumber(std::string_view text, char decimal, double& number);

// "1054.50", exact. NUMBER_INVALID, also for more decimals than the currency has; AMOUNT_NEGATIVE.
MaybeFault ParseMoney(std::string_view text, char decimal, std::string_view currency,
                      v1::Money& money);

}  // namespace dealog::jobs
