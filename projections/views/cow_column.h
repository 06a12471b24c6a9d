#pragma once

// A value per deal. Values lie in chunks, which copies of a column share: a copy takes a pointer
// per chunk, and who writes clones the chunk that he writes to while a copy holds it.
//
//   CowColumn<int64_t> opened_us;
//   opened_us.Resize(count, kNever);
//   opened_us.Set(deal, now);          // Writes only what differs.

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "eventstore/base/check.h"
#include "eventstore/base/cow.h"

namespace dealog::projections {

// Thread safety: const methods from many threads, of one column and of its copies alike; a column
// may be written while its copies are read.
// Invariants: every chunk but the last holds kChunkItems values.
template <typename T, size_t kChunkItems = 2048>
class CowColumn {
 public:
  size_t size() const { return size_; }
  const T& operator[](size_t place) const {
    return values_[place / kChunkItems][place % kChunkItems];
  }
  void Set(size_t place, const T& value) {
    if (!((*this)[place] == value)) Edit(place) = value;
  }
  // Valid until the next call of a method that is not const.
  T& Edit(size_t place) {
    const size_t number = place / kChunkItems;
    std::vector<T>& chunk = chunks_[number].Edit();
    values_[number] = chunk.data();
    return chunk[place % kChunkItems];
  }
  // New places get the value.
  void Resize(size_t count, const T& value = T()) {
    DEALOG_CHECK(count >= size_) << "deals do not go";
    while (size_ < count) {
      if (size_ % kChunkItems == 0) {
        chunks_.emplace_back();
        values_.push_back(nullptr);
      }
      std::vector<T>& chunk = chunks_.back().Edit();
      const size_t items = std::min(chunk.size() + (count - size_), kChunkItems);
      if (items > chunk.capacity()) {
        chunk.reserve(std::min(std::max(2 * chunk.capacity(), items), kChunkItems));
      }
      size_ += items - chunk.size();
      chunk.resize(items, value);
      values_.back() = chunk.data();
    }
  }
  // Visits all values in order, as many at once as lie side by side: visitor(place of the first,
  // values).
  template <typename Visitor>
  void ForEachChunk(Visitor visitor) const {
    for (size_t number = 0; number < values_.size(); ++number) {
      const size_t first = number * kChunkItems;
      visitor(first, std::span<const T>(values_[number], std::min(kChunkItems, size_ - first)));
    }
  }

 private:
  std::vector<base::Cow<std::vector<T>>> chunks_;
  std::vector<const T*> values_;  // Of chunks_: saves a look-up.
  size_t size_ = 0;
};

}  // namespace dealog::projections
