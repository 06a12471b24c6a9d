#include "projections/views/deals_postings.h"

#include <algorithm>

#include "eventstore/base/check.h"

namespace dealog::projections {

void DealPostings::Put(Sets& sets, uint32_t value, DealIndex deal) {
  if (value != kNoSymbol) sets[value].Add(deal);
}

void DealPostings::Take(Sets& sets, uint32_t value, DealIndex deal) {
  if (value == kNoSymbol) return;
  const auto found = sets.find(value);
  DEALOG_CHECK(found != sets.end()) << "a deal leaves the value that it has";
  found->second.Remove(deal);
  if (found->second.empty()) sets.erase(found);
}

void DealPostings::Replace(DealIndex deal, const PostedValues& before, const PostedValues& after) {
  for (size_t number = 0; number < kPostedCount; ++number) {
    if (before.values[number] == after.values[number]) continue;
    Sets& sets = sets_[number];
    if (static_cast<Posted>(number) != Posted::kTags) {
      Take(sets, before.values[number], deal);
      Put(sets, after.values[number], deal);
      continue;
    }
    // Both are sorted; most tags stay.
    static const std::vector<Symbol> kNone;
    const std::vector<Symbol>& old_tags = before.tags != nullptr ? *before.tags : kNone;
    const std::vector<Symbol>& new_tags = after.tags != nullptr ? *after.tags : kNone;
    for (const Symbol tag : old_tags) {
      if (!std::binary_search(new_tags.begin(), new_tags.end(), tag)) Take(sets, tag, deal);
    }
    for (const Symbol tag : new_tags) {
      if (!std::binary_search(old_tags.begin(), old_tags.end(), tag)) Put(sets, tag, deal);
    }
  }
}

const DealSet* DealPostings::Find(Posted field, uint32_t value) const {
  const Sets& sets = sets_[static_cast<size_t>(field)];
  const auto found = sets.find(value);
  return found == sets.end() ? nullptr : &found->second;
}

size_t DealPostings::ApproximateBytes() const {
  size_t bytes = 0;
  for (const Sets& sets : sets_) {
    for (const auto& [value, deals] : sets) bytes += deals.ApproximateBytes();
  }
  return bytes;
}

}  // namespace dealog::projections
