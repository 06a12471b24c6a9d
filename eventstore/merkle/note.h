#pragma once

// Signed notes, as C2SP signed-note: a text, an empty line, and lines of signatures.
//
//   example.com/log
//   42
//   <root, base64>
//
//   — example.com/log <base64 of key id ‖ signature>
//
// Only Ed25519 (type 0x01). Keys in the text form of golang.org/x/mod/sumdb/note, which the usual
// verifiers take: "name+<key id, hex>+<base64 of 0x01 ‖ public key>".

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace dealog::eventstore {

// Past these a note is refused as malformed.
inline constexpr size_t kNoteBytesMax = 1 << 20;
inline constexpr size_t kNoteSignaturesMax = 100;

// A name of a key: not empty, valid UTF-8, without spaces and '+'.
bool IsKeyName(std::string_view name);

// A public key and the name that it signs under. Thread safety: a value.
class VerifierKey {
 public:
  // `public_key`: 32 bytes (checked), `name` a key name (checked).
  VerifierKey(std::string name, std::string public_key);
  // INVALID_ARGUMENT / FIELD_INVALID if it is malformed or its key id is not that of its parts.
  static absl::StatusOr<VerifierKey> Parse(std::string_view text);

  const std::string& name() const { return name_; }
  uint32_t id() const { return id_; }
  const std::string& public_key() const { return public_key_; }
  std::string ToString() const;
  bool Verify(std::string_view text, std::string_view signature) const;

 private:
  std::string name_;
  std::string public_key_;
  uint32_t id_;
};

// A private key and the name that it signs under. Thread safety: a value.
class SignerKey {
 public:
  // `seed`: the 32 bytes of RFC 8032 (checked).
  SignerKey(std::string name, std::string seed);
  // "PRIVATE+KEY+name+<key id>+<base64 of 0x01 ‖ seed>". INVALID_ARGUMENT as above.
  static absl::StatusOr<SignerKey> Parse(std::string_view text);

  const VerifierKey& verifier() const { return verifier_; }
  std::string Sign(std::string_view text) const;

 private:
  std::string seed_;
  VerifierKey verifier_;
};

// The note of `text` (ends in a newline, valid UTF-8, no control characters: checked) with one
// signature.
std::string SignNote(std::string_view text, const SignerKey& signer);

// The text of a note that at least one of `keys` has signed. Signatures of unknown keys are passed
// over; a wrong one of a known key refuses the note. INVALID_ARGUMENT / FIELD_INVALID: malformed.
// DATA_LOSS / CORRUPT_RECORD: not signed by any of the keys, or wrongly.
absl::StatusOr<std::string> OpenNote(std::string_view note, std::span<const VerifierKey> keys);

}  // namespace dealog::eventstore
