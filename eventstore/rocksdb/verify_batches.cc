#include "eventstore/rocksdb/verify_batches.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/event_filter.h"
#include "eventstore/rocksdb/open_check.h"

namespace dealog::eventstore {

BatchWalk::BatchWalk(const LogDatabase& database, const LogVerifyOptions& options,
                     LogVerifyReport& report, VerifyPace& pace)
    : database_(database), reader_(database), options_(options), report_(report), pace_(pace) {
  report_.followers = options.followers.size();
  for (const FollowerPoint& point : options.followers) {
    if (point.number.value == 0) continue;
    followers_.emplace(std::pair(point.partition.value, point.number.value), &point);
  }
}

void BatchWalk::Wrong(const CommitPtr& commit, std::string_view what) {
  report_.Add(std::string(CorruptCommit(CommitKey(*commit), what).message()));
}

absl::Status BatchWalk::Run(bool check, ExpectedRowSink sink) {
  for (uint32_t i = 0; i < database_.partition_count(); ++i) {
    RETURN_IF_ERROR(WalkPartition(PartitionId{i}, check, sink));
  }
  if (check && complete_) CheckFollowersBeyond(PartitionId{UINT32_MAX}, BatchNumber{});
  return absl::OkStatus();
}

absl::Status BatchWalk::WalkPartition(PartitionId partition, bool check, ExpectedRowSink sink) {
  CommitsInOrder in_order(database_, reader_);
  std::optional<std::string> previous = std::string(kDigestBytes, '\0');
  uint64_t next = 1;
  const auto wrong = [&](const absl::Status& problem) {
    if (check) report_.Add(std::string(problem.message()));
  };
  PrefixRows rows(database_, Family::kBatches, PartitionPrefix(partition));
  for (rows.Seek(0); rows.Valid(); rows.Next()) {
    const BatchNumber number{rows.number()};
    if (number.value != next) {
      wrong(CorruptBatch(partition, number,
                         absl::StrCat("expected batch ", next, ", found ", number.value)));
      previous.reset();
    }
    next = number.value + 1;
    if (check) ++report_.batches;
    sink({.row = {Family::kBatches, rows.key(), rows.value()},
          .partition = partition,
          .number = number});
    uint64_t bytes = rows.value().size();
    const auto header = ParseBatchHeader(partition, number, rows.value());
    if (header.ok()) {
      if (previous && header->previous_digest() != *previous) {
        wrong(CorruptBatch(partition, number, "it does not name the digest of the one before"));
      }
      if (header->SerializeAsString() != rows.value()) {
        wrong(CorruptBatch(partition, number, "its record holds more than a header"));
      }
      previous = header->digest();
      bytes += WalkCommits(*header, in_order, check, sink);
    } else {
      wrong(header.status());
      previous.reset();
    }
    if (check) CheckFollowers(partition, number, previous.value_or(""));
    RETURN_IF_ERROR(pace_.Step(bytes));
  }
  const absl::Status read = rows.status();
  if (absl::IsDataLoss(read)) {
    wrong(CorruptBatch(
        partition, BatchNumber{next},
        absl::StrCat("this one and those behind it can't be read: ", std::string(read.message()))));
    complete_ = false;
    return absl::OkStatus();
  }
  if (check && complete_) CheckFollowersBeyond(partition, BatchNumber{next - 1});
  return read;
}

void BatchWalk::CheckFollowers(PartitionId partition, BatchNumber number, std::string_view digest) {
  const std::pair here(partition.value, number.value);
  while (!followers_.empty() && followers_.begin()->first <= here) {
    const auto& [place, point] = *followers_.begin();
    const bool readable = place == here && !digest.empty();
    if (readable && point->digest != digest) {
      report_.Add(absl::StrCat(point->who, " is at batch ", place.second, " of partition ",
                               place.first,
                               ", but was made of another batch of that number: its digest "
                               "differs; ",
                               point->what_to_do));
    }
    // One that is not there or not readable was told already.
    followers_.erase(followers_.begin());
  }
}

void BatchWalk::CheckFollowersBeyond(PartitionId partition, BatchNumber head) {
  while (!followers_.empty() && followers_.begin()->first.first <= partition.value) {
    const auto& [place, point] = *followers_.begin();
    report_.Add(absl::StrCat(point->who, " is at batch ", place.second, " of partition ",
                             place.first, ", ahead of the log, which ends at batch ", head.value,
                             "; ", point->what_to_do));
    followers_.erase(followers_.begin());
  }
}

// Returns the bytes that were read.
uint64_t BatchWalk::WalkCommits(const storage::v1::BatchHeader& header, CommitsInOrder& in_order,
                                bool check, ExpectedRowSink sink) {
  uint64_t bytes = 0;
  for (const storage::v1::CommitDigest& digest : header.commits()) {
    const absl::StatusOr<CommitPtr> commit = in_order.Read(digest);
    if (commit.ok()) {
      bytes += (*commit)->bytes().size();
      if (check) CheckCommit(*commit, digest);
      if (check && options_.on_commit) options_.on_commit(**commit);
      ReadEvents(*commit, check);
      ApplyCommit(header, digest, *commit, sink);
      continue;
    }
    const std::string key =
        CommitKey(digest.tenant(), digest.last_position(), digest.eventless_recorded_at_us());
    sink({.row = {Family::kCommits, key, ""},
          .partition = PartitionId{header.partition()},
          .number = BatchNumber{header.number()}});
    if (!check) continue;
    ++unreadable_commits_;
    report_.Add(std::string(commit.status().message()));
    tenants_[digest.tenant()].position = digest.last_position();
  }
  return bytes;
}

void BatchWalk::ApplyCommit(const storage::v1::BatchHeader& batch,
                            const storage::v1::CommitDigest& digest, const CommitPtr& commit,
                            ExpectedRowSink sink) {
  storage::v1::BatchHeader alone;
  alone.set_partition(batch.partition());
  alone.set_number(batch.number());
  *alone.add_commits() = digest;
  Apply(alone, {&commit, 1}, [&](const Row& row) {
    if (row.family == Family::kBatches) return;  // Its own row was told already.
    ExpectedRow expected{.row = row,
                         .partition = PartitionId{batch.partition()},
                         .number = BatchNumber{batch.number()}};
    if (row.family == Family::kStreams) {
      const std::string prefix(row.key.substr(0, row.key.size() - sizeof(uint64_t)));
      const auto before = revisions_before_.find(prefix);
      if (before != revisions_before_.end()) expected.revision_before = before->second;
    }
    sink(expected);
  });
}

void BatchWalk::CheckCommit(const CommitPtr& commit, const storage::v1::CommitDigest& digest) {
  const storage::v1::CommitHeader& header = commit->header();
  ++report_.commits;
  report_.events += commit->event_count();
  if (!HasDigest(*commit, digest)) {
    Wrong(commit, "its SHA-256 is not the one that its batch names");
  }
  Tenant& tenant = tenants_[header.tenant()];
  const uint64_t first = tenant.position + (commit->event_count() > 0 ? 1 : 0);
  if (header.first_position() != first) {
    Wrong(commit,
          absl::StrCat("expected first position ", first, ", found ", header.first_position()));
  }
  if (header.recorded_at_us() <= tenant.recorded_at_us) {
    Wrong(commit, absl::StrCat("expected recorded_at above ", tenant.recorded_at_us, ", found ",
                               header.recorded_at_us()));
  }
  tenant.position = commit->last_position().value;
  tenant.recorded_at_us = header.recorded_at_us();
}

// Each event's header, and that the commit's header sums them up rightly. Whether a stream's first
// revision here follows its last one is told by the index: see revision_before.
void BatchWalk::ReadEvents(const CommitPtr& commit, bool check) {
  const storage::v1::CommitHeader& header = commit->header();
  const auto wrong = [&](std::string_view what) {
    if (check) Wrong(commit, what);
  };
  revisions_before_.clear();
  absl::flat_hash_map<std::string, uint64_t> written;
  absl::flat_hash_set<std::string> types;
  storage::v1::EventHeader event;
  for (uint32_t i = 0; i < commit->event_count(); ++i) {
    if (const absl::Status parsed = ParseEventHeader({commit, i}, event); !parsed.ok()) {
      if (check) report_.Add(std::string(parsed.message()));
      return;
    }
    const uint64_t position = header.first_position() + i;
    if (event.tenant() != header.tenant() || event.position() != position ||
        event.recorded_at_us() != header.recorded_at_us()) {
      wrong(absl::StrCat("the event at position ", position, " is of another place or time"));
    }
    const std::string stream =
        StreamPrefix(header.tenant(), event.stream().type(), event.stream().id());
    const auto [last, first_here] = written.emplace(stream, event.revision() - 1);
    if (first_here) revisions_before_[stream] = last->second;
    if (event.revision() != last->second + 1) {
      wrong(absl::StrCat("expected revision ", last->second + 1, " of ", event.stream().type(), "/",
                         event.stream().id(), " at position ", position, ", found ",
                         event.revision()));
    }
    last->second = event.revision();
    types.insert(event.type());
  }
  bool sums_up = header.streams_size() == static_cast<int>(written.size()) &&
                 header.types_size() == static_cast<int>(types.size());
  for (const auto& stream : header.streams()) {
    const auto found =
        written.find(StreamPrefix(header.tenant(), stream.stream().type(), stream.stream().id()));
    sums_up &= found != written.end() && found->second == stream.last_revision();
  }
  for (const std::string& type : header.types()) sums_up &= types.contains(type);
  if (!sums_up) wrong("its header does not sum up the streams and types of its events");
}

}  // namespace dealog::eventstore
