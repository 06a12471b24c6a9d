#pragma once

// Proofs as text files that an auditor keeps: self-contained, checked offline.
//
//   c2sp.org/tlog-proof@v1          inclusion, as C2SP tlog-proof (file extension .tlog-proof)
//   extra <base64 of the entry>     header ‖ SHA-256(body), see leaf.h
//   index 41
//   <hash, base64>                  from the leaf's sibling up
//
//   <checkpoint, a signed note>
//
//   dealog.consistency-proof@v1     consistency: the same form
//   old 42
//   <hash, base64>
//
//   <checkpoint of the new tree>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/merkle/tree.h"

namespace dealog::eventstore {

// A proof file's largest size: 65 hashes, an entry and a note.
inline constexpr size_t kProofBytesMax = 4 << 20;

struct InclusionProofText {
  std::string entry;  // Of the event that it proves; not authenticated before the proof is checked.
  uint64_t leaf_index = 0;
  Proof hashes;
  std::string checkpoint;  // Signed note.

  std::string ToText() const;
  // INVALID_ARGUMENT / FIELD_INVALID.
  static absl::StatusOr<InclusionProofText> Parse(std::string_view text);
};

struct ConsistencyProofText {
  uint64_t old_size = 0;
  Proof hashes;
  std::string checkpoint;  // Signed note, of the new tree.

  std::string ToText() const;
  static absl::StatusOr<ConsistencyProofText> Parse(std::string_view text);
};

// Which of the two a file is.
bool IsInclusionProof(std::string_view text);
bool IsConsistencyProof(std::string_view text);

}  // namespace dealog::eventstore
