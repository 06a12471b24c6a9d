#pragma once

// Values of requests in the form that events have; the way back is in projections/states/values.h.
// Conversions validate; `field` is the path of the value in the request and names the error.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dealog/events/v1/values.pb.h"
#include "dealog/v1/common.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "projections/states/dated.h"
#include "projections/states/values.h"
#include "services/domain/decider.h"

namespace dealog::domain {

// Money >= 0 of a known currency, without more decimals than it has, that fits 64 bits of minor
// units. Each failure names amount.currency_code, .units or .nanos.
absl::StatusOr<events::v1::Money> ToEventMoney(std::string_view field, const v1::Money& money);

// True if both are unset or equal.
bool SameMoney(const std::optional<events::v1::Money>& a,
               const std::optional<events::v1::Money>& b);
bool SameDate(const std::optional<events::v1::Date>& a, const std::optional<events::v1::Date>& b);

// A date that exists in the Gregorian calendar, years 1 to 9999.
absl::Status CheckDate(std::string_view field, const events::v1::Date& date);

// µs since 1970 UTC; refuses what is no valid protobuf Timestamp (years 1 to 9999).
absl::StatusOr<int64_t> ToMicros(std::string_view field,
                                 const google::protobuf::Timestamp& timestamp);
// As in RFC 3339, UTC; for messages.
std::string TimeText(int64_t micros);

// Distinct and sorted; refuses empty, over-long and too many.
absl::StatusOr<std::vector<std::string>> ToTags(
    std::string_view field, const google::protobuf::RepeatedPtrField<std::string>& tags);

// What tagging and untagging change: the tags of a request that `now` lacks, or has. FIELD_INVALID
// for none at all, LIMIT_EXCEEDED past kTagsMax.
absl::StatusOr<std::vector<std::string>> TagsToAdd(
    const google::protobuf::RepeatedPtrField<std::string>& tags, const TagSet& now);
absl::StatusOr<std::vector<std::string>> TagsToRemove(
    const google::protobuf::RepeatedPtrField<std::string>& tags, const TagSet& now);

// Sorted by key; refuses bad keys, double keys, over-long text, numbers that are not finite, and,
// unless `may_remove`, one without a value.
absl::StatusOr<std::vector<events::v1::Attribute>> ToAttributes(
    std::string_view field,
    const google::protobuf::RepeatedPtrField<events::v1::Attribute>& attributes, bool may_remove);

}  // namespace dealog::domain
