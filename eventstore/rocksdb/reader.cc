#include "eventstore/rocksdb/reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/apply.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/bytes.h"
#include "eventstore/event_filter.h"
#include "eventstore/log_errors.h"
#include "eventstore/rocksdb/limits.h"

namespace dealog::eventstore {
namespace {

// An event of one stream within a commit.
struct StreamEvent {
  uint32_t index;
  uint64_t revision;
};

// The stream's events in `commit`, in order.
absl::StatusOr<std::vector<StreamEvent>> EventsOf(const StreamId& stream, const CommitPtr& commit) {
  const storage::v1::CommitHeader& header = commit->header();
  std::vector<StreamEvent> events;
  const uint32_t count = static_cast<uint32_t>(commit->event_count());
  if (header.streams_size() == 1) {  // All of them: no event header needs to be parsed.
    const uint64_t last = header.streams(0).last_revision();
    for (uint32_t i = 0; i < count; ++i) events.push_back({i, last - (count - 1 - i)});
    return events;
  }
  storage::v1::EventHeader event_header;
  for (uint32_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(ParseEventHeader({commit, i}, event_header));
    const storage::v1::StreamName& name = event_header.stream();
    if (name.type() == stream.type && name.id() == stream.id) {
      events.push_back({i, event_header.revision()});
    }
  }
  return events;
}

// Names the commit where its file is damaged.
absl::Status FromEngine(std::string_view commit_key, const rocksdb::Status& status) {
  if (!status.IsCorruption()) return FromRocksDb(status, "reading a commit");
  return CorruptCommit(commit_key, absl::StrCat("it can't be read: ", status.ToString()));
}

}  // namespace

absl::StatusOr<CommitPtr> LogReader::ReadCommit(std::string_view key) const {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = database_.db().Get(
      rocksdb::ReadOptions(), database_.family(Family::kCommits), ToSlice(key), &value);
  if (status.IsNotFound()) return CorruptCommit(key, "it is missing");
  RETURN_IF_ERROR(FromEngine(key, status));
  return ReadCommitRow(key, ToView(value));
}

absl::StatusOr<TenantHead> LogReader::Head(std::string_view tenant) const {
  PrefixRows commits(database_, Family::kCommits, TenantPrefix(tenant));
  commits.SeekToLast();
  if (!commits.Valid()) {
    RETURN_IF_ERROR(commits.status());
    return TenantHead{};
  }
  ASSIGN_OR_RETURN(const CommitPtr last, ReadCommitRow(commits.key(), commits.value()));
  return TenantHead{last->last_position(), last->recorded_at_us()};
}

absl::StatusOr<Revision> LogReader::StreamHead(std::string stream_prefix) const {
  PrefixRows rows(database_, Family::kStreams, std::move(stream_prefix));
  rows.SeekToLast();
  if (rows.Valid()) return Revision{rows.number()};
  RETURN_IF_ERROR(rows.status());
  return Revision{};
}

absl::StatusOr<Position> LogReader::PositionAt(std::string_view tenant, int64_t time_us) const {
  if (time_us < 0) return Position{};
  PrefixRows rows(database_, Family::kTimes, TenantPrefix(tenant));
  rows.SeekBack(static_cast<uint64_t>(time_us));
  if (!rows.Valid()) {
    RETURN_IF_ERROR(rows.status());
    return Position{};
  }
  return Position{ByteReader(rows.value()).Big<uint64_t>()};
}

absl::StatusOr<storage::v1::BatchHeader> LogReader::ReadBatchHeader(PartitionId partition,
                                                                    BatchNumber number) const {
  ASSIGN_OR_RETURN(
      const auto bytes,
      database_.Get(Family::kBatches, NumberedKey(PartitionPrefix(partition), number.value)));
  if (!bytes) return NoSuchBatch(partition, number);
  return ParseBatchHeader(partition, number, *bytes);
}

absl::StatusOr<std::optional<storage::v1::RequestRecord>> LogReader::FindRequest(
    std::string_view key) const {
  ASSIGN_OR_RETURN(const auto bytes, database_.Get(Family::kRequests, key));
  if (!bytes) return std::nullopt;
  storage::v1::RequestRecord record;
  if (!record.ParseFromString(*bytes)) {
    return FromRocksDb(rocksdb::Status::Corruption("a record does not parse"),
                       "reading the row of a request");
  }
  return record;
}

absl::StatusOr<std::optional<StreamId>> LogReader::FindUnique(std::string_view key) const {
  ASSIGN_OR_RETURN(const auto bytes, database_.Get(Family::kUniques, key));
  if (!bytes) return std::nullopt;
  storage::v1::StreamName owner;
  if (!owner.ParseFromString(*bytes)) {
    return FromRocksDb(rocksdb::Status::Corruption("a record does not parse"),
                       "reading the row of a unique key");
  }
  return StreamId{owner.type(), owner.id()};
}

absl::StatusOr<ReadPage> LogReader::ReadStream(const TenantId& tenant, const StreamId& stream,
                                               const StreamReadOptions& options,
                                               Position head) const {
  const bool forward = options.direction == Direction::kForward;
  const uint64_t from = options.from.value != 0 ? options.from.value : forward ? 1 : UINT64_MAX;
  const size_t limit = PageLimit(options.limit);
  PrefixRows rows(database_, Family::kStreams, StreamPrefix(tenant.value, stream.type, stream.id));
  rows.Seek(from);  // The commit that holds revision `from`.
  if (!forward && !rows.Valid()) rows.SeekToLast();
  ReadPage page;
  size_t bytes = 0;
  for (; rows.Valid(); forward ? rows.Next() : rows.Prev()) {
    const uint64_t last_position = ByteReader(rows.value()).Big<uint64_t>();
    ASSIGN_OR_RETURN(const CommitPtr commit, ReadCommit(CommitKey(tenant.value, last_position, 0)));
    ASSIGN_OR_RETURN(std::vector<StreamEvent> events, EventsOf(stream, commit));
    if (events.empty() || events.back().revision != rows.number()) {
      return CorruptCommit(CommitKey(*commit),
                           absl::StrCat("the index has revision ", rows.number(), " of ",
                                        stream.ToString(), " in it"));
    }
    if (!forward) std::reverse(events.begin(), events.end());
    for (size_t i = 0; i < events.size(); ++i) {
      const StreamEvent& event = events[i];
      if (forward ? event.revision < from : event.revision > from) continue;
      page.events.push_back({commit, event.index});
      bytes += EventBytes(commit->event(event.index));
      if (page.events.size() < limit && bytes < kPageBytesMax) continue;
      page.read_to = page.events.back().position();
      if (i + 1 == events.size()) {
        forward ? rows.Next() : rows.Prev();
        page.end = !rows.Valid();
      }
      return page;
    }
  }
  RETURN_IF_ERROR(rows.status());
  page.end = true;
  page.read_to = forward ? head : Position{std::min<uint64_t>(1, head.value)};
  return page;
}

absl::StatusOr<std::vector<CommitPtr>> LogReader::ReadCommitsAfter(const TenantId& tenant,
                                                                   Position after,
                                                                   size_t bytes_max) const {
  PrefixRows rows(database_, Family::kCommits, TenantPrefix(tenant.value));
  std::vector<CommitPtr> commits;
  size_t bytes = 0;
  bytes_max = std::min(bytes_max, kCatchUpBytesMax);
  for (rows.Seek(after.value + 1); rows.Valid(); rows.Next()) {
    if (rows.eventless()) continue;
    ASSIGN_OR_RETURN(CommitPtr commit, ReadCommitRow(rows.key(), rows.value()));
    bytes += commit->bytes().size();
    commits.push_back(std::move(commit));
    if (bytes >= bytes_max) return commits;
  }
  RETURN_IF_ERROR(rows.status());
  return commits;
}

absl::StatusOr<std::vector<BatchPtr>> LogReader::ReadBatchesAfter(PartitionId partition,
                                                                  BatchNumber after,
                                                                  size_t bytes_max) const {
  PrefixRows rows(database_, Family::kBatches, PartitionPrefix(partition));
  CommitsInOrder in_order(database_, *this);
  std::vector<BatchPtr> batches;
  size_t bytes = 0;
  bytes_max = std::min(bytes_max, kCatchUpBytesMax);
  for (rows.Seek(after.value + 1); rows.Valid() && bytes < bytes_max; rows.Next()) {
    const BatchNumber expected{after.value + 1 + batches.size()};
    if (rows.number() != expected.value) return CorruptBatch(partition, expected, "it is missing");
    ASSIGN_OR_RETURN(const auto header, ParseBatchHeader(partition, expected, rows.value()));
    StoredBatch batch{.number = expected, .digest = header.digest()};
    batch.commits.reserve(static_cast<size_t>(header.commits_size()));
    for (const storage::v1::CommitDigest& digest : header.commits()) {
      ASSIGN_OR_RETURN(CommitPtr commit, in_order.Read(digest));
      bytes += commit->bytes().size();
      batch.commits.push_back(std::move(commit));
    }
    batches.push_back(std::make_shared<StoredBatch>(std::move(batch)));
  }
  if (!rows.Valid()) RETURN_IF_ERROR(rows.status());
  return batches;
}

absl::StatusOr<CommitPtr> CommitsInOrder::Read(const storage::v1::CommitDigest& commit) {
  const std::string key =
      CommitKey(commit.tenant(), commit.last_position(), commit.eventless_recorded_at_us());
  auto found = tenants_.find(commit.tenant());
  if (found == tenants_.end()) {
    if (tenants_.size() >= kCatchUpTenantsMax) return reader_.ReadCommit(key);
    found =
        tenants_
            .emplace(commit.tenant(), std::make_unique<PrefixRows>(database_, Family::kCommits,
                                                                   TenantPrefix(commit.tenant())))
            .first;
  }
  PrefixRows& rows = *found->second;
  if (!rows.Valid() || rows.key() != key) rows.SeekKey(key);
  if (!rows.Valid() || rows.key() != key) {
    RETURN_IF_ERROR(FromEngine(key, rows.engine_status()));
    return CorruptCommit(key, "it is missing");
  }
  absl::StatusOr<CommitPtr> read = ReadCommitRow(key, rows.value());
  rows.Next();
  return read;
}

}  // namespace dealog::eventstore
