#include "services/rpc/audit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dealog/v1/history.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/merkle/audit_trees.h"
#include "eventstore/merkle/follower.h"
#include "services/rpc/limits.h"
#include "services/rpc/log_sources.h"

namespace dealog::rpc {
namespace {

using eventstore::AuditTrees;
using eventstore::Position;

absl::StatusOr<uint64_t> ToSize(int64_t value, const char* field) {
  if (value >= 0) return static_cast<uint64_t>(value);
  return base::InvalidField(field, absl::StrCat("expected 0 or more, found ", value));
}

// Lets the tree catch up with the log as it was when the call came. Who asks for less does not
// wait.
absl::Status AwaitTree(const ReadCall& call, uint64_t needed) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, RequireTenant(call.core, call.call));
  const uint64_t wanted = needed == 0 ? head.position.value : std::min(needed, head.position.value);
  call.core.audit_follower.WaitFor(call.call.tenant, Position{wanted}, kAuditWait);
  return absl::OkStatus();
}

void AddHashes(const eventstore::Proof& proof,
               google::protobuf::RepeatedPtrField<std::string>* to) {
  for (const eventstore::Digest& hash : proof) *to->Add() = std::string(base::AsView(hash));
}

absl::StatusOr<v1::GetCheckpointResponse> GetCheckpoint(const ReadCall& call,
                                                        const v1::GetCheckpointRequest& request) {
  ASSIGN_OR_RETURN(const uint64_t size, ToSize(request.size(), "size"));
  RETURN_IF_ERROR(AwaitTree(call, size));
  const eventstore::VerifierKey key = call.core.audit_trees.Key(call.call.tenant);
  ASSIGN_OR_RETURN(const std::string note, call.core.audit_trees.Sign(call.call.tenant, size));
  ASSIGN_OR_RETURN(const eventstore::Checkpoint checkpoint,
                   eventstore::OpenCheckpoint(note, {&key, 1}));
  v1::GetCheckpointResponse response;
  response.set_checkpoint(note);
  response.set_verifier_key(key.ToString());
  response.set_size(static_cast<int64_t>(checkpoint.size));
  response.set_root_hash(std::string(base::AsView(checkpoint.root)));
  return response;
}

absl::StatusOr<v1::GetInclusionProofResponse> GetInclusionProof(
    const ReadCall& call, const v1::GetInclusionProofRequest& request) {
  ASSIGN_OR_RETURN(const uint64_t position, ToSize(request.position(), "position"));
  ASSIGN_OR_RETURN(const uint64_t size, ToSize(request.size(), "size"));
  RETURN_IF_ERROR(AwaitTree(call, size));
  ASSIGN_OR_RETURN(
      const eventstore::InclusionProofText proof,
      call.core.audit_trees.ProveInclusion(call.call.tenant, Position{position}, size));
  v1::GetInclusionProofResponse response;
  response.set_entry(proof.entry);
  AddHashes(proof.hashes, response.mutable_hashes());
  response.set_checkpoint(proof.checkpoint);
  return response;
}

absl::StatusOr<v1::GetConsistencyProofResponse> GetConsistencyProof(
    const ReadCall& call, const v1::GetConsistencyProofRequest& request) {
  ASSIGN_OR_RETURN(const uint64_t old_size, ToSize(request.old_size(), "old_size"));
  ASSIGN_OR_RETURN(const uint64_t new_size, ToSize(request.new_size(), "new_size"));
  RETURN_IF_ERROR(AwaitTree(call, new_size));
  ASSIGN_OR_RETURN(const eventstore::ConsistencyProofText proof,
                   call.core.audit_trees.ProveConsistency(call.call.tenant, old_size, new_size));
  v1::GetConsistencyProofResponse response;
  AddHashes(proof.hashes, response.mutable_hashes());
  response.set_checkpoint(proof.checkpoint);
  return response;
}

}  // namespace

void AddAuditMethods(ServiceBuilder& service) {
  AddRead(service, GetCheckpoint, Weight::kMedium);
  AddRead(service, GetInclusionProof, Weight::kMedium);
  AddRead(service, GetConsistencyProof, Weight::kMedium);
}

}  // namespace dealog::rpc
