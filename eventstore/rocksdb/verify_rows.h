#pragma once

// Compares the rows of a family with those that they should be. Internal to this folder.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "eventstore/apply.h"
#include "eventstore/rocksdb/database.h"

namespace dealog::eventstore {

// What a family should hold, as hashes: some 30 bytes of memory a row, however long the rows.
// Thread safety: none.
class ExpectedRows {
 public:
  explicit ExpectedRows(Family family) : family_(family) {}

  // As the database would take the row: the last of a key counts, a deletion removes it.
  void Take(const Row& row);
  // A row whose value can't be known, because its source is damaged (and reported already).
  void TakeAnyValue(std::string_view key);

  // Tells `problem` of every row that is beside those expected or has another value, and crosses
  // off what it finds. The error is that of reading the family.
  absl::Status Compare(const LogDatabase& database,
                       const std::function<void(std::string)>& problem);
  // After Compare: rows that were not found, and whether this is one (asked once per row).
  bool anything_missing() const { return !rows_.empty(); }
  bool TakeMissing(std::string_view key);

 private:
  const Family family_;
  absl::flat_hash_map<uint64_t, uint64_t> rows_;  // Hash of the key, hash of the value.
};

}  // namespace dealog::eventstore
