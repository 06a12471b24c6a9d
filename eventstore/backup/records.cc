#include "eventstore/backup/records.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/bytes.h"

namespace dealog::eventstore {
namespace {

absl::Status Damaged(const std::string& what) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", what);
}

void AppendPrefixed(std::string_view bytes, std::string& out) {
  AppendBig(out, static_cast<uint32_t>(bytes.size()));
  out.append(bytes);
}

absl::StatusOr<CommitPtr> ReadNamedCommit(ByteReader& reader,
                                          const storage::v1::CommitDigest& named) {
  const std::string_view bytes = reader.Prefixed<uint32_t>();
  const std::string where =
      absl::StrCat("the commit of tenant ", named.tenant(), " position ", named.last_position());
  if (!reader.ok()) return Damaged(where + ": it is cut off");
  if (base::AsView(base::Sha256(bytes)) != named.sha256()) {
    return Damaged(where + ": its SHA-256 is not the one that its batch names");
  }
  ASSIGN_OR_RETURN(CommitPtr commit, StoredCommit::Parse(std::string(bytes)));
  const int64_t eventless = commit->event_count() == 0 ? commit->recorded_at_us() : 0;
  if (commit->tenant() != named.tenant() ||
      commit->last_position().value != named.last_position() ||
      eventless != named.eventless_recorded_at_us()) {
    return Damaged(where + ": the commit found there is another");
  }
  return commit;
}

}  // namespace

void AppendBatchRecord(const storage::v1::BatchHeader& header, std::span<const CommitPtr> commits,
                       std::string& out) {
  AppendPrefixed(header.SerializeAsString(), out);
  AppendBig(out, static_cast<uint32_t>(commits.size()));
  for (const CommitPtr& commit : commits) AppendPrefixed(commit->bytes(), out);
}

void AppendCommitRecord(std::string_view commit, std::string& out) { AppendPrefixed(commit, out); }

absl::Status ParseBatchRecords(std::string_view content, PartitionId partition,
                               absl::FunctionRef<absl::Status(const BatchRecord&)> take) {
  ByteReader reader(content);
  std::vector<CommitPtr> commits;
  while (!reader.rest().empty()) {
    const std::string_view bytes = reader.Prefixed<uint32_t>();
    const uint32_t count = reader.Big<uint32_t>();
    storage::v1::BatchHeader named;
    if (!reader.ok() || !named.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return Damaged("a batch record is cut off, or its header does not parse");
    }
    ASSIGN_OR_RETURN(const storage::v1::BatchHeader header,
                     ParseBatchHeader(partition, BatchNumber{named.number()}, bytes));
    if (count != static_cast<uint32_t>(header.commits_size())) {
      return CorruptBatch(
          partition, BatchNumber{header.number()},
          absl::StrCat("expected ", header.commits_size(), " commits, found ", count));
    }
    commits.clear();
    for (const storage::v1::CommitDigest& commit : header.commits()) {
      ASSIGN_OR_RETURN(commits.emplace_back(), ReadNamedCommit(reader, commit));
    }
    RETURN_IF_ERROR(take({header, commits}));
  }
  return absl::OkStatus();
}

absl::Status ParseCommitRecords(std::string_view content,
                                absl::FunctionRef<absl::Status(const CommitPtr&)> take) {
  ByteReader reader(content);
  while (!reader.rest().empty()) {
    const std::string_view bytes = reader.Prefixed<uint32_t>();
    if (!reader.ok()) return Damaged("a commit record is cut off");
    ASSIGN_OR_RETURN(const CommitPtr commit, StoredCommit::Parse(std::string(bytes)));
    RETURN_IF_ERROR(take(commit));
  }
  return absl::OkStatus();
}

}  // namespace dealog::eventstore
