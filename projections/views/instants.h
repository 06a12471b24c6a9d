#pragma once

// Instants and days: µs since 1970-01-01 UTC, and days since 1970-01-01 without a zone.

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "dealog/events/v1/values.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace dealog::projections {

void SetTimestamp(int64_t micros, google::protobuf::Timestamp& timestamp);
// nullopt if seconds or nanos are out of protobuf's range.
std::optional<int64_t> TimestampMicros(const google::protobuf::Timestamp& timestamp);

// nullopt if the calendar has no such date.
std::optional<int32_t> DayOfDate(const events::v1::Date& date);
events::v1::Date DateOfDay(int32_t day);
// "2017-03-01".
std::string DateText(const events::v1::Date& date);

// 00:00 of the day in the zone; the first instant after it where a clock change skips 00:00.
int64_t StartOfDay(int32_t day, const absl::TimeZone& zone);
// The day that an instant falls on in the zone.
int32_t DayAt(int64_t micros, const absl::TimeZone& zone);

}  // namespace dealog::projections
