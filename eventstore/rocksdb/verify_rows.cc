#include "eventstore/rocksdb/verify_rows.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/status.h"
#include "eventstore/bytes.h"

namespace dealog::eventstore {
namespace {

constexpr uint64_t kAnyValue = 0;

// The same in every process, so that a report can be repeated.
uint64_t HashOf(std::string_view bytes) {
  const base::Digest digest = base::Sha256(bytes);
  return LoadBig<uint64_t>(base::AsView(digest).data()) | 1;  // Never kAnyValue.
}

}  // namespace

void ExpectedRows::Take(const Row& row) {
  if (row.deleted) {
    rows_.erase(HashOf(row.key));
  } else {
    rows_[HashOf(row.key)] = HashOf(row.value);
  }
}

void ExpectedRows::TakeAnyValue(std::string_view key) { rows_[HashOf(key)] = kAnyValue; }

bool ExpectedRows::TakeMissing(std::string_view key) { return rows_.erase(HashOf(key)) > 0; }

absl::Status ExpectedRows::Compare(const LogDatabase& database,
                                   const std::function<void(std::string)>& problem) {
  const std::string name(FamilyName(family_));
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> rows(
      database.db().NewIterator(options, database.family(family_)));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    const auto expected = rows_.find(HashOf(ToView(rows->key())));
    if (expected == rows_.end()) {
      problem(absl::StrCat("family ", name, ": row ", rows->key().ToString(true),
                           " follows from no readable batch"));
      continue;
    }
    if (expected->second != kAnyValue && expected->second != HashOf(ToView(rows->value()))) {
      problem(absl::StrCat("family ", name, ": row ", rows->key().ToString(true),
                           " has another value than follows from its batch"));
    }
    rows_.erase(expected);
  }
  return FromRocksDb(rows->status(), absl::StrCat("reading family ", name));
}

}  // namespace dealog::eventstore
