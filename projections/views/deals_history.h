#pragma once

// The values that one field of a deal had over time, from its tape: what never was true (undone,
// voided) is in no interval, what was back-dated stands at its place.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/views/deals_snapshot.h"

namespace dealog::projections {

// A value and while it was true. Instants at which a field had no value have an interval, too.
struct FieldInterval {
  std::string value;  // "" = unset.
  int64_t start_us = 0;
  int64_t end_us = kNever;  // kNever: it holds.
  Symbol actor = kNoSymbol;
  uint64_t position = 0;  // Of the event that set it.
};

// Within the snapshot's horizon, in order, without gaps, neighbours with different values, none of
// no length; none where the deal did not exist then. Values are shown as at the horizon: names, or
// ids where the field is asked for by its id_name. The fields are those of states::DealFields()
// that are kTracked; INVALID_ARGUMENT / FIELD_INVALID lists them.
absl::StatusOr<std::vector<FieldInterval>> FieldIntervals(const DealsSnapshot& snapshot,
                                                          DealIndex deal, std::string_view name);

}  // namespace dealog::projections
