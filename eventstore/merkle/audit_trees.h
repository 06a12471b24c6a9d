#pragma once

// Signs checkpoints of the stored trees and makes proofs from them.
//
//   AuditTrees trees(log, *store, signing_seed);
//   ASSIGN_OR_RETURN(const std::string note, trees.Sign(tenant, 0));

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/secret.h"
#include "eventstore/event_log.h"
#include "eventstore/merkle/audit_store.h"
#include "eventstore/merkle/note.h"
#include "eventstore/merkle/proof_text.h"

namespace dealog::eventstore {

// A tree's size of 0 means the newest, wherever one is asked for. Errors, beside the store's:
//   INVALID_ARGUMENT / FIELD_INVALID    a size or position beyond the log
//   UNAVAILABLE / VIEW_BEHIND           the log has it, the tree not yet
//   DATA_LOSS / CORRUPT_RECORD          the log does not continue what was signed before
// Thread safety: yes. Ownership: log, store and seed outlive it.
// Invariant: of two checkpoints signed for a tenant one continues the other, unless the store was
// deleted between them.
class AuditTrees {
 public:
  // `seed`: of the log's Ed25519 key.
  AuditTrees(const EventLog& log, AuditStore& store, const base::Secret& seed);

  // Whose signatures the tenant's checkpoints carry; also their origin.
  VerifierKey Key(const TenantId& tenant) const;

  // A checkpoint as a signed note.
  absl::StatusOr<std::string> Sign(const TenantId& tenant, uint64_t size);
  // That the event at `position` is in the tree. Its entry is read from the log: a proof of an
  // event that was changed since does not verify.
  absl::StatusOr<InclusionProofText> ProveInclusion(const TenantId& tenant, Position position,
                                                    uint64_t size);
  // That the tree of the new size begins with the one of the old size.
  absl::StatusOr<ConsistencyProofText> ProveConsistency(const TenantId& tenant, uint64_t old_size,
                                                        uint64_t new_size);

 private:
  struct Tree {
    TreeHead head;
    uint64_t size = 0;  // The one asked for.
  };
  SignerKey Signer(const TenantId& tenant) const;
  absl::StatusOr<Tree> FindTree(const TenantId& tenant, uint64_t size, const char* field) const;
  absl::Status CheckContinues(const TenantId& tenant, uint64_t tree_size,
                              const SignedTree& before) const;
  absl::StatusOr<std::string> SignTree(const TenantId& tenant, const Tree& tree);
  absl::Status Behind(const TenantId& tenant, uint64_t asked, uint64_t tree_size,
                      const char* field) const;

  const EventLog& log_;
  AuditStore& store_;
  const base::Secret& seed_;
  const std::string public_key_;
  base::Mutex signing_mu_;  // One at a time compares with what was signed before, and notes it.
};

}  // namespace dealog::eventstore
