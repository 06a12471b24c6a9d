#pragma once

// A fact table's dictionary of tag sets: columns hold a set as a number. Shared by a table and its
// copies.

#include <cstdint>
#include <map>
#include <vector>

#include "projections/views/append_only.h"
#include "projections/views/deals_symbols.h"

namespace dealog::projections {

// Thread safety: one thread adds (Intern) while many read.
// Invariants: codes are dense from 0, which is the empty set, and never change.
class TagSets {
 public:
  TagSets() { Intern({}); }
  TagSets(const TagSets&) = delete;
  TagSets& operator=(const TagSets&) = delete;

  // `tags` sorted.
  uint32_t Intern(const std::vector<Symbol>& tags) {
    const auto [found, is_new] = codes_.try_emplace(tags, static_cast<uint32_t>(sets_.size()));
    if (is_new) sets_.Add(&found->first);
    return found->second;
  }
  const std::vector<Symbol>& Set(uint32_t code) const { return *sets_[code]; }
  size_t size() const { return sets_.size(); }

 private:
  std::map<std::vector<Symbol>, uint32_t> codes_;  // Of the thread that adds.
  AppendOnly<const std::vector<Symbol>*> sets_;    // By code.
};

}  // namespace dealog::projections
