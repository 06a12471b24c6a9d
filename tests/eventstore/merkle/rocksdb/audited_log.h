#pragma once

// A log with its trees in one folder, opened and closed as a server does, and what an auditor does
// with the folder.

#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/check.h"
#include "eventstore/base/secret.h"
#include "eventstore/base/status.h"
#include "eventstore/merkle/audit_trees.h"
#include "eventstore/merkle/follower.h"
#include "eventstore/merkle/log_audit.h"
#include "eventstore/merkle/rocksdb/audit_store.h"
#include "eventstore/rocksdb/log_scan.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "tests/eventstore/rocksdb/log_folder.h"
#include "tests/support/event_log_commits.h"

namespace dealog::eventstore {

// Long enough for any machine; nothing waits for it to pass.
inline constexpr absl::Duration kTreeWait = absl::Seconds(20);
inline const base::Secret kAuditKey(std::string(base::Secret::kBytes, 'k'));

// An open server's log and trees.
struct AuditedLog {
  std::unique_ptr<EventLog> log;
  std::unique_ptr<AuditStore> store;
  std::unique_ptr<AuditFollower> follower;
  std::unique_ptr<AuditTrees> trees;

  // As a server stops: who uses the log first.
  void Close() {
    trees.reset();
    follower.reset();
    store.reset();
    log.reset();
  }
  // Once the trees hold everything.
  void CatchUp() const {
    for (const TenantId& tenant : log->Tenants()) {
      follower->WaitFor(tenant, log->Head(tenant)->position, kTreeWait);
    }
  }
  Checkpoint MustSign(const TenantId& tenant, uint64_t size = 0) const {
    const std::vector<VerifierKey> keys = {trees->Key(tenant)};
    const auto note = trees->Sign(tenant, size);
    DEALOG_CHECK_OK(note);
    const auto checkpoint = OpenCheckpoint(*note, keys);
    DEALOG_CHECK_OK(checkpoint);
    return *checkpoint;
  }
};

class AuditFolder {
 public:
  explicit AuditFolder(uint32_t partitions = 1) : partitions_(partitions) {}

  AuditedLog Open(const AuditFollowerOptions& options = {}) const {
    AuditedLog open;
    auto log = OpenRocksDbLog({.path = log_path(), .partition_count = partitions_});
    DEALOG_CHECK_OK(log);
    auto store = OpenAuditStore(audit_path());
    DEALOG_CHECK_OK(store);
    open.log = *std::move(log);
    open.store = *std::move(store);
    open.follower = StartAuditFollower(*open.log, *open.store, options);
    open.trees = std::make_unique<AuditTrees>(*open.log, *open.store, kAuditKey);
    open.CatchUp();
    return open;
  }
  std::string log_path() const { return folder_.path(); }
  std::string audit_path() const { return folder_.path() + "-audit"; }
  void DeleteTrees() const { std::filesystem::remove_all(audit_path()); }

  // What `dealog audit verify --folder` does.
  absl::Status Verify(const std::vector<Checkpoint>& kept) const {
    LogAudit audit(kept);
    RETURN_IF_ERROR(ScanRocksDbLog(log_path(), [&](const ScannedBatch& batch) {
      return audit.Add(batch.header, batch.commits);
    }));
    return audit.Finish();
  }

 private:
  const uint32_t partitions_;
  LogFolder folder_;
};

}  // namespace dealog::eventstore
