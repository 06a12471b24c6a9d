#pragma once

// A small RocksDB of its own beside the log: what views, audit and groups keep. Opening, errors and
// what becomes of a damaged folder are the same for all of them.
//
//   ASSIGN_OR_RETURN(auto db, SideDb::Open(path, {.name = "timers", .advice = "restore it", …}));
//   SideWrite write;
//   write.Put("key", "value");
//   RETURN_IF_ERROR(db->Write(write));

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rocksdb {
class DB;
class Status;
}  // namespace rocksdb

namespace dealog::eventstore {

enum class SideDbDamage {
  // Nothing can make its rows again: DATA_LOSS / CORRUPT_RECORD with the advice.
  kRefused,
  // Its rows follow from the log: a folder that can't be opened, or of another format, is moved to
  // `path`.damaged (replacing an older one) and an empty one takes its place.
  kBegunAnew,
  // The same, also at the next open after damage was met in use. A damaged file can be read no
  // better tomorrow, and a compaction would stumble over it for ever.
  kMarkedAndBegunAnew,
};

struct SideDbOptions {
  std::string name;    // Begins its errors: "view store".
  std::string advice;  // Ends its errors about damage: what to do.
  // The row that says which format the others have; a new folder is given it.
  std::string format_key = "F";
  std::string format = "1";
  size_t block_cache_bytes = 0;
  size_t memtable_bytes = 0;
  int open_files_max = 0;
  bool compressed = true;
  SideDbDamage damage = SideDbDamage::kRefused;
  std::string contents;  // What is rebuilt where it begins anew: "views".
  // Told, in a sentence, that a damaged folder was moved aside, or that damage was met. Null:
  // nobody.
  std::function<void(std::string_view)> log = {};
};

// Rows that are written together or not at all. Thread safety: none.
class SideWrite {
 public:
  SideWrite();
  ~SideWrite();
  SideWrite(SideWrite&& other) noexcept;
  SideWrite& operator=(SideWrite&& other) noexcept;

  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  // Every row whose key begins so; the prefix is not empty and has a byte below 0xFF. What is put
  // afterwards stays.
  void DeletePrefix(std::string_view prefix);
  bool empty() const;

 private:
  friend class SideDb;
  struct Rows;
  std::unique_ptr<Rows> rows_;
};

// Thread safety: yes. Invariants: every error is UNAVAILABLE / NOT_READY, RESOURCE_EXHAUSTED /
// DISK_LOW or DATA_LOSS / CORRUPT_RECORD, says the name and what was being done.
class SideDb {
 public:
  // Opens the folder, or makes it. UNAVAILABLE / NOT_READY if another process holds it.
  static absl::StatusOr<std::unique_ptr<SideDb>> Open(const std::string& path,
                                                      SideDbOptions options);
  // Opens it to be read only, beside nobody or a stopped server; a write fails. FAILED_PRECONDITION
  // / NOT_READY if there is none.
  static absl::StatusOr<std::unique_ptr<SideDb>> OpenReadOnly(const std::string& path,
                                                              SideDbOptions options);
  ~SideDb();
  SideDb(const SideDb&) = delete;
  SideDb& operator=(const SideDb&) = delete;

  // Into RocksDB's own log, which survives the process; `sync`: the machine, too, with all before.
  absl::Status Write(const SideWrite& write, bool sync = false);
  // nullopt: there is none.
  absl::StatusOr<std::optional<std::string>> Read(std::string_view key) const;
  // Every row whose key begins so, in the order of keys, until `row` fails, which is the answer.
  // `keep`: what was read stays in the block cache.
  using RowFn = std::function<absl::Status(std::string_view key, std::string_view value)>;
  absl::Status Scan(std::string_view prefix, const RowFn& row, bool keep = true) const;

  // Every row, the format's too, in the order of keys: for tests and
  // for support.
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Dump() const;

  // DATA_LOSS / CORRUPT_RECORD: such a row ("checkpoint") does not decode.
  absl::Status Malformed(std::string_view what) const;

 private:
  struct Opened;
  SideDb(std::unique_ptr<rocksdb::DB> db, std::string path, SideDbOptions options);
  static Opened OpenFolder(const std::string& path, const SideDbOptions& options);
  absl::Status Check(const rocksdb::Status& status, std::string_view doing) const;

  const std::unique_ptr<rocksdb::DB> db_;
  const std::string path_;
  const SideDbOptions options_;
  mutable std::atomic<bool> damaged_ = false;
};

}  // namespace dealog::eventstore
