#pragma once

// Items in the order of their instants, ties in the order in which they were added. A back-dated
// item is inserted at its place: items lie in chunks, so that this costs about the same however
// many there are.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "eventstore/base/check.h"

namespace dealog::projections {

// `T` has a member at_us.
// Thread safety: const methods from many threads.
// Invariants: at_us never falls along the list; no chunk is empty.
template <typename T>
class TimeList {
 public:
  // An item's place; the end where chunk is the number of chunks. Void after Insert.
  struct Place {
    size_t chunk = 0;
    size_t item = 0;
    bool operator==(const Place&) const = default;
  };

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  const T& back() const {
    DEALOG_CHECK(!empty()) << "an empty list has no last item";
    return chunks_[used_ - 1].back();
  }
  bool AtEnd(const Place& place) const { return place.chunk == used_; }
  Place Next(Place place) const {
    if (++place.item < chunks_[place.chunk].size()) return place;
    return {.chunk = place.chunk + 1};
  }
  const T& operator[](const Place& place) const { return chunks_[place.chunk][place.item]; }
  // The caller keeps at_us.
  T& Mutable(const Place& place) { return chunks_[place.chunk][place.item]; }

  // Puts the item after all of the same instant.
  void Insert(T item) {
    ++size_;
    if (used_ == 0 || chunks_[used_ - 1].back().at_us <= item.at_us) {
      // The chunk before the end stays full: a list that only grows at its end wastes nothing.
      if (used_ == 0 || chunks_[used_ - 1].size() == kChunkItemsMax) AddChunk(used_);
      chunks_[used_ - 1].push_back(std::move(item));
      return;
    }
    size_t number = FindChunk(item.at_us + 1);
    if (number > 0 && StartsAfter(number, item.at_us)) --number;
    if (chunks_[number].size() == kChunkItemsMax) {
      Split(number);
      if (chunks_[number].back().at_us <= item.at_us) ++number;
    }
    std::vector<T>& chunk = chunks_[number];
    chunk.insert(std::upper_bound(chunk.begin(), chunk.end(), item.at_us, Later()),
                 std::move(item));
  }

  // The first item at or after an instant; the end if there is none.
  Place FirstFrom(int64_t begin_us) const {
    const size_t number = FindChunk(begin_us);
    if (number == used_) return {.chunk = used_};
    const std::vector<T>& chunk = chunks_[number];
    const auto at = std::lower_bound(chunk.begin(), chunk.end(), begin_us, Earlier());
    return {.chunk = number, .item = static_cast<size_t>(at - chunk.begin())};
  }
  // The last item before an instant; nullptr if there is none.
  const T* LastBefore(int64_t end_us) const {
    const Place after = FirstFrom(end_us);
    if (after.item > 0) return &chunks_[after.chunk][after.item - 1];
    return after.chunk > 0 ? &chunks_[after.chunk - 1].back() : nullptr;
  }
  template <typename Visitor>
  void ForEach(Visitor visitor) const {
    for (size_t number = 0; number < used_; ++number) {
      for (const T& item : chunks_[number]) visitor(item);
    }
  }
  // Keeps the memory of the first chunk.
  void Clear() {
    size_ = 0;
    used_ = 0;
    if (!chunks_.empty()) chunks_.resize(1);
    if (!chunks_.empty()) chunks_.front().clear();
  }

 private:
  static constexpr size_t kChunkItemsMax = 256;

  struct Earlier {
    bool operator()(const T& item, int64_t instant) const { return item.at_us < instant; }
  };
  struct Later {
    bool operator()(int64_t instant, const T& item) const { return instant < item.at_us; }
  };

  bool StartsAfter(size_t number, int64_t instant) const {
    return number == used_ || chunks_[number].front().at_us > instant;
  }
  // The first chunk that has an item at or after the instant.
  size_t FindChunk(int64_t instant) const {
    const auto end = chunks_.begin() + static_cast<ptrdiff_t>(used_);
    const auto at = std::partition_point(
        chunks_.begin(), end,
        [instant](const std::vector<T>& chunk) { return chunk.back().at_us < instant; });
    return static_cast<size_t>(at - chunks_.begin());
  }
  void AddChunk(size_t number) {
    if (number == used_ && used_ < chunks_.size()) {  // A cleared one.
      ++used_;
      return;
    }
    chunks_.insert(chunks_.begin() + static_cast<ptrdiff_t>(number), std::vector<T>());
    ++used_;
  }
  void Split(size_t number) {
    AddChunk(number + 1);
    std::vector<T>& left = chunks_[number];
    std::vector<T>& right = chunks_[number + 1];
    const auto middle = left.begin() + static_cast<ptrdiff_t>(left.size() / 2);
    right.reserve(kChunkItemsMax);
    right.assign(std::make_move_iterator(middle), std::make_move_iterator(left.end()));
    left.erase(middle, left.end());
  }

  std::vector<std::vector<T>> chunks_;
  size_t used_ = 0;  // Chunks in use; one cleared chunk may follow, none else.
  size_t size_ = 0;
};

}  // namespace dealog::projections
