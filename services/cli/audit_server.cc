// `dealog audit verify` against a running server, which is not trusted.

#include <cstring>

#include "absl/strings/str_cat.h"
#include "dealog/v1/history.grpc.pb.h"
#include "eventstore/base/status.h"
#include "eventstore/merkle/history_check.h"
#include "services/cli/audit_check.h"
#include "services/cli/audit_finding.h"
#include "services/cli/stored_events.h"

namespace dealog::cli {
namespace {

using eventstore::Checkpoint;
using eventstore::Digest;
using eventstore::HistoryCheck;
using eventstore::Proof;
using History = v1::HistoryService::Stub;
using Hashes = google::protobuf::RepeatedPtrField<std::string>;

absl::StatusOr<Proof> ToProof(const Hashes& hashes) {
  Proof proof;
  for (const std::string& hash : hashes) {
    Digest digest;
    if (hash.size() != digest.size()) {
      return AuditFailure("the server's proof has a hash that is not of 32 bytes");
    }
    std::memcpy(digest.data(), hash.data(), digest.size());
    proof.push_back(digest);
  }
  return proof;
}

// One audit of one server. Thread safety: none.
class ServerAudit {
 public:
  ServerAudit(const AuditEvidence& evidence, const Client& client)
      : evidence_(evidence), client_(client) {}

  absl::Status Begin(AuditFindings& findings) {
    ASSIGN_OR_RETURN(const v1::GetCheckpointResponse reply,
                     client_.Call(&History::GetCheckpoint, v1::GetCheckpointRequest()));
    ASSIGN_OR_RETURN(newest_, Open(reply.checkpoint()));
    findings.newest_note = reply.checkpoint();
    TakeNewest(newest_, findings);
    return absl::OkStatus();
  }

  absl::Status CheckContinues(const Checkpoint& kept) {
    if (kept.size > newest_.size) {
      return AuditFailure(absl::StrCat("the server's log ends at position ", newest_.size,
                                       ", but it signed a checkpoint of ", kept.size,
                                       " events: the newest events are gone"));
    }
    ASSIGN_OR_RETURN(const Proof proof, Consistency(kept.size, newest_));
    return Finding(
        eventstore::VerifyConsistency(kept.size, newest_.size, kept.root, newest_.root, proof));
  }

  absl::Status CheckEvents(const AuditProgressFunction& progress, AuditFindings& findings) {
    std::vector<Checkpoint> signed_trees = evidence_.kept;
    signed_trees.push_back(newest_);
    HistoryCheck check(std::move(signed_trees));
    const absl::Status status = ReadEvents(progress, check);
    findings.events = check.size();
    if (!IsAuditFailure(status)) return status;
    return Explain(status, check);
  }

 private:
  absl::StatusOr<Checkpoint> Open(const std::string& note) const {
    return Finding(eventstore::OpenCheckpoint(note, evidence_.keys));
  }

  absl::StatusOr<Proof> Consistency(uint64_t old_size, const Checkpoint& to) const {
    v1::GetConsistencyProofRequest request;
    request.set_old_size(static_cast<int64_t>(old_size));
    request.set_new_size(static_cast<int64_t>(to.size));
    if (to.size == 0) return Proof();
    ASSIGN_OR_RETURN(const auto reply, client_.Call(&History::GetConsistencyProof, request));
    return ToProof(reply.hashes());
  }

  absl::Status ReadEvents(const AuditProgressFunction& progress, HistoryCheck& check) {
    RETURN_IF_ERROR(ReadStoredEvents(
        client_, newest_.size,
        [&](const v1::StoredEvent& event) { return Finding(AddEvent(event, check)); },
        [&](uint64_t events) { progress(events, newest_.size); }));
    return Finding(check.Finish());
  }

  // Names the changed event where the server's proofs lead to it. The proofs are checked against
  // the signed root, so a server can't point elsewhere; it can only refuse.
  absl::Status Explain(const absl::Status& status, const HistoryCheck& check) {
    const Checkpoint* tree = nullptr;
    for (const Checkpoint& kept : check.kept()) {
      if (kept.size == check.size() && kept.root != check.Root()) tree = &kept;
    }
    if (tree == nullptr) return status;  // A gap: its place is named already.
    const auto range =
        check.FindChange([&](uint64_t old_size) { return Consistency(old_size, *tree); });
    if (!range.ok()) return status;
    for (uint64_t position = range->first; position <= range->last; ++position) {
      const auto included = IsIncluded(position, *tree);
      if (!included.ok()) return status;
      if (*included) continue;
      return AuditFailure(absl::StrCat(std::string(status.message()),
                                       "; the first event that is not as it was signed is that of "
                                       "position ",
                                       position));
    }
    return status;
  }

  absl::StatusOr<bool> IsIncluded(uint64_t position, const Checkpoint& tree) const {
    v1::GetInclusionProofRequest request;
    request.set_position(static_cast<int64_t>(position));
    request.set_size(static_cast<int64_t>(tree.size));
    ASSIGN_OR_RETURN(const auto reply, client_.Call(&History::GetInclusionProof, request));
    ASSIGN_OR_RETURN(const Proof proof, ToProof(reply.hashes()));
    return eventstore::VerifyInclusion(position - 1, tree.size, eventstore::HashLeaf(reply.entry()),
                                       proof, tree.root)
        .ok();
  }

  const AuditEvidence& evidence_;
  const Client& client_;
  Checkpoint newest_;
};

}  // namespace

absl::Status CheckServer(const AuditEvidence& evidence, const Client& client, bool quick,
                         const AuditProgressFunction& progress, AuditFindings& findings) {
  ServerAudit audit(evidence, client);
  RETURN_IF_ERROR(audit.Begin(findings));
  for (const Checkpoint& kept : evidence.kept) RETURN_IF_ERROR(audit.CheckContinues(kept));
  if (quick) return absl::OkStatus();
  return audit.CheckEvents(progress, findings);
}

}  // namespace dealog::cli
