#pragma once

// A set of deals in few bytes: sorted numbers while they are few among all, else one bit per deal.
// Intersections and unions of sets that hold many deals go word by word.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "projections/views/deals_facts.h"

namespace dealog::projections {

// Thread safety: const methods from many threads.
// Invariants: equal to a set of numbers whatever its form; at most four bytes per deal that is in
// it, or one bit per deal up to its last one, room for growth aside.
class DealSet {
 public:
  // The deal must not be in it.
  void Add(DealIndex deal);
  // The deal must be in it.
  void Remove(DealIndex deal);

  bool Contains(DealIndex deal) const;
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // The lowest number; kNoDeal if it is empty.
  DealIndex First() const;
  // In the order of their numbers.
  template <typename Visitor>
  void ForEach(Visitor visitor) const {
    for (const DealIndex deal : sorted_) visitor(deal);
    for (size_t place = 0; place < words_.size(); ++place) {
      for (uint64_t word = words_[place]; word != 0; word &= word - 1) {
        visitor(static_cast<DealIndex>(place * kWordBits + std::countr_zero(word)));
      }
    }
  }

  static DealSet Union(std::span<const DealSet* const> sets);
  void IntersectWith(const DealSet& other);

  size_t ApproximateBytes() const {
    return sizeof(*this) + sorted_.capacity() * sizeof(DealIndex) +
           words_.capacity() * sizeof(uint64_t);
  }

 private:
  static constexpr size_t kWordBits = 64;
  // Bits from this many deals per word on, when both forms take the same; numbers again below half.
  static constexpr size_t kDensePerWord = 2;

  static size_t WordsUpTo(DealIndex deal) { return deal / kWordBits + 1; }
  static uint64_t BitOf(DealIndex deal) { return uint64_t{1} << deal % kWordBits; }
  bool dense() const { return !words_.empty(); }
  void MakeDense();
  void MakeSparse();
  // Counts the bits anew, drops empty words at the end and takes the form that fits.
  void Settle();

  std::vector<DealIndex> sorted_;  // One of both is empty.
  std::vector<uint64_t> words_;
  size_t size_ = 0;
};

}  // namespace dealog::projections
