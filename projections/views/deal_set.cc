#include "projections/views/deal_set.h"

#include <iterator>
#include <utility>

#include "eventstore/base/check.h"

namespace dealog::projections {

void DealSet::Add(DealIndex deal) {
  ++size_;
  if (dense()) {
    if (words_.size() < WordsUpTo(deal)) words_.resize(WordsUpTo(deal));
    uint64_t& word = words_[deal / kWordBits];
    DEALOG_CHECK((word & BitOf(deal)) == 0) << "a deal is in a set once";
    word |= BitOf(deal);
    if (size_ < kDensePerWord * words_.size() / 2) MakeSparse();  // It lies far beyond the others.
    return;
  }
  // Nearly always a new deal, whose number is the highest.
  const auto at = sorted_.empty() || sorted_.back() < deal
                      ? sorted_.end()
                      : std::lower_bound(sorted_.begin(), sorted_.end(), deal);
  DEALOG_CHECK(at == sorted_.end() || *at != deal) << "a deal is in a set once";
  sorted_.insert(at, deal);
  if (size_ > kDensePerWord * WordsUpTo(sorted_.back())) MakeDense();
}

void DealSet::Remove(DealIndex deal) {
  DEALOG_CHECK(Contains(deal)) << "only who is in a set leaves it";
  --size_;
  if (!dense()) {
    sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), deal));
    return;
  }
  words_[deal / kWordBits] &= ~BitOf(deal);
  if (size_ < kDensePerWord * words_.size() / 2) MakeSparse();
}

bool DealSet::Contains(DealIndex deal) const {
  if (!dense()) return std::binary_search(sorted_.begin(), sorted_.end(), deal);
  const size_t place = deal / kWordBits;
  return place < words_.size() && (words_[place] & BitOf(deal)) != 0;
}

DealIndex DealSet::First() const {
  if (empty()) return kNoDeal;
  if (!dense()) return sorted_.front();
  size_t place = 0;
  while (words_[place] == 0) ++place;
  return static_cast<DealIndex>(place * kWordBits + std::countr_zero(words_[place]));
}

void DealSet::MakeDense() {
  std::vector<DealIndex> sorted = std::exchange(sorted_, {});
  words_.assign(WordsUpTo(sorted.back()), 0);
  for (const DealIndex deal : sorted) words_[deal / kWordBits] |= BitOf(deal);
}

void DealSet::MakeSparse() {
  std::vector<DealIndex> sorted;
  sorted.reserve(size_);
  ForEach([&sorted](DealIndex deal) { sorted.push_back(deal); });
  sorted_ = std::move(sorted);
  words_ = std::vector<uint64_t>();  // Gives its memory back.
}

void DealSet::Settle() {
  while (!words_.empty() && words_.back() == 0) words_.pop_back();
  size_ = 0;
  for (const uint64_t word : words_) size_ += std::popcount(word);
  if (size_ <= kDensePerWord * words_.size()) MakeSparse();
}

DealSet DealSet::Union(std::span<const DealSet* const> sets) {
  DealSet out;
  if (sets.empty()) return out;
  if (sets.size() == 1) return *sets.front();
  size_t words = 0;
  for (const DealSet* set : sets) {
    if (set->empty()) continue;
    words = std::max(words, set->dense() ? set->words_.size() : WordsUpTo(set->sorted_.back()));
  }
  out.words_.assign(words, 0);
  for (const DealSet* set : sets) {
    for (size_t place = 0; place < set->words_.size(); ++place) {
      out.words_[place] |= set->words_[place];
    }
    for (const DealIndex deal : set->sorted_) out.words_[deal / kWordBits] |= BitOf(deal);
  }
  out.Settle();
  return out;
}

void DealSet::IntersectWith(const DealSet& other) {
  if (dense() && other.dense()) {
    words_.resize(std::min(words_.size(), other.words_.size()));
    for (size_t place = 0; place < words_.size(); ++place) words_[place] &= other.words_[place];
    return Settle();
  }
  if (dense()) {
    DealSet few = other;
    few.IntersectWith(*this);
    *this = std::move(few);
    return;
  }
  std::vector<DealIndex> both;
  if (other.dense() || sorted_.size() * kWordBits < other.sorted_.size()) {
    std::copy_if(sorted_.begin(), sorted_.end(), std::back_inserter(both),
                 [&other](DealIndex deal) { return other.Contains(deal); });
  } else {
    std::set_intersection(sorted_.begin(), sorted_.end(), other.sorted_.begin(),
                          other.sorted_.end(), std::back_inserter(both));
  }
  sorted_ = std::move(both);
  size_ = sorted_.size();
}

}  // namespace dealog::projections
