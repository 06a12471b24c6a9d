#pragma once

// Rows of many deals in one array, each deal's rows side by side: scans run through memory in one
// direction, and one deal's rows are found at once.

#include <cstdint>
#include <span>
#include <vector>

#include "projections/views/deals_facts.h"

namespace dealog::projections {

// `Row` has a member `deal`; it is kNoDeal in unused rows, which scans skip.
// Thread safety: const methods from many threads.
template <typename Row>
class SlotPool {
 public:
  void Resize(size_t deals) { slots_.resize(deals); }

  // Replaces the deal's rows.
  void Assign(DealIndex deal, std::span<const Row> rows) {
    Slot& slot = slots_[deal];
    const auto count = static_cast<uint32_t>(rows.size());
    if (count > slot.capacity) {
      Release(slot);
      slot = Take((count + 1) & ~1U);
    }
    for (uint32_t i = 0; i < count; ++i) {
      rows_[slot.first + i] = rows[i];
      rows_[slot.first + i].deal = deal;
    }
    for (uint32_t i = count; i < slot.count; ++i) rows_[slot.first + i].deal = kNoDeal;
    slot.count = count;
  }

  std::span<const Row> Of(DealIndex deal) const {
    return {rows_.data() + slots_[deal].first, slots_[deal].count};
  }
  // All rows, unused ones among them.
  const std::vector<Row>& rows() const { return rows_; }

 private:
  struct Slot {
    uint32_t first = 0;
    uint32_t count = 0;
    uint32_t capacity = 0;
  };

  void Release(Slot& slot) {
    if (slot.capacity == 0) return;
    for (uint32_t i = 0; i < slot.count; ++i) rows_[slot.first + i].deal = kNoDeal;
    FreeOf(slot.capacity).push_back(slot.first);
    slot = {};
  }
  Slot Take(uint32_t capacity) {
    std::vector<uint32_t>& free = FreeOf(capacity);
    if (!free.empty()) {
      const uint32_t first = free.back();
      free.pop_back();
      return {.first = first, .capacity = capacity};
    }
    const auto first = static_cast<uint32_t>(rows_.size());
    rows_.resize(rows_.size() + capacity);
    return {.first = first, .capacity = capacity};
  }
  std::vector<uint32_t>& FreeOf(uint32_t capacity) {
    const size_t index = capacity / 2;  // Capacities are even.
    if (free_.size() <= index) free_.resize(index + 1);
    return free_[index];
  }

  std::vector<Row> rows_;
  std::vector<Slot> slots_;                  // By deal.
  std::vector<std::vector<uint32_t>> free_;  // Starts of unused stretches, by capacity / 2.
};

}  // namespace dealog::projections
