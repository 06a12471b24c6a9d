#pragma once

// What the log will hold once the batch is durable: the log, plus what the batch has staged. The
// sequencer decides every command over it.
//
//   RETURN_IF_ERROR(overlay.Begin(context));
//   ASSIGN_OR_RETURN(Decision decision, command.Decide(meta, overlay));   // reads are noted
//   commit.conditions = overlay.Conditions();
//   overlay.Published();   // or Drop(), where the batch was not written

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/secret.h"
#include "eventstore/event_log.h"
#include "services/commands/sequencer.h"
#include "services/commands/state_cache.h"

namespace dealog::commands {

// Thread safety: none but for Prefetch. Ownership: `log` and the secret must outlive it.
// Invariants: cached states are evolved in place, so a batch that was not written whole as it was
// staged must be followed by Drop.
class Overlay final : public domain::StateReader {
 public:
  Overlay(const eventstore::EventLog& log, const base::Secret& unique_key_secret,
          size_t cache_bytes_max);

  // Starts a command: its tenant is the one read from here on, its reads are noted from here on.
  // NOT_FOUND / TENANT_NOT_FOUND unless the tenant exists or `may_create`.
  absl::Status Begin(const eventstore::TenantId& tenant, bool may_create);

  absl::StatusOr<const domain::AggregateState*> Find(const domain::StreamRef& stream) override;
  absl::StatusOr<std::optional<std::string>> FindUnique(std::string_view kind,
                                                        std::string_view value) override;

  // Like Find, for applying events. Measure it afterwards.
  absl::StatusOr<StateCache::Entry*> Load(const domain::StreamRef& stream);
  void Measure(StateCache::Entry& entry) { cache_.Measure(entry); }
  // The revisions that the command read, as conditions of its commit: should an earlier commit of
  // the batch be refused by the log, those that were decided on top of it are refused too.
  std::vector<eventstore::StreamCondition> Conditions() const;
  // The tenant's head with the staged commits; to be advanced when one is staged.
  eventstore::TenantHead& head() { return *head_; }

  void StageKeys(const std::vector<eventstore::UniqueKey>& releases,
                 const std::vector<eventstore::UniqueKey>& claims);
  void StageRequest(const CommandContext& context);
  bool IsRequestStaged(const CommandContext& context) const;

  // The batch is durable: forgets what was staged, trims the cache.
  void Published();
  // The batch is not durable, or not as staged: forgets every state.
  void Drop();

  // From any thread: folds a stream that is not at hand.
  void Prefetch(const eventstore::TenantId& tenant, const domain::StreamRef& stream);

  uint64_t hits() const { return hits_; }
  uint64_t misses() const { return misses_; }

 private:
  absl::StatusOr<std::unique_ptr<domain::AggregateState>> Fold(const domain::StreamRef& stream);

  // Constant after construction.
  const eventstore::EventLog& log_;
  const base::Secret& secret_;

  StateCache cache_;
  absl::flat_hash_map<std::string, eventstore::TenantHead> heads_;

  // Of the command that is being decided.
  const eventstore::TenantId* tenant_ = nullptr;
  eventstore::TenantHead* head_ = nullptr;
  uint64_t command_number_ = 0;
  std::vector<const StateCache::Entry*> reads_;

  // Of the batch. A key without owner is free.
  absl::flat_hash_map<std::string, std::optional<std::string>> unique_owners_;
  absl::flat_hash_set<std::string> requests_;

  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

}  // namespace dealog::commands
