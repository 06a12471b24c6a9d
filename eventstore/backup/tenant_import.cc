#include "eventstore/backup/tenant_import.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/backup/data_folder.h"
#include "eventstore/backup/frame.h"
#include "eventstore/backup/keys.h"
#include "eventstore/backup/limits.h"
#include "eventstore/backup/tenant_export.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/log_errors.h"
#include "eventstore/merkle/history_check.h"
#include "eventstore/rocksdb/log_loader.h"
#include "eventstore/rocksdb/rocksdb_log.h"

namespace dealog::eventstore {
namespace {

using ProgressFunction = std::function<void(uint64_t done, uint64_t total)>;

absl::Status Unusable(const std::string& what) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "BACKUP_UNUSABLE", what);
}

// The checkpoint at the end of an export, if there is one and it is signed as it should be.
absl::StatusOr<std::vector<Checkpoint>> SignedEnd(const ImportOptions& options,
                                                  const ExportFile& file) {
  std::vector<Checkpoint> kept;
  if (file.end->checkpoint().empty()) {
    if (!options.trusted_key) return kept;
    return base::InvalidField("key", absl::StrCat(options.file, " has no signed checkpoint"));
  }
  ASSIGN_OR_RETURN(const VerifierKey named, VerifierKey::Parse(file.end->verifier_key()));
  const VerifierKey& key = options.trusted_key ? *options.trusted_key : named;
  ASSIGN_OR_RETURN(kept.emplace_back(), OpenCheckpoint(file.end->checkpoint(), {&key, 1}));
  return kept;
}

// Reads the file twice, because the checkpoint stands at its end.
absl::StatusOr<ExportFile> CheckFile(const ImportOptions& options,
                                     const ProgressFunction& progress) {
  ASSIGN_OR_RETURN(ExportFile file, ReadExport(options.file, {}, {}));
  if (!file.end) {
    return Unusable(absl::StrCat(options.file, " is unfinished: it ends behind position ",
                                 file.position.value,
                                 "; run `dealog log export` again, which goes on with it"));
  }
  ASSIGN_OR_RETURN(std::vector<Checkpoint> kept, SignedEnd(options, file));
  HistoryCheck check(std::move(kept));
  RETURN_IF_ERROR(ReadExport(options.file,
                             [&](const CommitPtr& commit) {
                               for (size_t i = 0; i < commit->event_count(); ++i) {
                                 RETURN_IF_ERROR(check.Add(commit->event(i)));
                               }
                               if (progress) progress(check.size(), file.events * 2);
                               return absl::OkStatus();
                             },
                             {})
                      .status());
  RETURN_IF_ERROR(check.Finish());
  return file;
}

class Import {
 public:
  Import(const ImportOptions& options, const ExportFile& file, const ProgressFunction& progress)
      : options_(options),
        file_(file),
        progress_(progress),
        clock_(options.clock != nullptr ? *options.clock : base::SystemClock()),
        tenant_{file.head.tenant()} {}

  absl::StatusOr<ImportReport> Run() {
    report_.tenant = tenant_.value;
    report_.position = file_.position;
    report_.checkpoint = !file_.end->checkpoint().empty();
    RETURN_IF_ERROR(CheckFolder());
    RETURN_IF_ERROR(MakeFolder(options_.data_folder));
    ASSIGN_OR_RETURN(const auto lock, LockDataFolder(options_.data_folder));
    RETURN_IF_ERROR(CheckKeys());
    RETURN_IF_ERROR(Compare());
    if (report_.commits_there < file_.commits) RETURN_IF_ERROR(AddRest());
    unlink(ImportMark(options_.data_folder).c_str());
    RETURN_IF_ERROR(SyncFolder(options_.data_folder));
    return report_;
  }

 private:
  std::string LogFolder() const { return LogPath(options_.data_folder); }

  // A data folder, or one that holds nothing else than keys and what an import begins with.
  absl::Status CheckFolder() const {
    const std::string& folder = options_.data_folder;
    std::string why;
    ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(folder));
    if (!FileExists(LogFolder())) {
      for (const std::string& name : names) {
        if (name != "keys" && name != "LOCK" && name != "import" && name != "import.new") {
          why = absl::StrCat(" holds ", name, " and no log; give a data folder, or a new one");
        }
      }
    }
    if (FileExists(RestoreMark(folder))) why = " has a restore that has begun; finish that first";
    if (why.empty()) return absl::OkStatus();
    return base::Error(absl::StatusCode::kFailedPrecondition, "TARGET_NOT_EMPTY",
                       absl::StrCat(folder, why));
  }

  // The claims in the commits are hashes under the source's key: under another one no value would
  // be found, and taken twice.
  absl::Status CheckKeys() const {
    const std::string& check = file_.head.unique_key_check();
    const std::string keys = KeysPath(options_.data_folder);
    ASSIGN_OR_RETURN(const std::string found, ReadKeyCheck(keys));
    if (!found.empty() && (check.empty() || found == check)) return absl::OkStatus();
    if (!found.empty()) {
      return Unusable(absl::StrCat("the unique values of tenant ", tenant_.value,
                                   " were hashed with another key than ", keys,
                                   "/unique.key; import into a new folder with the source's keys "
                                   "(--keys)"));
    }
    if (options_.keys_folder.empty()) {
      if (check.empty()) return absl::OkStatus();
      return Unusable(absl::StrCat(keys,
                                   "/unique.key is missing; give the source's keys "
                                   "(--keys)"));
    }
    return CopyKeys(options_.keys_folder, options_.data_folder, check);
  }

  // How much of the export the folder has; ALREADY_EXISTS if it has something else.
  absl::Status Compare() {
    ASSIGN_OR_RETURN(partitions_, PartitionCountOf(LogFolder()));
    if (partitions_ == 0) {
      partitions_ = options_.partition_count;
      partition_ = PartitionOfNewTenant(tenant_, partitions_);
      return absl::OkStatus();
    }
    // With its witness: on top of a log that lost its newest batches the loss would be buried.
    ASSIGN_OR_RETURN(
        const auto log,
        OpenRocksDbLog({.path = LogFolder(),
                        .partition_count = partitions_,
                        .clock = &clock_,
                        .free_bytes_min = 0,
                        .witness = {.files = {WitnessPath(options_.data_folder)}, .say = {}}}));
    partition_ = log->PartitionOf(tenant_);
    ASSIGN_OR_RETURN(const TenantHead head, log->Head(tenant_));
    ASSIGN_OR_RETURN(const auto found, log->Subscribe(tenant_, Position{}));
    std::vector<CommitPtr> page;
    size_t next = 0;
    return ReadExport(options_.file,
                      [&](const CommitPtr& commit) -> absl::Status {
                        if (commit->first_position() > head.position) return absl::OkStatus();
                        if (next == page.size()) {
                          ASSIGN_OR_RETURN(auto poll, found->Poll(kFrameBytesTarget));
                          page = std::move(poll.items);
                          next = 0;
                        }
                        if (next == page.size() || page[next]->bytes() != commit->bytes()) {
                          return Collision(commit->first_position());
                        }
                        ++next;
                        ++report_.commits_there;
                        return absl::OkStatus();
                      },
                      {})
        .status();
  }

  absl::Status Collision(Position position) const {
    return base::Error(
               absl::StatusCode::kAlreadyExists, "TENANT_EXISTS",
               absl::StrCat("expected ", options_.data_folder, " to lack tenant ", tenant_.value,
                            ", or to have the beginning of this export, "
                            "found another commit at position ",
                            position.value, "; import into another folder"))
        .With("tenant", tenant_.value);
  }

  absl::Status AddRest() {
    RETURN_IF_ERROR(WriteFileDurably(ImportMark(options_.data_folder), tenant_.value + "\n"));
    ASSIGN_OR_RETURN(loader_, LogLoader::Open(LogFolder(), partitions_));
    uint64_t number = 0;
    RETURN_IF_ERROR(ReadExport(options_.file,
                               [&](const CommitPtr& commit) -> absl::Status {
                                 if (++number <= report_.commits_there) return absl::OkStatus();
                                 return Add(commit);
                               },
                               {})
                        .status());
    RETURN_IF_ERROR(WriteBatch());
    return loader_->Finish(WitnessPath(options_.data_folder));
  }

  absl::Status Add(const CommitPtr& commit) {
    if (pending_.size() == kCommitsPerBatchMax ||
        pending_bytes_ + commit->bytes().size() > kFrameBytesTarget) {
      RETURN_IF_ERROR(WriteBatch());
    }
    pending_.push_back(commit);
    pending_bytes_ += commit->bytes().size();
    ++report_.commits_added;
    report_.events_added += commit->event_count();
    if (progress_) progress_(file_.events + commit->last_position().value, file_.events * 2);
    return absl::OkStatus();
  }

  absl::Status WriteBatch() {
    if (pending_.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(loader_->Add(
        MakeBatchHeader(partition_, loader_->Head(partition_), clock_.NowMicros(), pending_),
        pending_));
    pending_.clear();
    pending_bytes_ = 0;
    return absl::OkStatus();
  }

  const ImportOptions& options_;
  const ExportFile& file_;
  const ProgressFunction& progress_;
  const base::Clock& clock_;
  const TenantId tenant_;
  uint32_t partitions_ = 0;
  PartitionId partition_;
  std::unique_ptr<LogLoader> loader_;
  std::vector<CommitPtr> pending_;
  size_t pending_bytes_ = 0;
  ImportReport report_;
};

}  // namespace

absl::StatusOr<ImportReport> ImportTenant(const ImportOptions& options,
                                          const ProgressFunction& progress) {
  ASSIGN_OR_RETURN(const ExportFile file, CheckFile(options, progress));
  return Import(options, file, progress).Run();
}

}  // namespace dealog::eventstore
