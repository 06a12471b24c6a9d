#include "services/groups/settings.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::groups {
namespace {

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

absl::Status CheckCount(uint32_t value, uint32_t max, std::string_view field) {
  if (value >= 1 && value <= max) return absl::OkStatus();
  return base::InvalidField(field, absl::StrCat("expected 1 to ", max, ", found ", value));
}

}  // namespace

absl::Status CheckGroupName(std::string_view name) {
  const bool clean = std::all_of(name.begin(), name.end(),
                                 [](char c) { return IsLetterOrDigit(c) || c == '_' || c == '-'; });
  if (clean && !name.empty() && name.size() <= kGroupNameBytesMax && IsLetterOrDigit(name[0])) {
    return absl::OkStatus();
  }
  return base::InvalidField(
      "name", absl::StrCat("expected 1 to ", kGroupNameBytesMax,
                           " of a-z, 0-9, _ and -, first a letter or a digit, found ", name.size(),
                           " other bytes"));
}

absl::Status CheckSettings(const GroupSettings& settings) {
  RETURN_IF_ERROR(
      CheckCount(settings.max_deliveries, kMaxDeliveriesMax, "settings.max_deliveries"));
  RETURN_IF_ERROR(CheckCount(settings.max_in_flight, kMaxInFlightMax, "settings.max_in_flight"));
  if (settings.ack_timeout_us >= kAckTimeoutMicrosMin &&
      settings.ack_timeout_us <= kAckTimeoutMicrosMax) {
    return absl::OkStatus();
  }
  return base::InvalidField(
      "settings.ack_timeout",
      absl::StrCat("expected ", absl::FormatDuration(absl::Microseconds(kAckTimeoutMicrosMin)),
                   " to ", absl::FormatDuration(absl::Microseconds(kAckTimeoutMicrosMax)),
                   ", found ", absl::FormatDuration(absl::Microseconds(settings.ack_timeout_us))));
}

GroupSettings Merge(const GroupSettings& old, const GroupSettings& fresh,
                    const SettingsMask& mask) {
  GroupSettings merged = old;
  if (mask.filter) merged.filter = fresh.filter;
  if (mask.max_deliveries) merged.max_deliveries = fresh.max_deliveries;
  if (mask.ack_timeout) merged.ack_timeout_us = fresh.ack_timeout_us;
  if (mask.max_in_flight) merged.max_in_flight = fresh.max_in_flight;
  return merged;
}

}  // namespace dealog::groups
