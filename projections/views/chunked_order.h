#pragma once

// Entries in an order that the caller says: adding and taking out at any place, passing along in
// either direction from a place on, and counting up to one, each about the same however many
// entries there are. An entry may be a number that the order is looked up by: nothing is copied.
//
// A place is told by a predicate that holds for the entries before it, and for no others.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "eventstore/base/check.h"

namespace dealog::projections {

// Thread safety: const methods from many threads.
// Invariants: no chunk is empty; two neighbours hold more than half a chunk together; counts_ is a
// Fenwick tree over the sizes of chunks_.
template <typename Entry>
class ChunkedOrder {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t chunk_count() const { return chunks_.size(); }

  // Puts the entry right after those that `before` holds for. It must not be in the order.
  template <typename Before>
  void Insert(const Entry& entry, const Before& before) {
    ++size_;
    if (chunks_.empty() || before(chunks_.back().back())) {
      // A full last chunk stays full: what is added in order wastes nothing.
      if (chunks_.empty() || chunks_.back().size() == kChunkEntriesMax) {
        chunks_.emplace_back();
        CountAnew();
      }
      chunks_.back().push_back(entry);
      return Count(chunks_.size() - 1, 1);
    }
    Place place = Find(before);
    DEALOG_CHECK(At(place) != entry) << "a deal is in an order once";
    if (chunks_[place.chunk].size() == kChunkEntriesMax) place = Split(place);
    Chunk& chunk = chunks_[place.chunk];
    chunk.insert(chunk.begin() + static_cast<std::ptrdiff_t>(place.entry), entry);
    Count(place.chunk, 1);
  }
  // The entry right after those that `before` holds for; it must be this one.
  template <typename Before>
  void Erase(const Entry& entry, const Before& before) {
    const Place place = Find(before);
    DEALOG_CHECK(place.chunk < chunks_.size() && At(place) == entry)
        << "only what is in an order leaves it";
    --size_;
    Chunk& chunk = chunks_[place.chunk];
    chunk.erase(chunk.begin() + static_cast<std::ptrdiff_t>(place.entry));
    if (chunk.empty()) {
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(place.chunk));
      CountAnew();
    } else if (!Merge(place.chunk) && (place.chunk == 0 || !Merge(place.chunk - 1))) {
      Count(place.chunk, -1);
    }
  }
  // Replaces everything.
  void Assign(std::span<const Entry> sorted) {
    chunks_.clear();
    size_ = sorted.size();
    for (; !sorted.empty(); sorted = sorted.subspan(chunks_.back().size())) {
      const auto chunk = sorted.first(std::min(sorted.size(), kChunkEntriesMax));
      chunks_.emplace_back(chunk.begin(), chunk.end());
    }
    CountAnew();
  }

  template <typename Before>
  size_t CountBefore(const Before& before) const {
    const Place place = Find(before);
    size_t count = place.entry;
    for (size_t end = place.chunk; end > 0; end &= end - 1) count += counts_[end - 1];
    return count;
  }
  // In order, until the visitor returns false.
  template <typename Visitor>
  void ForEach(const Visitor& visitor) const {
    ForEachFrom([](const Entry&) { return false; }, visitor);
  }
  // Those that `before` does not hold for, in order, until the visitor returns false.
  template <typename Before, typename Visitor>
  void ForEachFrom(const Before& before, const Visitor& visitor) const {
    Place place = Find(before);
    for (; place.chunk < chunks_.size(); place = {.chunk = place.chunk + 1}) {
      const Chunk& chunk = chunks_[place.chunk];
      for (; place.entry < chunk.size(); ++place.entry) {
        if (!visitor(chunk[place.entry])) return;
      }
    }
  }
  // Those that `before` holds for, the last one first, until the visitor returns false.
  template <typename Before, typename Visitor>
  void ForEachBack(const Before& before, const Visitor& visitor) const {
    Place place = Find(before);
    while (true) {
      for (; place.entry > 0; --place.entry) {
        if (!visitor(chunks_[place.chunk][place.entry - 1])) return;
      }
      if (place.chunk == 0) return;
      --place.chunk;
      place.entry = chunks_[place.chunk].size();
    }
  }

 private:
  using Chunk = std::vector<Entry>;
  struct Place {
    size_t chunk = 0;
    size_t entry = 0;
  };
  static constexpr size_t kChunkEntriesMax = 256;

  // The first entry that `before` does not hold for; of none, the chunk past the end.
  template <typename Before>
  Place Find(const Before& before) const {
    const auto chunk =
        std::partition_point(chunks_.begin(), chunks_.end(),
                             [&before](const Chunk& each) { return before(each.back()); });
    if (chunk == chunks_.end()) return {.chunk = chunks_.size()};
    const auto entry = std::partition_point(chunk->begin(), chunk->end(), before);
    return {.chunk = static_cast<size_t>(chunk - chunks_.begin()),
            .entry = static_cast<size_t>(entry - chunk->begin())};
  }
  const Entry& At(const Place& place) const { return chunks_[place.chunk][place.entry]; }

  // Halves the chunk; where the place is afterwards.
  Place Split(Place place) {
    const auto number = static_cast<std::ptrdiff_t>(place.chunk);
    Chunk& lower = chunks_[place.chunk];
    const auto half = lower.begin() + kChunkEntriesMax / 2;
    Chunk upper(half, lower.end());
    lower.erase(half, lower.end());
    chunks_.insert(chunks_.begin() + number + 1, std::move(upper));
    CountAnew();
    if (place.entry <= kChunkEntriesMax / 2) return place;
    return {.chunk = place.chunk + 1, .entry = place.entry - kChunkEntriesMax / 2};
  }
  // With the next one, if both are few. False: there is no next one, or they are not.
  bool Merge(size_t number) {
    if (number + 1 >= chunks_.size()) return false;
    Chunk& chunk = chunks_[number];
    const Chunk& next = chunks_[number + 1];
    if (chunk.size() + next.size() > kChunkEntriesMax / 2) return false;
    chunk.insert(chunk.end(), next.begin(), next.end());
    chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(number) + 1);
    CountAnew();
    return true;
  }
  void Count(size_t chunk, int difference) {
    for (size_t end = chunk + 1; end <= counts_.size(); end += end & (~end + 1)) {
      counts_[end - 1] += static_cast<uint32_t>(difference);
    }
  }
  // After chunks came or went: seldom, and not more work than moving the chunks after them.
  void CountAnew() {
    counts_.assign(chunks_.size(), 0);
    for (size_t end = 1; end <= counts_.size(); ++end) {
      counts_[end - 1] += static_cast<uint32_t>(chunks_[end - 1].size());
      const size_t parent = end + (end & (~end + 1));
      if (parent <= counts_.size()) counts_[parent - 1] += counts_[end - 1];
    }
  }

  std::vector<Chunk> chunks_;
  std::vector<uint32_t> counts_;
  size_t size_ = 0;
};

}  // namespace dealog::projections
