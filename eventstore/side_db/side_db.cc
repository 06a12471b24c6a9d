#include "eventstore/side_db/side_db.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"

namespace dealog::eventstore {
namespace {

// A file in the folder: damage was met.
constexpr char kDamagedMark[] = "/DAMAGED";
constexpr int kInfoLogsKept = 2;
constexpr int kBackgroundJobsMax = 2;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status ToStatus(const SideDbOptions& options, const rocksdb::Status& status,
                      std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  std::string text = absl::StrCat(options.name, ", ", base::View(doing), ": ", status.ToString());
  if (status.IsCorruption()) {
    // Where the folder begins anew by itself, nobody need do anything.
    if (options.damage == SideDbDamage::kRefused) absl::StrAppend(&text, "; ", options.advice);
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", text);
  }
  if (status.IsNoSpace()) {
    return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW", text);
  }
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY", text);
}

bool IsHeldByAnother(const rocksdb::Status& status) {
  return status.IsIOError() && status.ToString().find("lock") != std::string::npos;
}

// True if the system would not let us: that says nothing of the folder. RocksDB hands on the
// system's words only.
bool IsOfTheSystem(const rocksdb::Status& status) {
  if (!status.IsIOError()) return false;
  const std::string text = status.ToString();
  for (const int error : {EMFILE, ENFILE, EACCES, EPERM, ENOMEM, EROFS}) {
    if (text.find(std::strerror(error)) != std::string::npos) return true;
  }
  return false;
}

rocksdb::Options MakeOptions(const SideDbOptions& options) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  rocksdb::Options made;
  made.create_if_missing = true;
  made.max_open_files = options.open_files_max;
  made.write_buffer_size = options.memtable_bytes;
  made.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  if (!options.compressed) made.compression = rocksdb::kNoCompression;
  made.keep_log_file_num = kInfoLogsKept;
  made.max_background_jobs = kBackgroundJobsMax;
  if (options.damage == SideDbDamage::kRefused) {
    // As the log does: an unfinished last record is what a crash leaves, damage elsewhere is
    // refused; what failed once is not tried again behind our back.
    made.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    made.max_bgerror_resume_count = 0;
  }
  return made;
}

absl::Status OtherFormat(const SideDbOptions& options, const std::string& path) {
  return base::Error(
      absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
      absl::StrCat(options.name, ", opening ", path, ": expected format ", options.format,
                   ", found another; start the dealogd that wrote it"));
}

absl::Status CheckFormat(rocksdb::DB& db, const std::string& path, const SideDbOptions& options,
                         bool read_only) {
  std::string format;
  const rocksdb::Status read = db.Get(rocksdb::ReadOptions(), options.format_key, &format);
  if (read.IsNotFound() && !read_only) {
    rocksdb::WriteOptions write;
    write.sync = options.damage == SideDbDamage::kRefused;
    return ToStatus(options, db.Put(write, options.format_key, options.format), "creating");
  }
  RETURN_IF_ERROR(ToStatus(options, read, "reading the format"));
  return format == options.format ? absl::OkStatus() : OtherFormat(options, path);
}

}  // namespace

// ---- SideWrite ---------------------------------------------------------------------------------

struct SideWrite::Rows {
  rocksdb::WriteBatch batch;

  // A batch in memory refuses only rows of more than 4 GiB.
  static void Added(const rocksdb::Status& status) {
    DEALOG_CHECK(status.ok()) << status.ToString();
  }
};

SideWrite::SideWrite() : rows_(std::make_unique<Rows>()) {}
SideWrite::~SideWrite() = default;
SideWrite::SideWrite(SideWrite&& other) noexcept = default;
SideWrite& SideWrite::operator=(SideWrite&& other) noexcept = default;

void SideWrite::Put(std::string_view key, std::string_view value) {
  Rows::Added(rows_->batch.Put(ToSlice(key), ToSlice(value)));
}

void SideWrite::Delete(std::string_view key) { Rows::Added(rows_->batch.Delete(ToSlice(key))); }

void SideWrite::DeletePrefix(std::string_view prefix) {
  // The first key after all that begin with it.
  std::string end(prefix);
  while (!end.empty() && static_cast<uint8_t>(end.back()) == 0xFF) end.pop_back();
  DEALOG_CHECK(!end.empty()) << "no key comes after those with this prefix";
  ++end.back();
  Rows::Added(rows_->batch.DeleteRange(ToSlice(prefix), ToSlice(end)));
}

bool SideWrite::empty() const { return rows_->batch.Count() == 0; }

// ---- SideDb ------------------------------------------------------------------------------------

SideDb::SideDb(std::unique_ptr<rocksdb::DB> db, std::string path, SideDbOptions options)
    : db_(std::move(db)), path_(std::move(path)), options_(std::move(options)) {}
SideDb::~SideDb() = default;

struct SideDb::Opened {
  absl::Status status;
  bool intact = false;  // What kept it from opening says nothing of its rows.
  std::unique_ptr<rocksdb::DB> db;
};

// Opens the folder and checks its format, which an empty one is given.
SideDb::Opened SideDb::OpenFolder(const std::string& path, const SideDbOptions& options) {
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(MakeOptions(options), path, &raw);
  Opened folder{.status = ToStatus(options, opened, "opening " + path),
                .intact = IsHeldByAnother(opened) || IsOfTheSystem(opened),
                .db = std::unique_ptr<rocksdb::DB>(raw)};
  if (!folder.status.ok()) return folder;
  folder.status = CheckFormat(*folder.db, path, options, /*read_only=*/false);
  std::error_code error;
  if (folder.status.ok() && options.damage == SideDbDamage::kMarkedAndBegunAnew &&
      std::filesystem::exists(path + kDamagedMark, error)) {
    folder.status = base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                                options.name + ": damage was met while it was in use");
  }
  return folder;
}

absl::StatusOr<std::unique_ptr<SideDb>> SideDb::Open(const std::string& path,
                                                     SideDbOptions options) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  Opened folder = OpenFolder(path, options);
  // Neither another process nor a full disk is damage, nor what the system does not let us do.
  if (!folder.status.ok() && options.damage != SideDbDamage::kRefused && !folder.intact &&
      !absl::IsResourceExhausted(folder.status)) {
    folder.db.reset();
    const std::string aside = path + ".damaged";
    std::filesystem::remove_all(aside, error);
    std::filesystem::rename(path, aside, error);
    if (options.log) {
      options.log(absl::StrCat(options.contents,
                               " are rebuilt: ", std::string(folder.status.message()),
                               "; the folder was moved to ", aside));
    }
    folder = OpenFolder(path, options);
  }
  if (!folder.status.ok()) return folder.status;
  return std::unique_ptr<SideDb>(new SideDb(std::move(folder.db), path, std::move(options)));
}

absl::StatusOr<std::unique_ptr<SideDb>> SideDb::OpenReadOnly(const std::string& path,
                                                             SideDbOptions options) {
  rocksdb::DB* raw = nullptr;
  rocksdb::Options existing = MakeOptions(options);
  existing.create_if_missing = false;
  const rocksdb::Status opened = rocksdb::DB::OpenForReadOnly(existing, path, &raw);
  if (!opened.ok()) {
    return base::Error(
        absl::StatusCode::kFailedPrecondition, "NOT_READY",
        absl::StrCat("expected ", options.contents, " in ", path, ": ", opened.ToString()));
  }
  std::unique_ptr<rocksdb::DB> db(raw);
  RETURN_IF_ERROR(CheckFormat(*db, path, options, /*read_only=*/true));
  return std::unique_ptr<SideDb>(new SideDb(std::move(db), path, std::move(options)));
}

absl::Status SideDb::Write(const SideWrite& write, bool sync) {
  // An empty batch would not sync what came before.
  if (sync && write.empty()) return Check(db_->SyncWAL(), "syncing");
  rocksdb::WriteOptions options;
  options.sync = sync;
  return Check(db_->Write(options, &write.rows_->batch), "writing");
}

absl::StatusOr<std::optional<std::string>> SideDb::Read(std::string_view key) const {
  std::string value;
  const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), ToSlice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  RETURN_IF_ERROR(Check(status, "reading"));
  return value;
}

absl::Status SideDb::Scan(std::string_view prefix, const RowFn& row, bool keep) const {
  rocksdb::ReadOptions options;
  options.fill_cache = keep;
  const rocksdb::Slice start = ToSlice(prefix);
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
  for (it->Seek(start); it->Valid() && it->key().starts_with(start); it->Next()) {
    RETURN_IF_ERROR(row(ToView(it->key()), ToView(it->value())));
  }
  return Check(it->status(), "scanning");
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> SideDb::Dump() const {
  std::vector<std::pair<std::string, std::string>> rows;
  RETURN_IF_ERROR(Scan("", [&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return absl::OkStatus();
  }));
  return rows;
}

absl::Status SideDb::Malformed(std::string_view what) const {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     absl::StrCat(options_.name, ": a stored ", base::View(what),
                                  " does not decode; ", options_.advice));
}

absl::Status SideDb::Check(const rocksdb::Status& status, std::string_view doing) const {
  absl::Status checked = ToStatus(options_, status, doing);
  if (!status.IsCorruption() || options_.damage != SideDbDamage::kMarkedAndBegunAnew ||
      damaged_.exchange(true)) {
    return checked;
  }
  std::ofstream(path_ + kDamagedMark);
  if (options_.log) {
    options_.log(absl::StrCat(options_.contents, " are damaged: ", std::string(checked.message()),
                              "; all are rebuilt at the next start"));
  }
  return checked;
}

}  // namespace dealog::eventstore
