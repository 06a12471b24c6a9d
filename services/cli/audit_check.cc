#include "services/cli/audit_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/merkle/history_check.h"
#include "eventstore/merkle/leaf.h"
#include "eventstore/merkle/log_audit.h"
#include "eventstore/merkle/proof_text.h"
#include "eventstore/rocksdb/log_scan.h"
#include "services/cli/audit_finding.h"
#include "services/cli/event_file.h"
#include "services/cli/files.h"

namespace dealog::cli {
namespace {

using eventstore::Checkpoint;
using eventstore::HistoryCheck;

constexpr uint64_t kEventsPerProgress = 1000;

absl::Status NeedCheckpoint() {
  return base::InvalidField("--checkpoint", "expected at least one kept checkpoint, found none");
}

// Which kept checkpoint a consistency proof begins with.
absl::Status CheckConsistencyFile(const AuditEvidence& evidence, const std::string& path,
                                  const std::string& text, AuditFindings& findings) {
  ASSIGN_OR_RETURN(const auto proof, eventstore::ConsistencyProofText::Parse(text));
  ASSIGN_OR_RETURN(const Checkpoint to,
                   Finding(eventstore::OpenCheckpoint(proof.checkpoint, evidence.keys)));
  const auto from =
      std::find_if(evidence.kept.begin(), evidence.kept.end(),
                   [&](const Checkpoint& kept) { return kept.size == proof.old_size; });
  if (from == evidence.kept.end()) {
    return base::InvalidField("--checkpoint",
                              absl::StrCat("expected the kept checkpoint of size ", proof.old_size,
                                           " that ", path, " begins with, found none"));
  }
  RETURN_IF_ERROR(Finding(
      eventstore::VerifyConsistency(from->size, to.size, from->root, to.root, proof.hashes)));
  ++findings.proofs;
  TakeNewest(to, findings);
  return absl::OkStatus();
}

absl::Status CheckInclusionFile(const AuditEvidence& evidence, const std::string& text,
                                AuditFindings& findings) {
  ASSIGN_OR_RETURN(const auto proof, eventstore::InclusionProofText::Parse(text));
  ASSIGN_OR_RETURN(const Checkpoint tree,
                   Finding(eventstore::OpenCheckpoint(proof.checkpoint, evidence.keys)));
  RETURN_IF_ERROR(Finding(eventstore::VerifyInclusion(
      proof.leaf_index, tree.size, eventstore::HashLeaf(proof.entry), proof.hashes, tree.root)));
  for (const Checkpoint& kept : evidence.kept) {
    if (kept.size == tree.size && kept.root != tree.root) {
      return AuditFailure(absl::StrCat("the proof's checkpoint of size ", tree.size,
                                       " has another root than the kept one"));
    }
  }
  ++findings.proofs;
  TakeNewest(tree, findings);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<eventstore::VerifierKey> ReadVerifierKey(const std::string& text_or_path) {
  if (auto key = eventstore::VerifierKey::Parse(text_or_path); key.ok()) return key;
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(text_or_path, eventstore::kNoteBytesMax));
  const absl::string_view line = absl::StripAsciiWhitespace(text);
  return eventstore::VerifierKey::Parse({line.data(), line.size()});
}

absl::StatusOr<AuditEvidence> ReadEvidence(const std::string& key,
                                           const std::vector<std::string>& checkpoint_paths) {
  AuditEvidence evidence;
  ASSIGN_OR_RETURN(eventstore::VerifierKey verifier, ReadVerifierKey(key));
  evidence.keys.push_back(std::move(verifier));
  for (const std::string& path : checkpoint_paths) {
    ASSIGN_OR_RETURN(const std::string note, ReadTextFile(path, eventstore::kNoteBytesMax));
    auto opened = eventstore::OpenCheckpoint(note, evidence.keys);
    if (!opened.ok()) {
      return Finding(
          absl::Status(opened.status().code(),
                       absl::StrCat(path, ": ", std::string(opened.status().message()))));
    }
    evidence.kept.push_back(*std::move(opened));
  }
  RETURN_IF_ERROR(Finding(HistoryCheck(evidence.kept).CheckKept()));
  return evidence;
}

absl::Status CheckProofFile(const AuditEvidence& evidence, const std::string& path,
                            AuditFindings& findings) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path, eventstore::kProofBytesMax));
  if (eventstore::IsConsistencyProof(text)) {
    return CheckConsistencyFile(evidence, path, text, findings);
  }
  return CheckInclusionFile(evidence, text, findings);
}

absl::Status CheckEventFile(const AuditEvidence& evidence, const std::string& path,
                            const AuditProgressFunction& progress, AuditFindings& findings) {
  if (evidence.kept.empty()) return NeedCheckpoint();
  HistoryCheck check(evidence.kept);
  RETURN_IF_ERROR(ReadEventFile(path, [&](const v1::StoredEvent& event) {
    if (check.size() % kEventsPerProgress == 0) progress(check.size(), 0);
    return Finding(AddEvent(event, check));
  }));
  RETURN_IF_ERROR(Finding(check.Finish()));
  findings.events = check.size();
  return absl::OkStatus();
}

absl::Status CheckFolder(const AuditEvidence& evidence, const std::string& folder,
                         const AuditProgressFunction& progress, AuditFindings& findings) {
  if (evidence.kept.empty()) return NeedCheckpoint();
  eventstore::LogAudit audit(evidence.kept);
  uint64_t batches = 0;
  RETURN_IF_ERROR(Finding(
      eventstore::ScanRocksDbLog(LogFolderOf(folder), [&](const eventstore::ScannedBatch& batch) {
        if (++batches % kEventsPerProgress == 0) progress(audit.history().size(), 0);
        return audit.Add(batch.header, batch.commits);
      })));
  RETURN_IF_ERROR(Finding(audit.Finish()));
  findings.events = audit.history().size();
  return absl::OkStatus();
}

}  // namespace dealog::cli
