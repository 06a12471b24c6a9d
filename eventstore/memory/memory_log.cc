#include "eventstore/memory/memory_log.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/bytes.h"
#include "eventstore/event_filter.h"
#include "eventstore/log_errors.h"
#include "eventstore/ring.h"
#include "eventstore/stage.h"
#include "eventstore/subscription.h"

namespace dealog::eventstore {
namespace {

using storage::v1::EventHeader;
using storage::v1::RequestRecord;

// One event of a tenant, with its header parsed: what every read loops over.
struct Event {
  PageEvent event;
  EventHeader header;
};

struct Tenant {
  PartitionId partition;
  TenantHead head;
  std::vector<Event> events;
  std::vector<CommitPtr> commits;
  std::map<std::pair<std::string, std::string>, RequestRecord> requests;  // Caller, id.
  std::map<std::pair<std::string, std::string>, StreamId> uniques;        // Kind, hash.
};

struct Partition {
  PartitionHead head{.digest = std::string(kDigestBytes, '\0')};
  std::vector<storage::v1::BatchHeader> headers;
  BatchRing ring{BatchNumber{0}, std::numeric_limits<size_t>::max()};
  bool appending = false;
  bool failed = false;
};

StreamId ToStreamId(const storage::v1::StreamName& name) { return {name.type(), name.id()}; }

// Collects a page; false once it is full.
class PageBuilder {
 public:
  explicit PageBuilder(size_t limit) : limit_(PageLimit(limit)) {}
  bool Add(const PageEvent& event) {
    page.events.push_back(event);
    bytes_ += EventBytes(event.view());
    return page.events.size() < limit_ && bytes_ < kPageBytesMax;
  }
  ReadPage page;

 private:
  const size_t limit_;
  size_t bytes_ = 0;
};

// Thread safety: yes, one lock. Invariant: state = fold of the batches.
class MemoryLog final : public EventLog, private DurableState {
 public:
  explicit MemoryLog(MemoryLogOptions options)
      : disk_(options.disk ? std::move(options.disk)
                           : std::make_shared<MemoryDisk>(options.partition_count)),
        clock_(options.clock != nullptr ? *options.clock : base::SystemClock()) {
    for (uint32_t i = 0; i < disk_->partition_count(); ++i) {
      partitions_.push_back(std::make_unique<Partition>());
      for (const MemoryDisk::Batch& batch : disk_->Batches(PartitionId{i})) Restore(i, batch);
    }
  }

  uint32_t partition_count() const override { return disk_->partition_count(); }

  PartitionId PartitionOf(const TenantId& tenant) const override {
    base::MutexLock lock(mu_);
    return PartitionOfTenant(tenant);
  }

  std::vector<TenantId> Tenants() const override {
    base::MutexLock lock(mu_);
    std::vector<TenantId> tenants;
    for (const auto& [name, tenant] : tenants_) tenants.push_back(TenantId{name});
    return tenants;
  }

  absl::StatusOr<std::vector<absl::StatusOr<AppendedCommit>>> Append(
      PartitionId partition, BatchNumber expected, std::span<const NewCommit> commits) override {
    RETURN_IF_ERROR(CheckPartition(partition, partition_count()));
    Partition& into = *partitions_[partition.value];
    std::vector<absl::StatusOr<AppendedCommit>> outcomes;
    BatchPtr written;
    {
      base::MutexLock lock(mu_);
      DEALOG_CHECK(!into.appending) << "a second Append to partition " << partition.value;
      if (into.failed) return WritesRefused("an earlier write failed");
      if (disk_->low()) return DiskLow("memory", 0, 1);
      RETURN_IF_ERROR(CheckAppend(into.head.number, expected, commits.size()));
      Stager stager(*this, partition);
      for (const NewCommit& commit : commits) outcomes.push_back(stager.Stage(commit));
      if (stager.empty()) return outcomes;
      StagedBatch batch = std::move(stager).Finish(into.head, clock_.NowMicros());
      if (!Write(partition, batch)) {
        into.failed = true;
        return OutcomeUnknown("the memory disk was told to fail");
      }
      written = Absorb(batch.header, std::move(batch.commits));
      into.appending = true;
    }
    into.ring.Publish(written);
    base::MutexLock lock(mu_);
    into.appending = false;
    return outcomes;
  }

  absl::StatusOr<ReadPage> ReadStream(const TenantId& tenant, const StreamId& stream,
                                      const StreamReadOptions& options) const override {
    const bool forward = options.direction == Direction::kForward;
    const uint64_t from = options.from.value != 0 || forward ? options.from.value : UINT64_MAX;
    return Read(tenant, options.direction, options.limit, true, [&](const Event& event) {
      const uint64_t revision = event.header.revision();
      return ToStreamId(event.header.stream()) == stream &&
             (forward ? revision >= from : revision <= from);
    });
  }

  absl::StatusOr<ReadPage> ReadTenant(const TenantId& tenant,
                                      const TenantReadOptions& options) const override {
    const bool forward = options.direction == Direction::kForward;
    const uint64_t after = options.after.value != 0 || forward ? options.after.value : UINT64_MAX;
    EventMatcher matcher(options.filter);
    return Read(tenant, options.direction, options.limit, false, [&](const Event& event) {
      const uint64_t position = event.header.position();
      return (forward ? position > after : position < after) && *matcher.Matches(event.event);
    });
  }

  absl::StatusOr<TenantHead> Head(const TenantId& tenant) const override {
    base::MutexLock lock(mu_);
    return HeadOf(tenant);
  }

  absl::StatusOr<Revision> StreamHead(const TenantId& tenant,
                                      const StreamId& stream) const override {
    base::MutexLock lock(mu_);
    return StreamHeadOf(tenant.value, stream);
  }

  PartitionHead BatchHead(PartitionId partition) const override {
    base::MutexLock lock(mu_);
    return partitions_.at(partition.value)->head;
  }

  absl::StatusOr<Position> PositionAt(const TenantId& tenant, int64_t time_us) const override {
    base::MutexLock lock(mu_);
    Position last;
    for (const CommitPtr& commit : Find(tenant.value).commits) {
      if (commit->recorded_at_us() <= time_us) last = commit->last_position();
    }
    return last;
  }

  absl::StatusOr<std::unique_ptr<CommitSubscription>> Subscribe(const TenantId& tenant,
                                                                Position after) override {
    base::MutexLock lock(mu_);
    RETURN_IF_ERROR(
        CheckNotBeyond(after.value, Find(tenant.value).head.position.value, "position"));
    BatchRing& ring = partitions_[PartitionOfTenant(tenant).value]->ring;
    return MakeCommitSubscription(ring, nullptr, tenant, after);
  }

  absl::StatusOr<std::unique_ptr<BatchSubscription>> SubscribePartition(
      PartitionId partition, BatchNumber after) override {
    RETURN_IF_ERROR(CheckPartition(partition, partition_count()));
    base::MutexLock lock(mu_);
    Partition& of = *partitions_[partition.value];
    RETURN_IF_ERROR(CheckNotBeyond(after.value, of.head.number.value, "batch number"));
    return MakeBatchSubscription(of.ring, nullptr, partition, after);
  }

  absl::StatusOr<std::string> BatchDigest(PartitionId partition,
                                          BatchNumber number) const override {
    ASSIGN_OR_RETURN(const auto header, ReadBatchHeader(partition, number));
    return header.digest();
  }

  absl::StatusOr<storage::v1::BatchHeader> ReadBatchHeader(PartitionId partition,
                                                           BatchNumber number) const override {
    RETURN_IF_ERROR(CheckPartition(partition, partition_count()));
    base::MutexLock lock(mu_);
    const std::vector<storage::v1::BatchHeader>& headers = partitions_[partition.value]->headers;
    if (number.value == 0 || number.value > headers.size()) return NoSuchBatch(partition, number);
    return headers[number.value - 1];
  }

  absl::StatusOr<std::optional<RequestRecord>> FindRequest(
      const TenantId& tenant, std::string_view caller, std::string_view request_id) const override {
    base::MutexLock lock(mu_);
    const auto& requests = Find(tenant.value).requests;
    const auto found = requests.find({std::string(caller), std::string(request_id)});
    if (found == requests.end()) return std::nullopt;
    return found->second;
  }

  absl::StatusOr<std::optional<StreamId>> FindUnique(const TenantId& tenant, std::string_view kind,
                                                     std::string_view hash) const override {
    base::MutexLock lock(mu_);
    return OwnerOf(tenant.value, {std::string(kind), std::string(hash), {}});
  }

 private:
  // DurableState. All called with mu_ held.
  PartitionId PartitionOfTenant(const TenantId& tenant) const override
      ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const auto found = tenants_.find(tenant.value);
    return found != tenants_.end() ? found->second.partition
                                   : PartitionOfNewTenant(tenant, partition_count());
  }
  absl::StatusOr<TenantHead> HeadOf(const TenantId& tenant) const override
      ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return Find(tenant.value).head;
  }
  absl::StatusOr<Revision> StreamHeadOf(std::string_view tenant, const StreamId& stream)
      const override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const auto found = stream_heads_.find({std::string(tenant), stream});
    return found != stream_heads_.end() ? found->second : Revision{};
  }
  absl::StatusOr<std::optional<StreamId>> OwnerOf(
      std::string_view tenant, const UniqueKey& key) const override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const auto& uniques = Find(tenant).uniques;
    const auto found = uniques.find({key.kind, key.hash});
    if (found == uniques.end()) return std::nullopt;
    return found->second;
  }

  const Tenant& Find(std::string_view tenant) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    static const Tenant& none = *new Tenant;
    const auto found = tenants_.find(std::string(tenant));
    return found != tenants_.end() ? found->second : none;
  }

  // The events that `wanted` takes, in that direction, a page of them. A tenant's read ends where
  // the log does, a stream's where the stream does.
  template <typename Wanted>
  ReadPage Read(const TenantId& tenant, Direction direction, size_t limit, bool of_stream,
                Wanted wanted) const {
    base::MutexLock lock(mu_);
    const Tenant& of = Find(tenant.value);
    const bool forward = direction == Direction::kForward;
    PageBuilder builder(limit);
    const size_t count = of.events.size();
    const auto at = [&](size_t i) -> const Event& {
      return of.events[forward ? i : count - 1 - i];
    };
    for (size_t i = 0; i < count; ++i) {
      if (!wanted(at(i)) || builder.Add(at(i).event)) continue;
      size_t next = i + 1;
      while (of_stream && next < count && !wanted(at(next))) ++next;
      builder.page.read_to = at(i).event.position();
      builder.page.end = next == count;
      return std::move(builder.page);
    }
    builder.page.end = true;
    builder.page.read_to = Position{forward ? count : count > 0 ? 1u : 0u};
    return std::move(builder.page);
  }

  bool Write(PartitionId partition, const StagedBatch& batch) {
    MemoryDisk::Batch bytes{.header = batch.header.SerializeAsString()};
    for (const CommitPtr& commit : batch.commits) bytes.commits.emplace_back(commit->bytes());
    return disk_->Write(partition, std::move(bytes));
  }

  void Restore(uint32_t partition, const MemoryDisk::Batch& batch) {
    base::MutexLock lock(mu_);
    const BatchNumber next{partitions_[partition]->head.number.value + 1};
    const auto header = ParseBatchHeader(PartitionId{partition}, next, batch.header);
    DEALOG_CHECK_OK(header);
    std::vector<CommitPtr> commits;
    for (const std::string& bytes : batch.commits) {
      commits.push_back(StoredCommit::Parse(bytes).value());
    }
    partitions_[partition]->ring.Publish(Absorb(*header, std::move(commits)));
  }

  // Folds a batch into the state.
  BatchPtr Absorb(const storage::v1::BatchHeader& header, std::vector<CommitPtr> commits)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    Partition& partition = *partitions_[header.partition()];
    partition.head = HeadAfter(header);
    partition.headers.push_back(header);
    for (const CommitPtr& commit : commits) AbsorbCommit(header.partition(), commit);
    return std::make_shared<StoredBatch>(
        StoredBatch{partition.head.number, partition.head.digest, std::move(commits)});
  }

  void AbsorbCommit(uint32_t partition, const CommitPtr& commit)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const storage::v1::CommitHeader& header = commit->header();
    Tenant& tenant = tenants_[header.tenant()];
    tenant.partition = PartitionId{partition};
    tenant.head = {commit->last_position(), header.recorded_at_us()};
    tenant.commits.push_back(commit);
    for (uint32_t i = 0; i < commit->event_count(); ++i) {
      Event& event = tenant.events.emplace_back(Event{.event = {commit, i}});
      DEALOG_CHECK_OK(ParseEventHeader(event.event, event.header));
      stream_heads_[{header.tenant(), ToStreamId(event.header.stream())}] =
          Revision{event.header.revision()};
    }
    if (!header.request_id().empty()) {
      RequestRecord& record = tenant.requests[{header.caller(), header.request_id()}];
      record.Clear();
      record.set_method(header.method());
      record.set_fingerprint(header.fingerprint());
      record.set_first_position(commit->first_position().value);
      record.set_last_position(commit->last_position().value);
      if (header.has_subject()) {
        *record.mutable_subject()->mutable_stream() = header.subject();
        record.mutable_subject()->set_last_revision(header.subject_revision());
      }
      record.set_recorded_at_us(header.recorded_at_us());
      record.set_expires_at_us(header.request_expires_at_us());
    }
    for (const auto& key : header.releases()) tenant.uniques.erase({key.kind(), key.hash()});
    for (const auto& key : header.claims()) {
      tenant.uniques[{key.kind(), key.hash()}] = ToStreamId(key.owner());
    }
  }

  const std::shared_ptr<MemoryDisk> disk_;
  const base::Clock& clock_;
  std::vector<std::unique_ptr<Partition>> partitions_;  // Heads and headers are guarded by mu_.

  mutable base::Mutex mu_;
  std::map<std::string, Tenant> tenants_ ABSL_GUARDED_BY(mu_);
  std::map<std::pair<std::string, StreamId>, Revision> stream_heads_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

void MemoryDisk::SetFailing(bool failing) {
  base::MutexLock lock(mu_);
  failing_ = failing;
}

void MemoryDisk::SetLow(bool low) {
  base::MutexLock lock(mu_);
  low_ = low;
}

bool MemoryDisk::low() const {
  base::MutexLock lock(mu_);
  return low_;
}

bool MemoryDisk::Write(PartitionId partition, Batch batch) {
  base::MutexLock lock(mu_);
  if (failing_) return false;
  partitions_.at(partition.value).push_back(std::move(batch));
  return true;
}

std::vector<MemoryDisk::Batch> MemoryDisk::Batches(PartitionId partition) const {
  base::MutexLock lock(mu_);
  return partitions_.at(partition.value);
}

std::unique_ptr<EventLog> MakeMemoryLog(MemoryLogOptions options) {
  return std::make_unique<MemoryLog>(std::move(options));
}

}  // namespace dealog::eventstore
