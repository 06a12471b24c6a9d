#include "eventstore/apply.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "eventstore/bytes.h"

namespace dealog::eventstore {
namespace {

uint32_t CommitCrc(std::string_view key, std::string_view bytes) {
  return base::Crc32c(bytes, base::Crc32c(key));
}

std::string RequestValue(const StoredCommit& commit, const storage::v1::CommitHeader& header) {
  storage::v1::RequestRecord record;
  record.set_method(header.method());
  record.set_fingerprint(header.fingerprint());
  record.set_first_position(commit.first_position().value);
  record.set_last_position(commit.last_position().value);
  if (header.has_subject()) {
    *record.mutable_subject()->mutable_stream() = header.subject();
    record.mutable_subject()->set_last_revision(header.subject_revision());
  }
  record.set_recorded_at_us(header.recorded_at_us());
  record.set_expires_at_us(header.request_expires_at_us());
  return record.SerializeAsString();
}

void ApplyIndexes(const StoredCommit& commit, const storage::v1::CommitHeader& header,
                  RowSink sink) {
  std::string last_position;
  AppendBig(last_position, commit.last_position().value);
  for (const storage::v1::StreamRevision& written : header.streams()) {
    const std::string prefix =
        StreamPrefix(header.tenant(), written.stream().type(), written.stream().id());
    sink({Family::kStreams, NumberedKey(prefix, written.last_revision()), last_position});
  }
  for (const std::string& type : header.types()) {
    const std::string prefix = TypePrefix(header.tenant(), type);
    sink({Family::kTypes, NumberedKey(prefix, commit.last_position().value), ""});
  }
  const uint64_t recorded_at = static_cast<uint64_t>(header.recorded_at_us());
  sink({Family::kTimes, NumberedKey(TenantPrefix(header.tenant()), recorded_at), last_position});
}

void ApplyKeys(const StoredCommit& commit, const storage::v1::CommitHeader& header, RowSink sink) {
  if (!header.request_id().empty()) {
    sink({Family::kRequests, RequestKey(header.tenant(), header.caller(), header.request_id()),
          RequestValue(commit, header)});
  }
  for (const storage::v1::UniqueKey& key : header.releases()) {
    sink({Family::kUniques, UniqueKeyBytes(header.tenant(), key.kind(), key.hash()), "", true});
  }
  for (const storage::v1::UniqueKey& key : header.claims()) {
    sink({Family::kUniques, UniqueKeyBytes(header.tenant(), key.kind(), key.hash()),
          key.owner().SerializeAsString()});
  }
}

}  // namespace

void Apply(const storage::v1::BatchHeader& header, std::span<const CommitPtr> commits,
           RowSink sink) {
  DEALOG_CHECK(static_cast<size_t>(header.commits_size()) == commits.size()) << commits.size();
  std::string value;
  storage::v1::CommitHeader commit_header;
  for (const CommitPtr& commit : commits) {
    commit->ReadHeader(commit_header);
    const std::string key = CommitKey(*commit);
    value.assign(commit->bytes());
    AppendBig(value, CommitCrc(key, commit->bytes()));
    sink({Family::kCommits, key, value});
    // The tenant's first commit; of several without events before the first event, each.
    if (commit->first_position().value <= 1) {
      sink({Family::kTenants, TenantPrefix(commit->tenant()),
            PartitionPrefix(PartitionId{header.partition()})});
    }
    ApplyIndexes(*commit, commit_header, sink);
    ApplyKeys(*commit, commit_header, sink);
  }
  sink({Family::kBatches,
        NumberedKey(PartitionPrefix(PartitionId{header.partition()}), header.number()),
        header.SerializeAsString()});
}

absl::Status CorruptCommit(std::string_view key, std::string_view what) {
  const auto parts = ParseCommitKey(key);
  const std::string name =
      parts ? absl::StrCat("tenant ", base::View(parts->tenant), " position ", parts->last_position)
            : absl::StrCat("the malformed key ", absl::BytesToHexString(base::View(key)));
  return base::Error(
      absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
      absl::StrCat("the commit of ", name, ": ", base::View(what),
                   "; check the folder with `dealog log verify` and restore it from a backup"));
}

absl::StatusOr<CommitPtr> ReadCommitRow(std::string_view key, std::string_view value) {
  const auto parts = ParseCommitKey(key);
  if (!parts) return CorruptCommit(key, "the key is malformed");
  if (value.size() < sizeof(uint32_t)) return CorruptCommit(key, "the record is too short");
  const std::string_view bytes = value.substr(0, value.size() - sizeof(uint32_t));
  if (LoadBig<uint32_t>(value.data() + bytes.size()) != CommitCrc(key, bytes)) {
    return CorruptCommit(key, "the CRC32C of its record does not match");
  }
  absl::StatusOr<CommitPtr> commit = StoredCommit::ParseVerified(std::string(bytes));
  if (!commit.ok()) return CorruptCommit(key, std::string(commit.status().message()));
  const StoredCommit& found = **commit;
  const int64_t eventless = found.event_count() == 0 ? found.recorded_at_us() : 0;
  if (found.tenant() != parts->tenant || found.last_position().value != parts->last_position ||
      eventless != parts->eventless_recorded_at_us) {
    return CorruptCommit(key, "the commit found there is another");
  }
  return commit;
}

}  // namespace dealog::eventstore
