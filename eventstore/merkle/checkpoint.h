#pragma once

// Checkpoints, as C2SP tlog-checkpoint: what the server signs, and an auditor keeps.
//
//   dealog/5f3a0c9b2d417e86/acme                      origin
//   1042                                              size: events of the tenant
//   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=      root, base64
//   batch 0 377 5w9GpvO8nU9tWzJ3yq4mA3…=              extension, see below
//
//   — dealog/5f3a0c9b2d417e86/acme Az3grlgt…=
//
// The tree covers the events. The extension line names partition, number and digest of the batch
// that wrote the last of them, and through the chain of digests every other byte of the log up to
// there: the headers of commits, and commits without events. It is left out of a checkpoint of an
// older size.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "eventstore/merkle/note.h"
#include "eventstore/merkle/tree.h"

namespace dealog::eventstore {

// A batch that a checkpoint vouches for.
struct SignedBatch {
  PartitionId partition;
  BatchNumber number;
  Digest digest{};
  auto operator<=>(const SignedBatch&) const = default;
};

struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Digest root{};
  std::optional<SignedBatch> batch;

  // The text that is signed.
  std::string ToText() const;
  // Takes any extension lines and understands its own. INVALID_ARGUMENT / FIELD_INVALID.
  static absl::StatusOr<Checkpoint> Parse(std::string_view text);
};

// The origin of a tenant's tree, which is also the name of its key: the log's public key and the
// tenant, so that no two logs or tenants have the same.
std::string OriginOf(std::string_view public_key, const TenantId& tenant);
// Whether an origin is that of a tenant of this name (of whatever log).
bool IsOriginOfTenant(std::string_view origin, std::string_view tenant);

// The checkpoint in a note that one of `keys` has signed, under the key's own origin.
absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, std::span<const VerifierKey> keys);

}  // namespace dealog::eventstore
