#pragma once

// A tenant's symbols: every text that deals share (ids of owners, stages, products, tags, sources,
// reasons, …) has a small number.

#include <cstdint>
#include <string_view>

#include "projections/views/dictionary.h"

namespace dealog::projections {

using Symbol = uint32_t;
inline constexpr Symbol kNoSymbol = 0;  // The empty text.

// Thread safety and invariants: as Dictionary.
class Symbols : public Dictionary {
 public:
  Symbols() { Intern({}); }
  // kNoSymbol if the text has none.
  Symbol Find(std::string_view text) const { return Lookup(text).value_or(kNoSymbol); }
};

}  // namespace dealog::projections
