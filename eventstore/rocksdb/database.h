#pragma once

// The RocksDB of a log folder: its families, options and the mapping of its errors. Internal to
// this folder and to tests that damage a log.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/keys.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "rocksdb/statistics.h"

namespace dealog::eventstore {

// Format of the folder: families, keys and values. Another one is refused.
inline constexpr uint32_t kLogFormat = 1;

inline rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// Maps a RocksDB status: Corruption is DATA_LOSS / CORRUPT_RECORD, all else INTERNAL.
absl::Status FromRocksDb(const rocksdb::Status& status, std::string_view doing);

// An open log folder. Thread safety: yes, as RocksDB.
// Ownership: iterators must be destroyed before it.
class LogDatabase {
 public:
  struct Options {
    std::string path;
    uint32_t partition_count = 0;  // 0: whatever the folder has (read-only).
    size_t block_cache_bytes = 0;
    std::shared_ptr<rocksdb::FileSystem> file_system;  // Null: the operating system's.
    bool read_only = false;
    // Tells which remembered requests have expired; null: the system's. Must outlive the database.
    const base::Clock* clock = nullptr;
  };
  // FAILED_PRECONDITION: in use by a process, not a log, another format or partition count.
  // DATA_LOSS: a log that is damaged or incomplete.
  static absl::StatusOr<std::unique_ptr<LogDatabase>> Open(const Options& options);
  ~LogDatabase();

  // The database as it is now, for long reads that shall not disturb others: they fill no cache.
  // Must be destroyed before this one.
  std::unique_ptr<LogDatabase> Snapshot() const;

  rocksdb::DB& db() const { return source_ != nullptr ? source_->db() : *db_; }
  rocksdb::ColumnFamilyHandle* family(Family family) const {
    return families_[static_cast<size_t>(family)];
  }
  rocksdb::FileSystem& file_system() const { return *env_->GetFileSystem(); }
  uint32_t partition_count() const { return partition_count_; }
  rocksdb::Statistics& statistics() const { return *statistics_; }

  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const;
  // How everything is to be read.
  rocksdb::ReadOptions read_options() const;

 private:
  LogDatabase() = default;
  absl::Status OpenDatabase(const Options& options, bool exists);
  absl::Status CheckSettings(const Options& options);

  std::unique_ptr<rocksdb::Env> owned_env_;
  rocksdb::Env* env_ = rocksdb::Env::Default();
  std::shared_ptr<rocksdb::Statistics> statistics_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;  // By Family, then the default one.
  uint32_t partition_count_ = 0;
  // Of a snapshot: the database that it is of, which holds the rest.
  const LogDatabase* source_ = nullptr;
  const rocksdb::Snapshot* snapshot_ = nullptr;
};

// The rows of a family under one prefix, in the order of the number behind it (keys.h).
// Thread safety: none.
class PrefixRows {
 public:
  PrefixRows(const LogDatabase& database, Family family, std::string prefix);
  PrefixRows(const PrefixRows&) = delete;
  PrefixRows& operator=(const PrefixRows&) = delete;

  // To the first row of at least that number.
  void Seek(uint64_t number) { rows_->Seek(NumberedKey(prefix_, number)); }
  void SeekToLast() { rows_->SeekToLast(); }
  // To the last row of at most that number (a longer key of that number lies beyond it).
  void SeekBack(uint64_t number) { rows_->SeekForPrev(NumberedKey(prefix_, number)); }
  void SeekKey(std::string_view key) { rows_->Seek(ToSlice(key)); }
  void Next() { rows_->Next(); }
  void Prev() { rows_->Prev(); }

  bool Valid() const { return rows_->Valid(); }
  uint64_t number() const { return NumberIn(key(), prefix_.size()); }
  // Only in `commits`: a commit without events.
  bool eventless() const { return key().size() > prefix_.size() + sizeof(uint64_t); }
  std::string_view key() const { return ToView(rows_->key()); }
  std::string_view value() const { return ToView(rows_->value()); }
  // To be asked once Valid() is false.
  absl::Status status() const { return FromRocksDb(rows_->status(), "reading the log"); }
  rocksdb::Status engine_status() const { return rows_->status(); }

 private:
  const std::string prefix_;
  const std::string end_;  // The first key behind the prefix; empty: none.
  rocksdb::Slice begin_bound_;
  rocksdb::Slice end_bound_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

}  // namespace dealog::eventstore
