#pragma once

// Compares the rows of a family with those that they should be, in bounded memory. Internal to this
// folder.

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace dealog::eventstore {

// Rows that are written once and never again, as sums of their hashes, in buckets by key: two lots
// of rows are the same if their sums are (but for a chance of 2^-64 per bucket), and else differ in
// the buckets whose sums differ. Hashes are of this process alone. Thread safety: none.
class RowSums {
 public:
  static constexpr size_t kBuckets = 4096;
  static size_t BucketOf(std::string_view key);

  RowSums() : buckets_(kBuckets) {}
  // `beside`: what else must be equal.
  void Add(std::string_view key, std::string_view value, uint64_t beside);
  uint64_t count() const { return count_; }
  uint64_t count(size_t bucket) const { return buckets_[bucket].count; }
  std::vector<size_t> Differing(const RowSums& other) const;

 private:
  struct Bucket {
    uint64_t count = 0;
    uint64_t a = 0;
    uint64_t b = 0;
    bool operator==(const Bucket&) const = default;
  };
  uint64_t count_ = 0;
  std::vector<Bucket> buckets_;
};

// Rows that may be replaced or deleted, as hashes of what is there in the end: only those whose
// key's hash lies in a range, which is cut down when there are too many. Thread safety: none.
class LastRows {
 public:
  explicit LastRows(size_t rows_max) : rows_max_(rows_max) {}

  // Empties it and goes on behind the range; false if there is nothing behind it.
  bool NextRange();
  // The last of a key counts.
  void Take(std::string_view key, std::string_view value);
  void Remove(std::string_view key);
  size_t size() const { return rows_.size(); }

  enum class Match { kOutOfRange, kEqual, kOtherValue, kUnknown };
  // Compares a row that is there, and crosses it off.
  Match Found(std::string_view key, std::string_view value);
  // Hashes of keys that were not found, at most so many, in no order.
  std::vector<uint64_t> Missing(size_t count_max) const;
  static uint64_t HashOfKey(std::string_view key);

 private:
  bool InRange(uint64_t hash) const { return first_ <= hash && hash <= last_; }

  const size_t rows_max_;
  uint64_t first_ = 0;
  uint64_t last_ = UINT64_MAX;
  absl::flat_hash_map<uint64_t, uint64_t> rows_;  // Hash of the key, hash of the value.
};

}  // namespace dealog::eventstore
