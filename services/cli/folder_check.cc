#include "services/cli/folder_check.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "eventstore/merkle/log_tree_check.h"
#include "eventstore/merkle/rocksdb/audit_store.h"
#include "eventstore/rocksdb/log_loader.h"
#include "eventstore/rocksdb/verify.h"
#include "eventstore/rocksdb/witness_file.h"
#include "projections/rocksdb/view_store.h"
#include "services/cli/files.h"

namespace dealog::cli {
namespace {

using eventstore::FollowerPoint;

constexpr char kStartServer[] = "start the server, which makes them anew";

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// What lies beside the log in its data folder, as far as it can be read; else why not.
struct Beside {
  std::vector<FollowerPoint> points;
  std::unique_ptr<eventstore::AuditStore> audit;
  std::vector<std::string> problems;
};

void ReadViews(const std::string& data, Beside& beside) {
  auto checkpoints = projections::ReadViewCheckpoints(data + "/views");
  if (!checkpoints.ok()) {
    beside.problems.push_back(
        absl::StrCat("the views can't be read: ", std::string(checkpoints.status().message()), "; ",
                     kStartServer));
    return;
  }
  for (projections::ViewWrite::Checkpoint& found : *checkpoints) {
    beside.points.push_back({.who = absl::StrCat("the view ", found.view),
                             .partition = found.partition,
                             .number = found.checkpoint.number,
                             .digest = std::move(found.checkpoint.digest),
                             .what_to_do = "delete the folder `views`: views are made anew"});
  }
}

void ReadAudit(const std::string& data, uint32_t partition_count, Beside& beside) {
  const std::string path = data + "/audit";
  if (!Exists(path + "/CURRENT")) return;
  auto audit = eventstore::OpenAuditStoreReadOnly(path);
  absl::Status readable = audit.status();
  for (uint32_t i = 0; i < partition_count && readable.ok(); ++i) {
    auto point = (*audit)->Point(eventstore::PartitionId{i});
    readable = point.status();
    if (!readable.ok()) break;
    beside.points.push_back({.who = "the audit",
                             .partition = eventstore::PartitionId{i},
                             .number = point->number,
                             .digest = std::move(point->digest),
                             .what_to_do = kStartServer});
  }
  if (readable.ok()) {
    beside.audit = *std::move(audit);
  } else {
    beside.problems.push_back(absl::StrCat(
        "the audit's trees can't be read: ", std::string(readable.message()), "; ", kStartServer));
  }
}

void ReadWitness(const std::string& data, Beside& beside) {
  const std::string path = data + "/witness/head";
  if (!Exists(path)) return;
  const auto file = eventstore::WitnessFile::Open(path);
  if (!file.ok()) return beside.problems.push_back(std::string(file.status().message()));
  const eventstore::PartitionHeads& heads = *(*file)->found();
  for (uint32_t i = 0; i < heads.size(); ++i) {
    beside.points.push_back({.who = "the head witness",
                             .partition = eventstore::PartitionId{i},
                             .number = heads[i].number,
                             .digest = heads[i].digest,
                             .what_to_do = "restore the folder from a backup that has it"});
  }
}

}  // namespace

absl::StatusOr<eventstore::LogVerifyReport> CheckFolder(const std::string& folder,
                                                        const eventstore::LogVerifyOptions& given) {
  const std::string log = LogFolderOf(folder);
  const std::filesystem::path path = std::filesystem::path(log).lexically_normal();
  Beside beside;
  if (path.filename() == "log") {
    const std::string data = path.parent_path().string();
    // Of one that can't be opened, the check itself says why.
    ReadViews(data, beside);
    ReadAudit(data, eventstore::PartitionCountOf(log).value_or(0), beside);
    ReadWitness(data, beside);
  }
  eventstore::LogVerifyOptions options = given;
  options.followers = std::move(beside.points);
  std::optional<eventstore::LogTreeCheck> trees;
  if (beside.audit != nullptr) {
    trees.emplace(*beside.audit);
    options.on_commit = [&trees](const eventstore::StoredCommit& commit) { trees->Add(commit); };
  }
  ASSIGN_OR_RETURN(eventstore::LogVerifyReport report, eventstore::VerifyRocksDbLog(log, options));
  for (std::string& problem : beside.problems) report.Add(std::move(problem));
  if (trees) {
    for (std::string& problem : trees->Finish()) report.Add(std::move(problem));
  }
  return report;
}

}  // namespace dealog::cli
