#pragma once

// Items that are added and never changed or taken away: they stay where they are, so that readers
// who were told of an item may go on reading it while others are added.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>

#include "eventstore/base/check.h"

namespace dealog::projections {

// Thread safety: one thread adds; others read items that they were told of (by what made the number
// known to them: a lock, or size()).
// Invariants: an item's address never changes; bucket b holds kFirstBucket << b items.
template <typename T>
class AppendOnly {
 public:
  // One more than the last item's number.
  size_t size() const { return size_.load(std::memory_order_acquire); }
  const T& operator[](size_t number) const {
    const Place place = PlaceOf(number);
    return buckets_[place.bucket][place.item];
  }
  const T& Add(T item) {
    const size_t number = size_.load(std::memory_order_relaxed);
    const Place place = PlaceOf(number);
    DEALOG_CHECK(place.bucket < kBuckets) << "more items than numbers of 32 bits";
    std::unique_ptr<T[]>& bucket = buckets_[place.bucket];
    if (bucket == nullptr) bucket = std::make_unique<T[]>(kFirstBucket << place.bucket);
    bucket[place.item] = std::move(item);
    size_.store(number + 1, std::memory_order_release);
    return bucket[place.item];
  }

 private:
  static constexpr size_t kFirstBucket = 16;
  static constexpr size_t kBuckets = 29;  // For more than 2^32 items.

  struct Place {
    size_t bucket = 0;
    size_t item = 0;
  };
  static Place PlaceOf(size_t number) {
    const size_t shifted = number + kFirstBucket;
    const auto bucket =
        static_cast<size_t>(std::bit_width(shifted)) - std::bit_width(kFirstBucket);
    return {.bucket = bucket, .item = shifted - (kFirstBucket << bucket)};
  }

  std::array<std::unique_ptr<T[]>, kBuckets> buckets_;
  std::atomic<size_t> size_{0};
};

}  // namespace dealog::projections
