#include "eventstore/rocksdb/verify.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "eventstore/apply.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/event_filter.h"
#include "eventstore/rocksdb/folder_lock.h"
#include "eventstore/rocksdb/limits.h"
#include "eventstore/rocksdb/open_check.h"
#include "eventstore/rocksdb/reader.h"
#include "eventstore/rocksdb/verify_rows.h"

namespace dealog::eventstore {
namespace {

constexpr uint64_t kBatchesPerProgress = 1000;

// One verification. Thread safety: none.
class Verifier {
 public:
  Verifier(const LogDatabase& database, const LogVerifyProgress& progress)
      : database_(database), progress_(progress), reader_(database) {
    for (size_t i = 0; i < kFamilyCount; ++i) expected_.emplace_back(static_cast<Family>(i));
  }

  absl::StatusOr<LogVerifyReport> Run() {
    for (uint32_t i = 0; i < database_.partition_count(); ++i) {
      RETURN_IF_ERROR(CheckPartition(PartitionId{i}));
    }
    RETURN_IF_ERROR(CheckRows());
    if (progress_) progress_(report_);
    return std::move(report_);
  }

 private:
  struct Tenant {
    uint64_t position = 0;
    int64_t recorded_at_us = 0;
    absl::flat_hash_map<std::pair<std::string, std::string>, uint64_t> revisions;
  };
  // The readable part of a batch: what Apply can be given.
  struct Readable {
    storage::v1::BatchHeader header;
    std::vector<CommitPtr> commits;
  };

  void Problem(std::string text) {
    ++report_.problem_count;
    if (report_.problems.size() < kProblemsListedMax) report_.problems.push_back(std::move(text));
  }
  void Problem(const absl::Status& status) { Problem(std::string(status.message())); }
  ExpectedRows& Expected(Family family) { return expected_[static_cast<size_t>(family)]; }

  absl::Status CheckPartition(PartitionId partition) {
    CommitsInOrder in_order(database_, reader_);
    std::optional<std::string> previous = std::string(kDigestBytes, '\0');
    uint64_t next = 1;
    PrefixRows rows(database_, Family::kBatches, PartitionPrefix(partition));
    for (rows.Seek(0); rows.Valid(); rows.Next()) {
      const BatchNumber number{rows.number()};
      if (number.value != next) {
        Problem(absl::StrCat("partition ", partition.value, ": expected batch ", next, ", found ",
                             number.value));
        previous.reset();
      }
      next = number.value + 1;
      const auto header = ParseBatchHeader(partition, number, rows.value());
      if (!header.ok()) {
        Problem(header.status());
        Expected(Family::kBatches).TakeAnyValue(rows.key());
        previous.reset();
        continue;
      }
      if (previous && header->previous_digest() != *previous) {
        Problem(CorruptBatch(partition, number, "it does not name the digest of the one before"));
      }
      previous = header->digest();
      CheckBatch(*header, in_order);
      if (++report_.batches % kBatchesPerProgress == 0 && progress_) progress_(report_);
    }
    return rows.status();
  }

  void CheckBatch(const storage::v1::BatchHeader& header, CommitsInOrder& in_order) {
    Readable readable = ReadBatch(header, in_order, true);
    Apply(readable.header, readable.commits, [&](const Row& row) {
      const bool index = row.family != Family::kBatches && row.family != Family::kCommits;
      if (row.family != Family::kBatches) Expected(row.family).Take(row);
      if (index) ++report_.index_rows;
    });
    const std::string key =
        NumberedKey(PartitionPrefix(PartitionId{header.partition()}), header.number());
    Expected(Family::kBatches).Take({Family::kBatches, key, header.SerializeAsString()});
  }

  // The batch without the commits that can't be read; with `check` those are reported, and the
  // others checked.
  Readable ReadBatch(const storage::v1::BatchHeader& header, CommitsInOrder& in_order, bool check) {
    Readable readable{.header = header};
    readable.header.clear_commits();
    for (const storage::v1::CommitDigest& digest : header.commits()) {
      absl::StatusOr<CommitPtr> commit = in_order.Read(digest);
      if (!commit.ok()) {
        if (check) {
          Problem(commit.status());
          Expected(Family::kCommits)
              .TakeAnyValue(CommitKey(digest.tenant(), digest.last_position(),
                                      digest.eventless_recorded_at_us()));
          tenants_[digest.tenant()].position = digest.last_position();
        }
        continue;
      }
      if (check) CheckCommit(*commit, digest);
      *readable.header.add_commits() = digest;
      readable.commits.push_back(*std::move(commit));
    }
    return readable;
  }

  void CheckCommit(const CommitPtr& commit, const storage::v1::CommitDigest& digest) {
    const storage::v1::CommitHeader& header = commit->header();
    const auto wrong = [&](std::string what) { Problem(CorruptCommit(CommitKey(*commit), what)); };
    ++report_.commits;
    report_.events += commit->event_count();
    if (!HasDigest(*commit, digest)) wrong("its SHA-256 is not the one that its batch names");
    Tenant& tenant = tenants_[header.tenant()];
    const uint64_t first = tenant.position + (commit->event_count() > 0 ? 1 : 0);
    if (header.first_position() != first) {
      wrong(absl::StrCat("expected first position ", first, ", found ", header.first_position()));
    }
    if (header.recorded_at_us() <= tenant.recorded_at_us) {
      wrong(absl::StrCat("expected recorded_at above ", tenant.recorded_at_us, ", found ",
                         header.recorded_at_us()));
    }
    tenant.position = commit->last_position().value;
    tenant.recorded_at_us = header.recorded_at_us();
    CheckEvents(commit, tenant);
  }

  // Each event's header, and that the commit's header sums them up rightly.
  void CheckEvents(const CommitPtr& commit, Tenant& tenant) {
    const storage::v1::CommitHeader& header = commit->header();
    const auto wrong = [&](std::string what) { Problem(CorruptCommit(CommitKey(*commit), what)); };
    absl::flat_hash_map<std::pair<std::string, std::string>, uint64_t> written;
    absl::flat_hash_map<std::string, int> types;
    storage::v1::EventHeader event;
    for (uint32_t i = 0; i < commit->event_count(); ++i) {
      if (const absl::Status parsed = ParseEventHeader({commit, i}, event); !parsed.ok()) {
        return Problem(parsed);
      }
      const uint64_t position = header.first_position() + i;
      if (event.tenant() != header.tenant() || event.position() != position ||
          event.recorded_at_us() != header.recorded_at_us()) {
        wrong(absl::StrCat("the event at position ", position, " is of another place or time"));
      }
      const std::pair stream(event.stream().type(), event.stream().id());
      uint64_t& revision = tenant.revisions[stream];
      if (event.revision() != revision + 1) {
        wrong(absl::StrCat("expected revision ", revision + 1, " of ", stream.first, "/",
                           stream.second, " at position ", position, ", found ", event.revision()));
      }
      revision = event.revision();
      written[stream] = event.revision();
      types[event.type()] = 1;
    }
    bool sums_up = header.streams_size() == static_cast<int>(written.size()) &&
                   header.types_size() == static_cast<int>(types.size());
    for (const auto& stream : header.streams()) {
      const auto found = written.find(std::pair(stream.stream().type(), stream.stream().id()));
      sums_up &= found != written.end() && found->second == stream.last_revision();
    }
    for (const std::string& type : header.types()) sums_up &= types.contains(type);
    if (!sums_up) wrong("its header does not sum up the streams and types of its events");
  }

  absl::Status CheckRows() {
    bool missing = false;
    for (ExpectedRows& rows : expected_) {
      RETURN_IF_ERROR(rows.Compare(database_, [this](std::string text) { Problem(text); }));
      missing |= rows.anything_missing();
    }
    return missing ? NameMissingRows() : absl::OkStatus();
  }

  // The expected rows were kept as hashes: goes through the batches once more for their names.
  absl::Status NameMissingRows() {
    for (uint32_t i = 0; i < database_.partition_count(); ++i) {
      CommitsInOrder in_order(database_, reader_);
      PrefixRows rows(database_, Family::kBatches, PartitionPrefix(PartitionId{i}));
      for (rows.Seek(0); rows.Valid(); rows.Next()) {
        const auto header =
            ParseBatchHeader(PartitionId{i}, BatchNumber{rows.number()}, rows.value());
        if (!header.ok()) continue;
        Readable readable = ReadBatch(*header, in_order, false);
        Apply(readable.header, readable.commits, [&](const Row& row) {
          if (row.deleted || !Expected(row.family).TakeMissing(row.key)) return;
          const std::string name(FamilyName(row.family));
          Problem(absl::StrCat("family ", name, ": row ", ToSlice(row.key).ToString(true),
                               " of batch ", header->number(), " of partition ", i, " is missing"));
        });
      }
      RETURN_IF_ERROR(rows.status());
    }
    return absl::OkStatus();
  }

  const LogDatabase& database_;
  const LogVerifyProgress& progress_;
  const LogReader reader_;
  std::vector<ExpectedRows> expected_;  // By Family.
  absl::flat_hash_map<std::string, Tenant> tenants_;
  LogVerifyReport report_;
};

}  // namespace

absl::StatusOr<LogVerifyReport> VerifyRocksDbLog(const std::string& path,
                                                 const LogVerifyProgress& progress) {
  FolderLock lock(path);
  RETURN_IF_ERROR(lock.Take());
  ASSIGN_OR_RETURN(
      const auto database,
      LogDatabase::Open({.path = path, .block_cache_bytes = kBlockCacheBytes, .read_only = true}));
  return Verifier(*database, progress).Run();
}

}  // namespace dealog::eventstore
