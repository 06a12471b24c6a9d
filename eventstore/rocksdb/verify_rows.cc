#include "eventstore/rocksdb/verify_rows.h"

#include "absl/hash/hash.h"
#include "eventstore/base/string_view.h"

namespace dealog::eventstore {
size_t RowSums::BucketOf(std::string_view key) { return absl::HashOf(base::View(key)) % kBuckets; }

void RowSums::Add(std::string_view key, std::string_view value, uint64_t beside) {
  Bucket& bucket = buckets_[BucketOf(key)];
  ++bucket.count;
  ++count_;
  bucket.a += absl::HashOf(base::View(key), base::View(value), beside);
  bucket.b += absl::HashOf(beside, base::View(value), base::View(key), 1);
}

std::vector<size_t> RowSums::Differing(const RowSums& other) const {
  std::vector<size_t> differing;
  for (size_t i = 0; i < kBuckets; ++i) {
    if (buckets_[i] != other.buckets_[i]) differing.push_back(i);
  }
  return differing;
}

uint64_t LastRows::HashOfKey(std::string_view key) { return absl::HashOf(base::View(key)); }

bool LastRows::NextRange() {
  rows_.clear();
  if (last_ == UINT64_MAX) return false;
  first_ = last_ + 1;
  last_ = UINT64_MAX;
  return true;
}

void LastRows::Take(std::string_view key, std::string_view value) {
  const uint64_t hash = HashOfKey(key);
  if (!InRange(hash)) return;
  rows_[hash] = absl::HashOf(base::View(value));
  while (rows_.size() > rows_max_ && first_ < last_) {
    last_ = first_ + (last_ - first_) / 2;
    absl::erase_if(rows_, [this](const auto& row) { return !InRange(row.first); });
  }
}

void LastRows::Remove(std::string_view key) { rows_.erase(HashOfKey(key)); }

LastRows::Match LastRows::Found(std::string_view key, std::string_view value) {
  const uint64_t hash = HashOfKey(key);
  if (!InRange(hash)) return Match::kOutOfRange;
  const auto expected = rows_.find(hash);
  if (expected == rows_.end()) return Match::kUnknown;
  const bool equal = expected->second == absl::HashOf(base::View(value));
  rows_.erase(expected);
  return equal ? Match::kEqual : Match::kOtherValue;
}

std::vector<uint64_t> LastRows::Missing(size_t count_max) const {
  std::vector<uint64_t> missing;
  for (const auto& [key, value] : rows_) {
    if (missing.size() == count_max) break;
    missing.push_back(key);
  }
  return missing;
}

}  // namespace dealog::eventstore
