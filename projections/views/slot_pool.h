#pragma once

// Rows of many deals in one array, each deal's rows side by side: who goes through all deals mostly
// runs through memory in one direction.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "eventstore/base/check.h"
#include "projections/views/deals_facts.h"

namespace dealog::projections {

// Thread safety: const methods from many threads.
template <typename Row>
class SlotPool {
 public:
  void Resize(size_t deals) { slots_.resize(deals); }

  // Replaces the deal's rows.
  void Assign(DealIndex deal, std::span<const Row> rows) {
    Slot& slot = slots_[deal];
    DEALOG_CHECK(slot.capacity != kElsewhere) << "rows that lie elsewhere do not come back";
    const auto count = static_cast<uint32_t>(rows.size());
    if (count > slot.capacity) {
      Release(slot);
      slot = Take((count + 1) & ~1U);
    }
    std::copy(rows.begin(), rows.end(), rows_.begin() + slot.first);
    slot.count = count;
  }

  // From now on the deal's rows are these, which the caller keeps; called again when they move.
  void Refer(DealIndex deal, std::span<const Row> rows) {
    Slot& slot = slots_[deal];
    if (slot.capacity != kElsewhere) {
      Release(slot);
      slot = {.first = static_cast<uint32_t>(elsewhere_.size()), .capacity = kElsewhere};
      elsewhere_.emplace_back();
    }
    elsewhere_[slot.first] = rows;
  }

  std::span<const Row> Of(DealIndex deal) const {
    const Slot& slot = slots_[deal];
    if (slot.capacity == kElsewhere) [[unlikely]]
      return elsewhere_[slot.first];
    return {rows_.data() + slot.first, slot.count};
  }
  // How many rows there is room for, used or not.
  size_t capacity() const { return rows_.size(); }

 private:
  struct Slot {
    uint32_t first = 0;
    uint32_t count = 0;
    uint32_t capacity = 0;
  };
  static constexpr uint32_t kElsewhere = std::numeric_limits<uint32_t>::max();

  void Release(Slot& slot) {
    if (slot.capacity == 0) return;
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
  std::vector<Slot> slots_;  // By deal.
  std::vector<std::span<const Row>> elsewhere_;
  std::vector<std::vector<uint32_t>> free_;  // Starts of unused stretches, by capacity / 2.
};

}  // namespace dealog::projections
