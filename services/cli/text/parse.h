#pragma once

// Values as people type them. Every refusal is INVALID_ARGUMENT and says what was expected and what
// was found; the caller names the option.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/events/v1/values.pb.h"
#include "dealog/v1/common.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace dealog::cli {

// "2017-03-01", of the proleptic Gregorian calendar; 2017-02-30 is refused.
absl::StatusOr<events::v1::Date> ParseDate(const std::string& text);

// An RFC 3339 time with its zone: "2017-03-01T09:30:00Z".
absl::StatusOr<google::protobuf::Timestamp> ParseTime(const std::string& text);

// A bare date (the server cuts it in the tenant's zone) or an RFC 3339 time.
absl::StatusOr<v1::Instant> ParseInstant(const std::string& text);

// The same, or a position of the log, "@123" or "123", for --known-at.
absl::StatusOr<v1::Instant> ParseKnownAt(const std::string& text);

// "1234.50 EUR", "1234.50EUR" or "EUR 1234.50". A negative amount passes: the server refuses it
// where it must not be.
absl::StatusOr<v1::Money> ParseMoney(const std::string& text);

// "LABEL:KIND[:PROBABILITY]" with KIND open, won or lost: "Négociation:open:0.6".
absl::StatusOr<v1::Stage> ParseStage(const std::string& text);

// A number with a unit, s, m, h, d or w: "14d" -> 1,209,600 seconds.
absl::StatusOr<int64_t> ParseSeconds(const std::string& text);

// "key=value"; a value that is a number becomes one, in quotes it stays text: zip="01234".
absl::StatusOr<events::v1::Attribute> ParseAttribute(const std::string& text);

}  // namespace dealog::cli
