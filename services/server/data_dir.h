#pragma once

// The data folder: its layout, its lock and its keys.
//
//   DIR/LOCK            held while a server runs; names its process
//   DIR/restore, DIR/import   while one lasts (eventstore/backup); no server starts then
//   DIR/log/            the event log: the one thing that can't be made again
//   DIR/witness/head    what the log has synced: tells a log that lost its newest batches
//   DIR/views/          views' rows; safe to delete
//   DIR/work/imports/   uploads of imports that are not done
//   DIR/work/groups/    consumer groups: what they are, how far, what is parked
//   DIR/work/workflows/ how far the workflow reactor got; safe to delete
//   DIR/work/scrub      when the whole folder was last checked; safe to delete
//   DIR/audit/          the Merkle trees of the audit; safe to delete while no server runs
//   DIR/keys/audit.key  32 bytes, signs the audit's checkpoints; auditors know its public half
//   DIR/keys/unique.key 32 bytes, hashes unique values in the log; belongs to the log for ever
//   DIR/keys/token.key  32 bytes, seals page tokens; safe to delete

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/secret.h"

namespace dealog::server {

// An open data folder. Destroying it releases the lock. Thread safety: const.
class DataDir {
 public:
  // Makes what is missing. FAILED_PRECONDITION: another server has the folder, or a key that it
  // needs is gone. INTERNAL or PERMISSION_DENIED where the system refuses.
  static absl::StatusOr<std::unique_ptr<DataDir>> Open(const std::string& path);
  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  std::string log_path() const { return path_ + "/log"; }
  std::string witness_path() const { return path_ + "/witness/head"; }
  std::string views_path() const { return path_ + "/views"; }
  std::string audit_path() const { return path_ + "/audit"; }
  std::string groups_path() const { return path_ + "/work/groups"; }
  std::string imports_path() const { return path_ + "/work/imports"; }
  std::string workflows_path() const { return path_ + "/work/workflows"; }
  std::string scrub_path() const { return path_ + "/work/scrub"; }
  // Seed of the Ed25519 key.
  const base::Secret& audit_key() const { return *audit_key_; }
  const base::Secret& unique_key() const { return *unique_key_; }
  const base::Secret& token_key() const { return *token_key_; }

 private:
  DataDir(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::string path_;
  const int lock_;  // File descriptor.
  // Set before Open returns.
  std::optional<base::Secret> audit_key_;
  std::optional<base::Secret> unique_key_;
  std::optional<base::Secret> token_key_;
};

}  // namespace dealog::server
