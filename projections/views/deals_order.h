#pragma once

// Deals in the order of an instant of theirs: the first ones, how many lie before an instant, and
// adding and taking out at any place, each about the same however many there are.

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "projections/views/deals_facts.h"

namespace dealog::projections {

// Thread safety: const methods from many threads.
// Invariants: entries rise strictly along the list; no chunk is empty; two neighbours hold more
// than half a chunk together.
class OrderedDeals {
 public:
  struct Entry {
    int64_t at_us = 0;
    DealIndex deal = 0;  // Decides between deals of one instant.
    auto operator<=>(const Entry&) const = default;
  };

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // The entry must not be in it.
  void Insert(Entry entry);
  // The entry must be in it.
  void Erase(Entry entry);
  // How many entries are of an earlier instant.
  size_t CountBefore(int64_t at_us) const;
  // In order, until the visitor returns false.
  template <typename Visitor>
  void ForEach(Visitor visitor) const {
    for (const std::vector<Entry>& chunk : chunks_) {
      for (const Entry& entry : chunk) {
        if (!visitor(entry)) return;
      }
    }
  }

 private:
  static constexpr size_t kChunkEntriesMax = 256;

  // The chunk that the entry is in, or belongs into; there is one.
  size_t ChunkOf(const Entry& entry) const;

  std::vector<std::vector<Entry>> chunks_;
  size_t size_ = 0;
};

}  // namespace dealog::projections
