#pragma once

// Texts with small numbers, so that columns hold and compare numbers. Shared by a view and its
// copies: what is added later changes nothing for those who do not know of it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/mutex.h"
#include "projections/views/append_only.h"

namespace dealog::projections {

// Thread safety: one thread adds (Intern) while many read.
// Invariants: numbers are dense from 0 and never change; they depend on the order of Intern alone.
class Dictionary {
 public:
  // The text's number; a new one for a new text.
  uint32_t Intern(std::string_view text) {
    if (const auto found = Lookup(text)) return *found;
    const auto number = static_cast<uint32_t>(texts_.size());
    const std::string_view kept = texts_.Add(std::string(text));
    base::WriterLock lock(mu_);
    by_text_.emplace(kept, number);
    return number;
  }
  // nullopt if the text has none.
  std::optional<uint32_t> Lookup(std::string_view text) const {
    base::ReaderLock lock(mu_);
    const auto found = by_text_.find(text);
    if (found == by_text_.end()) return std::nullopt;
    return found->second;
  }
  std::string_view Text(uint32_t number) const { return texts_[number]; }
  // One more than the largest number.
  size_t size() const { return texts_.size(); }

 private:
  AppendOnly<std::string> texts_;
  mutable base::SharedMutex mu_;
  absl::flat_hash_map<std::string_view, uint32_t> by_text_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::projections
