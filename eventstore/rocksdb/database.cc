#include "eventstore/rocksdb/database.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/bytes.h"
#include "eventstore/rocksdb/folder_check.h"
#include "eventstore/rocksdb/limits.h"
#include "eventstore/rocksdb/request_reclaim.h"
#include "rocksdb/cache.h"
#include "rocksdb/convenience.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/listener.h"
#include "rocksdb/table.h"

namespace dealog::eventstore {
namespace {

rocksdb::CompressionType Compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::count(supported.begin(), supported.end(), rocksdb::kLZ4Compression) > 0;
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

rocksdb::ColumnFamilyOptions FamilyOptions(Family family,
                                           const std::shared_ptr<rocksdb::Cache>& cache,
                                           const base::Clock& clock) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  const bool commits = family == Family::kCommits;
  if (commits) table.block_size = 16 << 10;
  // Asked for keys that mostly are not there: every new request, every new name.
  if (family == Family::kRequests || family == Family::kUniques) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  }
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = commits ? kCommitsMemtableBytes : kIndexMemtableBytes;
  options.max_write_buffer_number = 2;
  options.compression = Compression();
  options.level_compaction_dynamic_level_bytes = true;
  if (family == Family::kRequests) {
    options.compaction_filter_factory = MakeRequestReclaim(clock);
    options.periodic_compaction_seconds = kRequestCompactionSeconds;
  }
  return options;
}

// After a full disk RocksDB resumes by itself, whatever max_bgerror_resume_count says, and writes
// its memtables out family by family: half of a write whose outcome is not known would come back
// at the next open. Nothing resumes; the log is closed and opened again.
class NeverResume final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

rocksdb::DBOptions DatabaseOptions(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // An incomplete record at the very end is a write that was never answered; damage anywhere else
  // refuses to open (RocksDB's default would stop there and open without the rest).
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // A failed write or sync is never repeated: what the disk did with it is not known.
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<NeverResume>());
  // One writer per partition: the cheaper insert.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.max_total_wal_size = kWriteAheadLogBytesMax;
  options.max_background_jobs = 2;
  options.max_open_files = 1024;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4 << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  return options;
}

std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

}  // namespace

absl::Status FromRocksDb(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat(base::View(doing), ": ", status.ToString());
  if (status.IsCorruption()) {
    return base::Error(
        absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
        absl::StrCat(message, "; check the folder with `dealog log verify` and restore it"));
  }
  return base::Error(absl::StatusCode::kInternal, "INTERNAL", message);
}

absl::StatusOr<std::unique_ptr<LogDatabase>> LogDatabase::Open(const Options& options) {
  std::unique_ptr<LogDatabase> database(new LogDatabase);
  if (options.file_system) {
    database->owned_env_ = rocksdb::NewCompositeEnv(options.file_system);
    database->env_ = database->owned_env_.get();
  }
  ASSIGN_OR_RETURN(const bool exists, CheckLogFolder(*database->env_, options.path));
  if (!exists && options.read_only) {
    return UnusableFolder(options.path, "holds no log; give the folder `log` of a data folder");
  }
  RETURN_IF_ERROR(database->OpenDatabase(options, exists));
  RETURN_IF_ERROR(database->CheckSettings(options));
  return database;
}

LogDatabase::~LogDatabase() {
  if (snapshot_ != nullptr) db().ReleaseSnapshot(snapshot_);
  if (!db_) return;
  for (rocksdb::ColumnFamilyHandle* handle : families_) {
    db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }
  db_->Close().PermitUncheckedError();
}

absl::Status LogDatabase::OpenDatabase(const Options& options, bool exists) {
  const auto cache = rocksdb::NewLRUCache(std::max<size_t>(options.block_cache_bytes, 1 << 20));
  const base::Clock& clock = options.clock != nullptr ? *options.clock : base::SystemClock();
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (size_t i = 0; i < kFamilyCount; ++i) {
    const Family family = static_cast<Family>(i);
    descriptors.emplace_back(std::string(FamilyName(family)), FamilyOptions(family, cache, clock));
  }
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName,
                           FamilyOptions(Family::kTenants, cache, clock));
  rocksdb::DB* db = nullptr;
  // Counters only: histograms and timers would read the clock at every step.
  statistics_ = rocksdb::CreateDBStatistics();
  statistics_->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  rocksdb::DBOptions rocksdb_options = DatabaseOptions(env_);
  rocksdb_options.statistics = statistics_;
  const rocksdb::Status opened =
      options.read_only
          ? rocksdb::DB::OpenForReadOnly(rocksdb_options, options.path, descriptors, &families_,
                                         &db)
          : rocksdb::DB::Open(rocksdb_options, options.path, descriptors, &families_, &db);
  if (!opened.ok()) {
    return exists ? OpenFailure(options.path, "opening it", opened)
                  : CreateFailure(options.path, opened);
  }
  db_.reset(db);
  return absl::OkStatus();
}

absl::Status LogDatabase::CheckSettings(const Options& options) {
  rocksdb::ColumnFamilyHandle* const settings_family = families_.back();
  std::string settings;
  const rocksdb::Status got =
      db_->Get(rocksdb::ReadOptions(), settings_family, kSettingsKey, &settings);
  if (got.IsNotFound() && !options.read_only) {
    std::unique_ptr<rocksdb::Iterator> batches(
        db_->NewIterator(rocksdb::ReadOptions(), family(Family::kBatches)));
    batches->SeekToFirst();
    if (batches->Valid()) {
      return DamagedFolder(options.path, "it has batches but no settings");
    }
    rocksdb::WriteOptions synced;
    synced.sync = true;
    partition_count_ = options.partition_count;
    return FromRocksDb(db_->Put(synced, settings_family, kSettingsKey,
                                EncodeSettings(kLogFormat, partition_count_)),
                       "creating the log");
  }
  if (!got.ok()) return FromRocksDb(got, "reading the log's settings");
  ASSIGN_OR_RETURN(partition_count_, DecodeSettings(options.path, settings));
  if (options.partition_count != 0 && options.partition_count != partition_count_) {
    return UnusableFolder(
        options.path,
        absl::StrCat("has ", partition_count_, " partitions, asked for ", options.partition_count,
                     "; the number is fixed when the folder is created"));
  }
  return absl::OkStatus();
}

std::unique_ptr<LogDatabase> LogDatabase::Snapshot() const {
  std::unique_ptr<LogDatabase> snapshot(new LogDatabase);
  snapshot->env_ = env_;
  snapshot->families_ = families_;
  snapshot->partition_count_ = partition_count_;
  snapshot->source_ = this;
  snapshot->snapshot_ = db().GetSnapshot();
  return snapshot;
}

rocksdb::ReadOptions LogDatabase::read_options() const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  options.fill_cache = snapshot_ == nullptr;
  return options;
}

absl::StatusOr<std::optional<std::string>> LogDatabase::Get(Family of, std::string_view key) const {
  std::string value;
  const rocksdb::Status status = db().Get(read_options(), family(of), ToSlice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  RETURN_IF_ERROR(FromRocksDb(status, "reading the log"));
  return value;
}

PrefixRows::PrefixRows(const LogDatabase& database, Family family, std::string prefix)
    : prefix_(std::move(prefix)),
      end_(PrefixEnd(prefix_)),
      begin_bound_(prefix_),
      end_bound_(end_) {
  rocksdb::ReadOptions options = database.read_options();
  options.iterate_lower_bound = &begin_bound_;
  if (!end_.empty()) options.iterate_upper_bound = &end_bound_;
  rows_.reset(database.db().NewIterator(options, database.family(family)));
}

}  // namespace dealog::eventstore
