#pragma once

// The folds that a fact table keeps of deals with many events, so that one more event costs the
// same however many there are.

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/check.h"
#include "eventstore/base/cow.h"
#include "projections/views/deals_fold.h"

namespace dealog::projections {

// Thread safety: as CowColumn, whose way of sharing it has: a copy shares the folds until one of
// them is edited.
class KeptFolds {
 public:
  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }
  // nullptr if none is kept of the deal.
  const DealFacts* Find(DealIndex deal) const {
    const size_t number = deal / kChunkDeals;
    if (number >= chunks_.size()) return nullptr;
    const auto found = chunks_[number]->find(deal);
    return found == chunks_[number]->end() ? nullptr : &*found->second;
  }
  // The fold of a deal of which one is kept. Its rows move when it was shared.
  DealFacts& Edit(DealIndex deal) {
    return chunks_[deal / kChunkDeals].Edit().find(deal)->second.Edit();
  }
  void Add(DealIndex deal, DealFacts facts) {
    const size_t number = deal / kChunkDeals;
    if (number >= chunks_.size()) chunks_.resize(number + 1);
    const bool is_new =
        chunks_[number].Edit().try_emplace(deal, std::in_place, std::move(facts)).second;
    DEALOG_CHECK(is_new) << "a deal's fold is kept once";
    ++count_;
  }

 private:
  static constexpr size_t kChunkDeals = 2048;
  using Chunk = absl::flat_hash_map<DealIndex, base::Cow<DealFacts>>;

  std::vector<base::Cow<Chunk>> chunks_;
  size_t count_ = 0;
};

}  // namespace dealog::projections
