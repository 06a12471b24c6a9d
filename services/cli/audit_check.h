#pragma once

// What `dealog audit verify` checks, by where it looks. Whatever contradicts a kept checkpoint is
// an AUDIT_FAILED error; all others mean that it could not be looked at.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/merkle/checkpoint.h"
#include "services/cli/client.h"

namespace dealog::cli {

// What the auditor has.
struct AuditEvidence {
  std::vector<eventstore::VerifierKey> keys;  // One.
  std::vector<eventstore::Checkpoint> kept;   // Verified.
};

// What was found to be as it was signed.
struct AuditFindings {
  uint64_t checkpoints = 0;
  uint64_t proofs = 0;
  uint64_t events = 0;
  eventstore::Checkpoint newest;  // The largest one that was looked at.
  std::string newest_note;        // From the server; empty otherwise.
};

using AuditProgressFunction = std::function<void(uint64_t events, uint64_t total)>;

bool IsAuditFailure(const absl::Status& status);

// The log's public key: its text, or a file with it.
absl::StatusOr<eventstore::VerifierKey> ReadVerifierKey(const std::string& text_or_path);
// Reads kept checkpoints and verifies their signatures, and that no two contradict each other.
absl::StatusOr<AuditEvidence> ReadEvidence(const std::string& key,
                                           const std::vector<std::string>& checkpoint_paths);

// A proof file: of inclusion, or of consistency with one of the kept checkpoints.
absl::Status CheckProofFile(const AuditEvidence& evidence, const std::string& path,
                            AuditFindings& findings);
// Exported events, from position 1 to the newest kept checkpoint at least.
absl::Status CheckEventFile(const AuditEvidence& evidence, const std::string& path,
                            const AuditProgressFunction& progress, AuditFindings& findings);
// The log in a server's folder, or the log's own folder, while no server runs on it.
absl::Status CheckFolder(const AuditEvidence& evidence, const std::string& folder,
                         const AuditProgressFunction& progress, AuditFindings& findings);
// A running server: that it signs a history that continues every kept checkpoint; and, unless
// `quick`, that the events which it hands out are that history.
absl::Status CheckServer(const AuditEvidence& evidence, const Client& client, bool quick,
                         const AuditProgressFunction& progress, AuditFindings& findings);

}  // namespace dealog::cli
