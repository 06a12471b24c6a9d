#include "eventstore/merkle/audit_trees.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/merkle/leaf.h"
#include "eventstore/merkle/stored_nodes.h"

namespace dealog::eventstore {
namespace {

absl::Status HistoryChanged(const TenantId& tenant, std::string_view what) {
  return base::Error(
      absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
      absl::StrCat("tenant ", tenant.value, ": ", base::View(what),
                   "; nothing is signed that contradicts it. Restore the right history; or, if "
                   "this one is meant, stop the server, delete its folder `audit` and tell the "
                   "auditors"));
}

}  // namespace

AuditTrees::AuditTrees(const EventLog& log, AuditStore& store, const base::Secret& seed)
    : log_(log), store_(store), seed_(seed), public_key_(base::Ed25519PublicKey(seed_.bytes())) {}

VerifierKey AuditTrees::Key(const TenantId& tenant) const {
  return VerifierKey(OriginOf(public_key_, tenant), public_key_);
}

SignerKey AuditTrees::Signer(const TenantId& tenant) const {
  return SignerKey(OriginOf(public_key_, tenant), std::string(seed_.bytes()));
}

absl::Status AuditTrees::Behind(const TenantId& tenant, uint64_t asked, uint64_t tree_size,
                                const char* field) const {
  ASSIGN_OR_RETURN(const TenantHead head, log_.Head(tenant));
  if (asked > head.position.value) {
    return base::InvalidField(field, absl::StrCat("expected at most the tenant's newest position ",
                                                  head.position.value, ", found ", asked));
  }
  return base::Error(absl::StatusCode::kUnavailable, "VIEW_BEHIND",
                     absl::StrCat("the audit's tree has ", tree_size, " of ", head.position.value,
                                  " events; ask again"));
}

absl::StatusOr<AuditTrees::Tree> AuditTrees::FindTree(const TenantId& tenant, uint64_t size,
                                                      const char* field) const {
  ASSIGN_OR_RETURN(const TreeHead head, store_.Head(tenant));
  if (size > head.size) return Behind(tenant, size, head.size, field);
  return Tree{head, size == 0 ? head.size : size};
}

absl::Status AuditTrees::CheckContinues(const TenantId& tenant, uint64_t tree_size,
                                        const SignedTree& before) const {
  if (before.size == 0) return absl::OkStatus();
  if (tree_size < before.size) {
    ASSIGN_OR_RETURN(const TenantHead head, log_.Head(tenant));
    if (head.position.value >= before.size) {
      return Behind(tenant, before.size, tree_size, "size");
    }
    return HistoryChanged(
        tenant, absl::StrCat("a checkpoint of ", before.size,
                             " events was signed, but the log ends at ", head.position.value));
  }
  const StoredNodes nodes(store_, tenant);
  ASSIGN_OR_RETURN(const Digest root, RootOf(before.size, nodes));
  if (root == before.root) return absl::OkStatus();
  return HistoryChanged(tenant, absl::StrCat("the first ", before.size,
                                             " events are not those that a checkpoint was signed "
                                             "for"));
}

absl::StatusOr<std::string> AuditTrees::SignTree(const TenantId& tenant, const Tree& tree) {
  const StoredNodes nodes(store_, tenant);
  ASSIGN_OR_RETURN(const Digest root, RootOf(tree.size, nodes));
  {
    base::MutexLock lock(signing_mu_);
    ASSIGN_OR_RETURN(const SignedTree before, store_.Signed(tenant));
    // The tree may have grown, and a larger one been signed, since this one was looked up.
    ASSIGN_OR_RETURN(const TreeHead now, store_.Head(tenant));
    RETURN_IF_ERROR(CheckContinues(tenant, now.size, before));
    if (tree.size > before.size) {
      RETURN_IF_ERROR(store_.SetSigned(tenant, {tree.size, root}));
    }
  }
  const SignerKey signer = Signer(tenant);
  Checkpoint checkpoint{.origin = signer.verifier().name(), .size = tree.size, .root = root};
  if (tree.size > 0 && tree.size == tree.head.size) checkpoint.batch = tree.head.batch;
  return SignNote(checkpoint.ToText(), signer);
}

absl::StatusOr<std::string> AuditTrees::Sign(const TenantId& tenant, uint64_t size) {
  ASSIGN_OR_RETURN(const Tree tree, FindTree(tenant, size, "size"));
  return SignTree(tenant, tree);
}

absl::StatusOr<InclusionProofText> AuditTrees::ProveInclusion(const TenantId& tenant,
                                                              Position position, uint64_t size) {
  ASSIGN_OR_RETURN(const Tree tree, FindTree(tenant, size, "size"));
  if (position.value == 0) {
    return base::InvalidField("position", "expected a position from 1, found 0");
  }
  if (position.value > tree.size) {
    if (size == 0) return Behind(tenant, position.value, tree.size, "position");
    return base::InvalidField("position", absl::StrCat("expected a position in the tree of size ",
                                                       tree.size, ", found ", position.value));
  }
  ASSIGN_OR_RETURN(const ReadPage page,
                   log_.ReadTenant(tenant, {.after = {position.value - 1}, .limit = 1}));
  if (page.events.empty() || page.events[0].position() != position) {
    return HistoryChanged(tenant, absl::StrCat("there is no event at position ", position.value));
  }
  InclusionProofText proof{.entry = LeafEntry(page.events[0].view()),
                           .leaf_index = position.value - 1};
  const StoredNodes nodes(store_, tenant);
  ASSIGN_OR_RETURN(proof.hashes, MakeInclusionProof(proof.leaf_index, tree.size, nodes));
  ASSIGN_OR_RETURN(proof.checkpoint, SignTree(tenant, tree));
  return proof;
}

absl::StatusOr<ConsistencyProofText> AuditTrees::ProveConsistency(const TenantId& tenant,
                                                                  uint64_t old_size,
                                                                  uint64_t new_size) {
  ASSIGN_OR_RETURN(const Tree tree, FindTree(tenant, new_size, "new_size"));
  if (old_size > tree.size) {
    if (new_size == 0) return Behind(tenant, old_size, tree.size, "old_size");
    return base::InvalidField(
        "old_size", absl::StrCat("expected at most new_size ", tree.size, ", found ", old_size));
  }
  ConsistencyProofText proof{.old_size = old_size};
  const StoredNodes nodes(store_, tenant);
  ASSIGN_OR_RETURN(proof.hashes, MakeConsistencyProof(old_size, tree.size, nodes));
  ASSIGN_OR_RETURN(proof.checkpoint, SignTree(tenant, tree));
  return proof;
}

}  // namespace dealog::eventstore
