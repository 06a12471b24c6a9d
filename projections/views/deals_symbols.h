#pragma once

// A tenant's symbols: every text that deals share (ids of owners, stages, products, tags, sources,
// reasons, …) has a small number.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "projections/views/dictionary.h"

namespace dealog::projections {

using Symbol = uint32_t;
inline constexpr Symbol kNoSymbol = 0;  // The empty text.

// Thread safety: const methods from many threads; copies may be read while the original adds.
// Invariants: symbols are dense from 0 and never change; they depend on the order of Intern alone.
// A copy knows what the original knew when it was copied, and nothing that was added since: who
// sizes something by size() may index it by whatever Find gives.
class Symbols {
 public:
  Symbols() { Intern({}); }

  Symbol Intern(std::string_view text) {
    const Symbol symbol = dictionary_->Intern(text);
    size_ = dictionary_->size();
    return symbol;
  }
  // kNoSymbol if the text has none.
  Symbol Find(std::string_view text) const {
    const std::optional<uint32_t> found = dictionary_->Lookup(text);
    return found && *found < size_ ? *found : kNoSymbol;
  }
  std::string_view Text(Symbol symbol) const { return dictionary_->Text(symbol); }
  // One more than the largest symbol.
  size_t size() const { return size_; }

 private:
  std::shared_ptr<Dictionary> dictionary_ = std::make_shared<Dictionary>();  // Copies' as well.
  size_t size_ = 0;
};

}  // namespace dealog::projections
