#include "eventstore/rocksdb/rocksdb_log.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "eventstore/apply.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "eventstore/bytes.h"
#include "eventstore/log_errors.h"
#include "eventstore/ring.h"
#include "eventstore/rocksdb/append_counters.h"
#include "eventstore/rocksdb/database.h"
#include "eventstore/rocksdb/disk_space.h"
#include "eventstore/rocksdb/engine_stats.h"
#include "eventstore/rocksdb/lru_map.h"
#include "eventstore/rocksdb/open_check.h"
#include "eventstore/rocksdb/reader.h"
#include "eventstore/rocksdb/strain_watch.h"
#include "eventstore/rocksdb/tenant_scan.h"
#include "eventstore/rocksdb/testing.h"
#include "eventstore/rocksdb/verify.h"
#include "eventstore/stage.h"
#include "eventstore/subscription.h"
#include "eventstore/validate.h"
#include "rocksdb/write_batch.h"

namespace dealog::eventstore {
namespace {

struct Partition {
  Partition(PartitionHead recovered, size_t ring_bytes)
      : head(std::move(recovered)), ring(head.number, ring_bytes) {}
  PartitionHead head;  // Published. Guarded by the log's mu_.
  BatchRing ring;
  std::atomic<bool> appending = false;
  rocksdb::WriteBatch rows;  // Of the append under way; kept for its memory.
};

// A tenant that has commits. Its head is read when it is first asked for.
struct Tenant {
  PartitionId partition;
  std::optional<TenantHead> head;  // Published.
};

// Thread safety: as EventLog says. A partition has one writer at a time (checked), so what the
// writer reads of its tenants can't change under it.
class RocksDbLog final : public FolderLog, private DurableState {
 public:
  RocksDbLog(const RocksDbLogOptions& options, bool sync_writes,
             std::unique_ptr<LogDatabase> database)
      : options_(options),
        clock_(options.clock != nullptr ? *options.clock : base::SystemClock()),
        database_(std::move(database)),
        reader_(*database_),
        disk_space_(*database_, options.path, options.free_bytes_min),
        strain_(*database_, disk_space_),
        stream_heads_(options.stream_heads) {
    write_options_.sync = sync_writes;
  }

  absl::Status Recover() {
    for (uint32_t i = 0; i < database_->partition_count(); ++i) {
      ASSIGN_OR_RETURN(PartitionHead head, CheckPartitionEnd(*database_, reader_, PartitionId{i}));
      partitions_.push_back(std::make_unique<Partition>(std::move(head), options_.ring_bytes));
    }
    base::MutexLock lock(mu_);
    PrefixRows rows(*database_, Family::kTenants, "");
    for (rows.SeekKey(""); rows.Valid(); rows.Next()) {
      ByteReader key(rows.key());
      const std::string name(key.Prefixed<uint8_t>());
      const PartitionId partition{ByteReader(rows.value()).Big<uint32_t>()};
      if (!key.Done() || partition.value >= partition_count()) {
        return FromRocksDb(rocksdb::Status::Corruption("a row of family tenants", name),
                           "opening the log");
      }
      tenants_[name].partition = partition;
    }
    return rows.status();
  }

  // After Recover, before any Append.
  absl::Status StartWitness() {
    PartitionHeads heads;
    for (const auto& partition : partitions_) heads.push_back(partition->head);
    ASSIGN_OR_RETURN(witness_, HeadWitness::Open(options_.witness, std::move(heads),
                                                 [this](PartitionId partition, BatchNumber number) {
                                                   return BatchDigest(partition, number);
                                                 }));
    return absl::OkStatus();
  }

  absl::StatusOr<LogVerifyReport> Verify(const LogVerifyOptions& options) override {
    return VerifyLog(*database_, options);
  }

  uint32_t partition_count() const override { return database_->partition_count(); }

  PartitionId PartitionOf(const TenantId& tenant) const override {
    return PartitionOfTenant(tenant);
  }

  std::vector<TenantId> Tenants() const override {
    base::MutexLock lock(mu_);
    std::vector<TenantId> tenants;
    tenants.reserve(tenants_.size());
    for (const auto& [name, tenant] : tenants_) tenants.push_back(TenantId{name});
    return tenants;
  }

  absl::StatusOr<std::vector<absl::StatusOr<AppendedCommit>>> Append(
      PartitionId partition, BatchNumber expected, std::span<const NewCommit> commits) override {
    RETURN_IF_ERROR(CheckPartition(partition, partition_count()));
    Partition& into = *partitions_[partition.value];
    DEALOG_CHECK(!into.appending.exchange(true))
        << "a second Append to partition " << partition.value << " before the first returned";
    auto outcomes = AppendAlone(partition, into, expected, commits);
    into.appending = false;
    return outcomes;
  }

  absl::StatusOr<ReadPage> ReadStream(const TenantId& tenant, const StreamId& stream,
                                      const StreamReadOptions& options) const override {
    ASSIGN_OR_RETURN(const TenantHead head, Head(tenant));
    if (head.position.value == 0 || !IsStorable(stream)) {
      const bool forward = options.direction == Direction::kForward;
      return ReadPage{
          .read_to = forward ? head.position : Position{std::min<uint64_t>(1, head.position.value)},
          .end = true};
    }
    return reader_.ReadStream(tenant, stream, options, head.position);
  }

  absl::StatusOr<ReadPage> ReadTenant(const TenantId& tenant,
                                      const TenantReadOptions& options) const override {
    ASSIGN_OR_RETURN(const TenantHead head, Head(tenant));
    if (head.position.value == 0) return ReadPage{.end = true};
    return ScanTenant(*database_, tenant, options, head.position);
  }

  absl::StatusOr<TenantHead> Head(const TenantId& tenant) const override { return HeadOf(tenant); }

  absl::StatusOr<Revision> StreamHead(const TenantId& tenant,
                                      const StreamId& stream) const override {
    if (tenant.value.size() > kTenantNameBytesMax || !IsStorable(stream)) return Revision{};
    std::string key = StreamPrefix(tenant.value, stream.type, stream.id);
    if (const auto cached = stream_heads_.Get(key)) return *cached;
    // Not put into the cache: the writer may have published a newer head meanwhile.
    return reader_.StreamHead(std::move(key));
  }

  PartitionHead BatchHead(PartitionId partition) const override {
    base::MutexLock lock(mu_);
    return partitions_.at(partition.value)->head;
  }

  absl::StatusOr<Position> PositionAt(const TenantId& tenant, int64_t time_us) const override {
    if (tenant.value.size() > kTenantNameBytesMax) return Position{};
    return reader_.PositionAt(tenant.value, time_us);
  }

  absl::StatusOr<std::unique_ptr<CommitSubscription>> Subscribe(const TenantId& tenant,
                                                                Position after) override {
    ASSIGN_OR_RETURN(const TenantHead head, Head(tenant));
    RETURN_IF_ERROR(CheckNotBeyond(after.value, head.position.value, "position"));
    BatchRing& ring = partitions_[PartitionOf(tenant).value]->ring;
    return MakeCommitSubscription(ring, &reader_, tenant, after);
  }

  absl::StatusOr<std::unique_ptr<BatchSubscription>> SubscribePartition(
      PartitionId partition, BatchNumber after) override {
    RETURN_IF_ERROR(CheckPartition(partition, partition_count()));
    RETURN_IF_ERROR(CheckNotBeyond(after.value, BatchHead(partition).number.value, "batch number"));
    return MakeBatchSubscription(partitions_[partition.value]->ring, &reader_, partition, after);
  }

  absl::StatusOr<std::string> BatchDigest(PartitionId partition,
                                          BatchNumber number) const override {
    ASSIGN_OR_RETURN(const auto header, ReadBatchHeader(partition, number));
    return header.digest();
  }

  absl::StatusOr<storage::v1::BatchHeader> ReadBatchHeader(PartitionId partition,
                                                           BatchNumber number) const override {
    RETURN_IF_ERROR(CheckPartition(partition, partition_count()));
    return reader_.ReadBatchHeader(partition, number);
  }

  absl::StatusOr<std::optional<storage::v1::RequestRecord>> FindRequest(
      const TenantId& tenant, std::string_view caller, std::string_view request_id) const override {
    if (tenant.value.size() > kTenantNameBytesMax || caller.size() > kCallerBytesMax ||
        request_id.size() > kRequestIdBytesMax) {
      return std::nullopt;  // No commit could carry it.
    }
    return reader_.FindRequest(RequestKey(tenant.value, caller, request_id));
  }

  absl::StatusOr<std::optional<StreamId>> FindUnique(const TenantId& tenant, std::string_view kind,
                                                     std::string_view hash) const override {
    if (tenant.value.size() > kTenantNameBytesMax || kind.size() > kUniqueKindBytesMax) {
      return std::nullopt;
    }
    return OwnerOf(tenant.value, {std::string(kind), std::string(hash), {}});
  }

  absl::Status Strain() const override { return strain_.Check(); }

  LogStats stats() const override {
    LogStats stats = counters_.Read();
    for (const auto& partition : partitions_) {
      stats.ring_misses += partition->ring.misses();
      stats.ring_bytes += partition->ring.bytes();
    }
    stats.failed = failed_;
    stats.strained = strain_.strained();
    stats.disk_free_bytes = disk_space_.free_bytes();
    stats.disk_free_bytes_min = options_.free_bytes_min;
    stats.engine = ReadEngineStats(*database_);
    return stats;
  }

 private:
  absl::StatusOr<std::vector<absl::StatusOr<AppendedCommit>>> AppendAlone(
      PartitionId partition, Partition& into, BatchNumber expected,
      std::span<const NewCommit> commits) {
    if (failed_) return WritesRefused("an earlier write failed");
    RETURN_IF_ERROR(disk_space_.Check());
    const PartitionHead head = BatchHead(partition);
    RETURN_IF_ERROR(CheckAppend(head.number, expected, commits.size()));
    Stager stager(*this, partition);
    std::vector<absl::StatusOr<AppendedCommit>> outcomes;
    outcomes.reserve(commits.size());
    for (const NewCommit& commit : commits) outcomes.push_back(stager.Stage(commit));
    if (stager.empty()) return outcomes;
    StagedBatch batch = std::move(stager).Finish(head, clock_.NowMicros());
    RETURN_IF_ERROR(Write(batch, into.rows));
    const PartitionHead synced = HeadAfter(batch.header);
    if (const absl::Status witnessed = witness_->Synced(partition, synced); !witnessed.ok()) {
      failed_ = true;
      return OutcomeUnknown(std::string(witnessed.message()));
    }
    if (options_.on_synced) options_.on_synced(partition, synced);
    Publish(partition, into, std::move(batch));
    return outcomes;
  }

  // One synced write of all rows.
  absl::Status Write(const StagedBatch& batch, rocksdb::WriteBatch& rows) {
    if (rows.GetDataSize() > kAppendRowsKeptBytes) rows = rocksdb::WriteBatch();
    rows.Clear();
    rocksdb::Status status;
    Apply(batch.header, batch.commits, [&](const Row& row) {
      rocksdb::ColumnFamilyHandle* const family = database_->family(row.family);
      const rocksdb::Status added = row.deleted
                                        ? rows.Delete(family, ToSlice(row.key))
                                        : rows.Put(family, ToSlice(row.key), ToSlice(row.value));
      if (status.ok()) status = added;
    });
    const int64_t begin = base::MonotonicMicros();
    if (status.ok()) status = database_->db().Write(write_options_, &rows);
    counters_.sync_us.Observe(base::MonotonicMicros() - begin);
    if (status.ok()) return absl::OkStatus();
    // Never tried again, not even by another partition: after a failed sync the operating system
    // may drop the dirty pages and call the next sync a success.
    failed_ = true;
    return OutcomeUnknown(status.ToString());
  }

  void Publish(PartitionId partition, Partition& into, StagedBatch batch) {
    for (const auto& [key, revision] : batch.streams) stream_heads_.Put(key, revision);
    PartitionHead head = HeadAfter(batch.header);
    auto stored = std::make_shared<StoredBatch>(
        StoredBatch{head.number, head.digest, std::move(batch.commits)});
    counters_.Count(*stored);
    {
      base::MutexLock lock(mu_);
      for (const auto& [tenant, tenant_head] : batch.tenants) {
        if (tenant_head.recorded_at_us == 0) continue;  // All its commits were refused.
        tenants_[tenant.value] = {.partition = partition, .head = tenant_head};
      }
      into.head = std::move(head);
    }
    into.ring.Publish(std::move(stored));
  }

  // DurableState.
  PartitionId PartitionOfTenant(const TenantId& tenant) const override {
    base::MutexLock lock(mu_);
    const auto found = tenants_.find(tenant.value);
    return found != tenants_.end() ? found->second.partition
                                   : PartitionOfNewTenant(tenant, partition_count());
  }
  absl::StatusOr<TenantHead> HeadOf(const TenantId& tenant) const override {
    {
      base::MutexLock lock(mu_);
      const auto found = tenants_.find(tenant.value);
      if (found == tenants_.end()) return TenantHead{};
      if (found->second.head) return *found->second.head;
    }
    ASSIGN_OR_RETURN(const TenantHead read, reader_.Head(tenant.value));
    base::MutexLock lock(mu_);
    std::optional<TenantHead>& head = tenants_.at(tenant.value).head;
    if (!head) head = read;  // Else the writer has published a newer one.
    return *head;
  }
  // Called by the partition's one writer, so what it reads is the newest.
  absl::StatusOr<Revision> StreamHeadOf(std::string_view tenant,
                                        const StreamId& stream) const override {
    const std::string key = StreamPrefix(tenant, stream.type, stream.id);
    if (const auto cached = stream_heads_.Get(key)) return *cached;
    ASSIGN_OR_RETURN(const Revision head, reader_.StreamHead(key));
    stream_heads_.Put(key, head);
    return head;
  }
  absl::StatusOr<std::optional<StreamId>> OwnerOf(std::string_view tenant,
                                                  const UniqueKey& key) const override {
    return reader_.FindUnique(UniqueKeyBytes(tenant, key.kind, key.hash));
  }

  // Constant after Recover() and StartWitness().
  const RocksDbLogOptions options_;
  const base::Clock& clock_;
  rocksdb::WriteOptions write_options_;
  const std::unique_ptr<LogDatabase> database_;
  const LogReader reader_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::unique_ptr<HeadWitness> witness_;

  // Synchronise themselves.
  DiskSpace disk_space_;
  mutable StrainWatch strain_;
  AppendCounters counters_;
  mutable LruMap<Revision> stream_heads_;  // By StreamPrefix.
  std::atomic<bool> failed_ = false;

  mutable base::Mutex mu_;
  mutable absl::flat_hash_map<std::string, Tenant> tenants_ ABSL_GUARDED_BY(mu_);
};

absl::StatusOr<std::unique_ptr<FolderLog>> OpenLog(const RocksDbLogOptions& options,
                                                   const RocksDbLogTestHooks& hooks) {
  DEALOG_CHECK(options.partition_count > 0);
  ASSIGN_OR_RETURN(auto database, LogDatabase::Open({.path = options.path,
                                                     .partition_count = options.partition_count,
                                                     .block_cache_bytes = options.block_cache_bytes,
                                                     .file_system = hooks.file_system,
                                                     .clock = options.clock}));
  auto log = std::make_unique<RocksDbLog>(options, hooks.sync_writes, std::move(database));
  RETURN_IF_ERROR(log->Recover());
  RETURN_IF_ERROR(log->StartWitness());
  return log;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FolderLog>> OpenRocksDbLogForTest(const RocksDbLogOptions& options,
                                                                 const RocksDbLogTestHooks& hooks) {
  return OpenLog(options, hooks);
}

absl::StatusOr<std::unique_ptr<FolderLog>> OpenRocksDbLog(const RocksDbLogOptions& options) {
  return OpenLog(options, {});
}

}  // namespace dealog::eventstore
