#pragma once

// Rows of many deals, those of neighbouring deals side by side: who goes through all deals mostly
// runs through memory in one direction. Deals lie in chunks, which copies of a pool share: see
// CowColumn.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "eventstore/base/check.h"
#include "eventstore/base/cow.h"
#include "projections/views/deals_facts.h"

namespace dealog::projections {

// The rows of the deals of one chunk. Thread safety: const methods from many threads.
template <typename Row>
class SlotChunk {
 public:
  void Resize(size_t deals) { slots_.resize(deals); }
  void Assign(size_t deal, std::span<const Row> rows) {
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
  void Refer(size_t deal, std::span<const Row> rows) {
    Slot& slot = slots_[deal];
    if (slot.capacity != kElsewhere) {
      Release(slot);
      slot = {.first = static_cast<uint32_t>(elsewhere_.size()), .capacity = kElsewhere};
      elsewhere_.emplace_back();
    }
    elsewhere_[slot.first] = rows;
  }
  std::span<const Row> Of(size_t deal) const {
    const Slot& slot = slots_[deal];
    if (slot.capacity == kElsewhere) [[unlikely]]
      return elsewhere_[slot.first];
    return {rows_.data() + slot.first, slot.count};
  }
  bool IsElsewhere(size_t deal) const { return slots_[deal].capacity == kElsewhere; }
  size_t capacity() const { return rows_.capacity(); }

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
    const size_t size = rows_.size() + capacity;
    // A quarter more than there is, not twice as much: most chunks have all their rows.
    if (size > rows_.capacity()) rows_.reserve(std::max(size, rows_.capacity() / 4 * 5));
    rows_.resize(size);
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

// Thread safety: as CowColumn.
template <typename Row>
class SlotPool {
 public:
  void Resize(size_t deals) {
    const size_t chunks = (deals + kChunkDeals - 1) / kChunkDeals;
    for (size_t number = deal_count_ / kChunkDeals; number < chunks; ++number) {
      if (number == chunks_.size()) chunks_.emplace_back();
      chunks_[number].Edit().Resize(std::min(kChunkDeals, deals - number * kChunkDeals));
    }
    deal_count_ = deals;
  }
  // Replaces the deal's rows.
  void Assign(DealIndex deal, std::span<const Row> rows) {
    const bool same = !chunks_[deal / kChunkDeals]->IsElsewhere(deal % kChunkDeals) &&
                      std::ranges::equal(Of(deal), rows);
    if (!same) Edit(deal).Assign(deal % kChunkDeals, rows);
  }
  // From now on the deal's rows are these, which the caller keeps for this pool and for all its
  // copies; called again when they move.
  void Refer(DealIndex deal, std::span<const Row> rows) {
    Edit(deal).Refer(deal % kChunkDeals, rows);
  }
  std::span<const Row> Of(DealIndex deal) const {
    return chunks_[deal / kChunkDeals]->Of(deal % kChunkDeals);
  }
  // How many rows there is room for, used or not.
  size_t capacity() const {
    size_t rows = 0;
    for (const auto& chunk : chunks_) rows += chunk->capacity();
    return rows;
  }

 private:
  static constexpr size_t kChunkDeals = 512;

  SlotChunk<Row>& Edit(DealIndex deal) { return chunks_[deal / kChunkDeals].Edit(); }

  std::vector<base::Cow<SlotChunk<Row>>> chunks_;
  size_t deal_count_ = 0;
};

}  // namespace dealog::projections
