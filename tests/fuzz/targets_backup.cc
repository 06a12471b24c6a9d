// The frames of backups and exports, and the records in them.

#include "eventstore/backup/frame.h"
#include "eventstore/backup/records.h"
#include "eventstore/base/check.h"
#include "eventstore/memory/memory_log.h"
#include "tests/fuzz/targets.h"
#include "tests/support/event_log_commits.h"

namespace dealog::fuzz {
namespace {

using namespace eventstore;  // NOLINT: a file of fuzz targets of that namespace.

constexpr PartitionId kPartition{0};

void RunFrame(std::string_view input) {
  const auto frame = ParseFrame(input);
  if (!frame.ok()) return;
  DEALOG_CHECK(frame->stored_bytes <= input.size());
  const auto again = ParseFrame(MakeFrame(frame->kind, frame->content));
  DEALOG_CHECK(again.ok() && again->content == frame->content);
}

std::vector<std::string> FrameSeeds() {
  return {MakeFrame(FrameKind::kManifest, "some content"),
          MakeFrame(FrameKind::kBatches, std::string(3000, 'x'))};
}

// The first byte chooses batches or commits.
void RunRecords(std::string_view input) {
  if (input.empty()) return;
  const std::string_view content = input.substr(1);
  std::string again;
  if (input[0] % 2 == 0) {
    // What is accepted is written back as other bytes (a header has more than one serialisation),
    // which say the same.
    size_t batches = 0;
    const absl::Status read =
        ParseBatchRecords(content, kPartition, [&](const BatchRecord& record) {
          ++batches;
          AppendBatchRecord(record.header, record.commits, again);
          return absl::OkStatus();
        });
    DEALOG_CHECK(read.ok() || !read.message().empty());
    const absl::Status reread = ParseBatchRecords(again, kPartition, [&](const BatchRecord&) {
      --batches;
      return absl::OkStatus();
    });
    DEALOG_CHECK(reread.ok() && batches == 0) << reread;
  } else {
    const absl::Status read = ParseCommitRecords(content, [&](const CommitPtr& commit) {
      AppendCommitRecord(commit->bytes(), again);
      return absl::OkStatus();
    });
    DEALOG_CHECK(!read.ok() || again == content);
  }
}

std::vector<std::string> RecordSeeds() {
  const auto disk = std::make_shared<MemoryDisk>(1);
  const auto log = MakeMemoryLog({.disk = disk});
  DEALOG_CHECK_OK(AppendAll(*log, {MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/2")}),
                                   MakeCommit("other", {MakeEvent("deal/1")})}));
  DEALOG_CHECK_OK(AppendOne(*log, MakeCommit("acme", {MakeEvent("deal/1", "DealWon")})));
  std::string batches(1, '\0');
  std::string commits(1, '\1');
  for (const MemoryDisk::Batch& batch : disk->Batches(kPartition)) {
    storage::v1::BatchHeader header;
    DEALOG_CHECK(header.ParseFromString(batch.header));
    std::vector<CommitPtr> parsed;
    for (const std::string& bytes : batch.commits) {
      auto commit = StoredCommit::Parse(bytes);
      DEALOG_CHECK_OK(commit);
      parsed.push_back(*std::move(commit));
      AppendCommitRecord(bytes, commits);
    }
    AppendBatchRecord(header, parsed, batches);
  }
  return {batches, commits};
}

}  // namespace

std::vector<Target> BackupTargets() {
  return {{"frame", &RunFrame, &FrameSeeds}, {"records", &RunRecords, &RecordSeeds}};
}

}  // namespace dealog::fuzz
