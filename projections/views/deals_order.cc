#include "projections/views/deals_order.h"

#include "eventstore/base/check.h"

namespace dealog::projections {

size_t OrderedDeals::ChunkOf(const Entry& entry) const {
  const auto after = std::partition_point(
      chunks_.begin(), chunks_.end(),
      [&entry](const std::vector<Entry>& chunk) { return chunk.front() <= entry; });
  return after == chunks_.begin() ? 0 : static_cast<size_t>(after - chunks_.begin()) - 1;
}

void OrderedDeals::Insert(Entry entry) {
  ++size_;
  if (chunks_.empty() || chunks_.back().back() < entry) {
    // A full last chunk stays full: what is added in order wastes nothing.
    if (chunks_.empty() || chunks_.back().size() == kChunkEntriesMax) chunks_.emplace_back();
    chunks_.back().push_back(entry);
    return;
  }
  size_t number = ChunkOf(entry);
  if (chunks_[number].size() == kChunkEntriesMax) {
    const auto half = chunks_[number].begin() + kChunkEntriesMax / 2;
    std::vector<Entry> upper(half, chunks_[number].end());
    chunks_[number].erase(half, chunks_[number].end());
    const bool above = upper.front() <= entry;
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(number) + 1, std::move(upper));
    if (above) ++number;
  }
  std::vector<Entry>& chunk = chunks_[number];
  const auto at = std::lower_bound(chunk.begin(), chunk.end(), entry);
  DEALOG_CHECK(at == chunk.end() || *at != entry) << "a deal is in an order once";
  chunk.insert(at, entry);
}

void OrderedDeals::Erase(Entry entry) {
  DEALOG_CHECK(!chunks_.empty()) << "only what is in an order leaves it";
  const size_t number = ChunkOf(entry);
  std::vector<Entry>& chunk = chunks_[number];
  const auto at = std::lower_bound(chunk.begin(), chunk.end(), entry);
  DEALOG_CHECK(at != chunk.end() && *at == entry) << "only what is in an order leaves it";
  chunk.erase(at);
  --size_;
  const auto place = chunks_.begin() + static_cast<std::ptrdiff_t>(number);
  if (chunk.empty()) {
    chunks_.erase(place);
  } else if (number + 1 < chunks_.size() &&
             chunk.size() + chunks_[number + 1].size() <= kChunkEntriesMax / 2) {
    chunk.insert(chunk.end(), chunks_[number + 1].begin(), chunks_[number + 1].end());
    chunks_.erase(place + 1);
  }
}

size_t OrderedDeals::CountBefore(int64_t at_us) const {
  size_t count = 0;
  for (const std::vector<Entry>& chunk : chunks_) {
    if (chunk.back().at_us < at_us) {
      count += chunk.size();
      continue;
    }
    const auto end = std::partition_point(
        chunk.begin(), chunk.end(), [at_us](const Entry& entry) { return entry.at_us < at_us; });
    return count + static_cast<size_t>(end - chunk.begin());
  }
  return count;
}

}  // namespace dealog::projections
