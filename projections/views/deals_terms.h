#pragma once

// Comparisons of filters over deals that hold or not by a number of a dictionary: an owner, a
// stage, a tag. Who scans asks once per number; who has postings asks which of them hold.

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "projections/filter/filter.h"
#include "projections/states/deal_fields.h"
#include "projections/views/deals_postings.h"
#include "projections/views/deals_snapshot.h"

namespace dealog::projections {

// The field of a comparison.
states::DealFieldId FieldOf(const filter::Node& node);

// Ownership: the snapshot and the filter's node must outlive it.
struct DictionaryTerm {
  Posted field = Posted::kOwner;
  // Whether a deal with the value matches; of kTags, one with the tag among others. A deal without
  // any value never does.
  std::function<bool(uint32_t)> holds;
  // Where no other value can hold: its text.
  std::optional<std::string_view> only;
};

// nullopt: the comparison is about something else. Names match by id and by display name.
std::optional<DictionaryTerm> TermOf(const DealsSnapshot& snapshot, const filter::Node& node);

}  // namespace dealog::projections
