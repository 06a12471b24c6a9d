#pragma once

// A folder for archives and restored logs, a log in memory to back up, and checkpoints signed for
// it.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/backup/backup_run.h"
#include "eventstore/backup/restore.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/memory/memory_log.h"
#include "eventstore/merkle/checkpoint.h"
#include "eventstore/merkle/leaf.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "eventstore/rocksdb/verify.h"
#include "tests/eventstore/rocksdb/log_folder.h"
#include "tests/support/event_log_commits.h"
#include "tests/support/manual_clock.h"

namespace dealog::eventstore {

inline const std::string& SeedOfTests() {
  static const std::string seed(32, 's');
  return seed;
}
inline SignerKey SignerOf(const TenantId& tenant) {
  return {OriginOf(base::Ed25519PublicKey(SeedOfTests()), tenant), SeedOfTests()};
}

// Signs the tree over the tenant's first `position` events.
inline SignedCheckpoint SignAt(const EventLog& log, const TenantId& tenant, Position position,
                               const SignerKey& signer) {
  TreeFrontier tree;
  const auto page = log.ReadTenant(tenant, {.limit = position.value});
  DEALOG_CHECK_OK(page);
  for (const PageEvent& event : page->events) tree.Append(LeafOf(event.view()));
  const Checkpoint checkpoint{
      .origin = signer.verifier().name(), .size = tree.size(), .root = tree.Root(), .batch = {}};
  return {SignNote(checkpoint.ToText(), signer), signer.verifier().ToString()};
}
inline SignedCheckpoint SignAt(const EventLog& log, const TenantId& tenant, Position position) {
  return SignAt(log, tenant, position, SignerOf(tenant));
}

class ArchiveTest : public ::testing::Test {
 protected:
  explicit ArchiveTest(uint32_t partitions = 1)
      : log_(MakeMemoryLog({.partition_count = partitions, .disk = nullptr, .clock = &clock_})) {}

  std::string Path(const std::string& name) const {
    return std::filesystem::path(folder_.path()).parent_path().string() + "/" + name;
  }
  std::string archive() const { return Path("archive"); }

  // Commits of one event each, some with a unique key or a request.
  void Append(const std::string& tenant, int count) {
    for (int i = 0; i < count; ++i) {
      clock_.Advance(1'000'000);
      ++made_;
      NewCommit commit = MakeCommit(
          tenant,
          {MakeEvent(absl::StrCat("deal/", made_), "DealOpened", absl::StrCat("payload ", made_))},
          clock_.NowMicros());
      if (i % 3 == 0) commit.claims = {MakeUnique("name", static_cast<char>(made_), "deal/1")};
      if (i % 4 == 0) commit.request = MakeRequest(absl::StrCat("request-", made_));
      DEALOG_CHECK_OK(AppendOne(*log_, commit));
    }
  }
  BackupOptions Options() {
    return {.archive = archive(),
            .clock = &clock_,
            .unique_key_check = "",
            .checkpoint = [this](const TenantId& tenant,
                                 Position at) { return SignAt(*log_, tenant, at); },
            .free_bytes_min = 0};
  }
  absl::StatusOr<storage::v1::BackupManifest> Backup(const BackupOptions& options) {
    ASSIGN_OR_RETURN(const auto run, BackupRun::Open(*log_, options));
    while (!run->progress().done) RETURN_IF_ERROR(run->Step());
    return run->manifest();
  }
  storage::v1::BackupManifest MustBackup() {
    const auto made = Backup(Options());
    DEALOG_CHECK_OK(made);
    clock_.Advance(1'000'000);
    return *made;
  }
  RestoreOptions RestoreTo(const std::string& name) {
    RestoreOptions options;
    options.archive = archive();
    options.data_folder = Path(name);
    options.clock = &clock_;
    return options;
  }
  std::unique_ptr<EventLog> OpenRestored(const std::string& name, uint32_t partitions = 1) {
    auto log = OpenRocksDbLog({.path = Path(name) + "/log",
                               .partition_count = partitions,
                               .clock = &clock_,
                               .free_bytes_min = 0});
    DEALOG_CHECK_OK(log);
    return *std::move(log);
  }
  // Every commit's bytes of a tenant, up to a position.
  static std::vector<std::string> CommitsOf(EventLog& log, const std::string& tenant,
                                            uint64_t last = UINT64_MAX) {
    std::vector<std::string> commits;
    auto subscription = log.Subscribe(TenantId{tenant}, Position{});
    DEALOG_CHECK_OK(subscription);
    for (;;) {
      const auto page = (*subscription)->Poll(1 << 20);
      DEALOG_CHECK_OK(page);
      if (page->items.empty()) return commits;
      for (const CommitPtr& commit : page->items) {
        if (commit->last_position().value <= last) commits.emplace_back(commit->bytes());
      }
    }
  }
  // Flips a bit of a file.
  static void Damage(const std::string& path, size_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
    DEALOG_CHECK(file.good()) << path;
  }

  dealog::testing::ManualClock clock_;
  LogFolder folder_;
  std::unique_ptr<EventLog> log_;
  int made_ = 0;
};

inline std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

}  // namespace dealog::eventstore
