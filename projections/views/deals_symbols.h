#pragma once

// A tenant's dictionary: every text that deals share (ids of owners, stages, products, tags,
// sources, reasons, …) has a small number, so that columns hold and compare numbers.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace dealog::projections {

using Symbol = uint32_t;
inline constexpr Symbol kNoSymbol = 0;  // The empty text.

// Thread safety: const methods from many threads.
// Invariants: symbols are dense from 0 and never change; they depend on the order of Intern alone.
class Symbols {
 public:
  Symbols() { Intern({}); }

  Symbol Intern(std::string_view text) {
    if (const auto found = by_text_.find(text); found != by_text_.end()) return found->second;
    const auto symbol = static_cast<Symbol>(texts_.size());
    by_text_.emplace(texts_.emplace_back(text), symbol);
    return symbol;
  }
  // kNoSymbol if the text has none.
  Symbol Find(std::string_view text) const {
    const auto found = by_text_.find(text);
    return found == by_text_.end() ? kNoSymbol : found->second;
  }
  std::string_view Text(Symbol symbol) const { return texts_[symbol]; }
  // One more than the largest symbol.
  size_t size() const { return texts_.size(); }

 private:
  std::deque<std::string> texts_;  // Stay where they are: by_text_ points to them.
  absl::flat_hash_map<std::string_view, Symbol> by_text_;
};

}  // namespace dealog::projections
