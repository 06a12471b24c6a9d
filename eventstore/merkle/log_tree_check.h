#pragma once

// Whether a log is the one that its trees were made from: for `dealog log verify` and the scrub,
// which have the commits at hand.
//
//   LogTreeCheck check(*store);
//   for (each commit, per tenant in order) check.Add(*commit);
//   for (const std::string& problem : check.Finish()) …

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "eventstore/event_log.h"
#include "eventstore/merkle/audit_store.h"
#include "eventstore/merkle/history_check.h"

namespace dealog::eventstore {

// Compares the tree over the commits with the stored tree and with the one that was last signed.
// Thread safety: none. Ownership: the store outlives it.
class LogTreeCheck {
 public:
  explicit LogTreeCheck(const AuditStore& store) : store_(store) {}

  // Reads what the tenant's tree says now instead of at its first commit: of a log that serves, ask
  // it of every tenant before the commits are read, for its trees grow meanwhile.
  void Begin(const TenantId& tenant) { Find(tenant.value); }
  void Add(const StoredCommit& commit);
  // One sentence per tenant that is not what its tree says, by name. A tree that is behind the log
  // is no problem; one that is ahead of it is.
  std::vector<std::string> Finish();

 private:
  struct Tenant {
    HistoryCheck check;
    absl::Status status;  // The first thing wrong.
  };
  Tenant& Find(std::string_view name);

  const AuditStore& store_;
  absl::flat_hash_map<std::string, Tenant> tenants_;
};

}  // namespace dealog::eventstore
