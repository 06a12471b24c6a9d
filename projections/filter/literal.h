#pragma once

// Values in a filter's text form. Each is nullopt where the text is no such value.

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace dealog::filter {

// A finite decimal number: 1000, -2.5, 1e6.
std::optional<double> ParseNumber(std::string_view text);
// Days since 1970-01-01 of YYYY-MM-DD; a date that no calendar has is none.
std::optional<int64_t> ParseDate(std::string_view text);
// µs since 1970 UTC of an RFC 3339 time, or of a date's first instant in `zone`.
std::optional<int64_t> ParseInstant(std::string_view text, absl::TimeZone zone);
// true or false.
std::optional<bool> ParseBool(std::string_view text);

}  // namespace dealog::filter
