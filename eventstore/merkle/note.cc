#include "eventstore/merkle/note.h"

#include <charconv>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/bytes.h"
#include "eventstore/merkle/base64.h"
#include "eventstore/validate.h"

namespace dealog::eventstore {
namespace {

constexpr char kEd25519 = 1;
constexpr std::string_view kPrivate = "PRIVATE+KEY+";
constexpr std::string_view kDash = "\xE2\x80\x94 ";  // Em dash and space.
constexpr size_t kKeyIdBytes = sizeof(uint32_t);

absl::Status BadKey(std::string_view why) {
  return base::InvalidField(
      "key", absl::StrCat("expected name+id+base64 of an Ed25519 key, ", base::View(why)));
}

absl::Status BadNote(std::string_view why) {
  return base::InvalidField(
      "note",
      absl::StrCat("expected a text, an empty line and lines of signatures: ", base::View(why)));
}

uint32_t KeyId(std::string_view name, std::string_view public_key) {
  const base::Digest hash = base::Sha256({name, "\n", std::string_view(&kEd25519, 1), public_key});
  return LoadBig<uint32_t>(base::AsView(hash).data());
}

// The parts of "name+id+base64 of 0x01 ‖ 32 bytes".
struct KeyParts {
  std::string name;
  uint32_t id = 0;
  std::string key;
};

absl::StatusOr<KeyParts> ParseKey(std::string_view text) {
  const size_t first = text.find('+');
  const size_t second = first == text.npos ? text.npos : text.find('+', first + 1);
  if (second == text.npos) return BadKey("found no two '+'");
  KeyParts parts{.name = std::string(text.substr(0, first))};
  if (!IsKeyName(parts.name)) return BadKey("found a name with a space, or none");
  const std::string_view id = text.substr(first + 1, second - first - 1);
  const auto parsed = std::from_chars(id.data(), id.data() + id.size(), parts.id, 16);
  if (parsed.ec != std::errc() || absl::StrFormat("%08x", parts.id) != base::View(id)) {
    return BadKey("found an id that is not of 8 hexadecimal digits");
  }
  const auto decoded = FromBase64(text.substr(second + 1));
  if (!decoded || decoded->size() != 1 + base::kEd25519KeyBytes) {
    return BadKey("found a key that is not base64 of 33 bytes");
  }
  if ((*decoded)[0] != kEd25519) return BadKey("found another algorithm");
  parts.key = decoded->substr(1);
  return parts;
}

// A line of a signature: who, and the bytes behind the key id.
struct SignatureLine {
  std::string name;
  uint32_t id = 0;
  std::string signature;
};

absl::StatusOr<SignatureLine> ParseSignature(std::string_view line) {
  if (!line.starts_with(kDash)) return BadNote("a line of the signatures begins otherwise");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == line.npos) return BadNote("a signature has no name");
  SignatureLine parsed{.name = std::string(line.substr(0, space))};
  const auto bytes = FromBase64(line.substr(space + 1));
  if (!IsKeyName(parsed.name) || !bytes || bytes->size() <= kKeyIdBytes) {
    return BadNote("a signature has no such name or is not base64");
  }
  parsed.id = LoadBig<uint32_t>(bytes->data());
  parsed.signature = bytes->substr(kKeyIdBytes);
  return parsed;
}

bool IsNoteText(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return false;
  }
  return IsUtf8(text);
}

absl::Status BadSignature(std::string_view why) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", why);
}

}  // namespace

bool IsKeyName(std::string_view name) {
  if (name.empty() || !IsUtf8(name)) return false;
  // ASCII's spaces, NEL and NBSP, and Unicode's.
  static constexpr std::string_view kSpaces[] = {" ",
                                                 "\t",
                                                 "\n",
                                                 "\v",
                                                 "\f",
                                                 "\r",
                                                 "\xC2\x85",
                                                 "\xC2\xA0",
                                                 "\xE1\x9A\x80",
                                                 "\xE2\x80\xA8",
                                                 "\xE2\x80\xA9",
                                                 "\xE2\x80\xAF",
                                                 "\xE2\x81\x9F",
                                                 "\xE3\x80\x80"};
  for (const std::string_view space : kSpaces) {
    if (name.find(space) != name.npos) return false;
  }
  for (char last = '\x80'; last <= '\x8A'; ++last) {  // U+2000 to U+200A.
    if (name.find(std::string("\xE2\x80") + last) != name.npos) return false;
  }
  return name.find('+') == name.npos;
}

VerifierKey::VerifierKey(std::string name, std::string public_key)
    : name_(std::move(name)), public_key_(std::move(public_key)), id_(KeyId(name_, public_key_)) {
  DEALOG_CHECK(IsKeyName(name_)) << name_;
  DEALOG_CHECK(public_key_.size() == base::kEd25519KeyBytes) << public_key_.size();
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view text) {
  ASSIGN_OR_RETURN(KeyParts parts, ParseKey(text));
  VerifierKey key(std::move(parts.name), std::move(parts.key));
  if (key.id() != parts.id) return BadKey("found an id that does not belong to it");
  return key;
}

std::string VerifierKey::ToString() const {
  return absl::StrCat(name_, "+", absl::StrFormat("%08x", id_), "+",
                      ToBase64(std::string(1, kEd25519) + public_key_));
}

bool VerifierKey::Verify(std::string_view text, std::string_view signature) const {
  return base::Ed25519Verify(public_key_, text, signature);
}

SignerKey::SignerKey(std::string name, std::string seed)
    : seed_(std::move(seed)), verifier_(std::move(name), base::Ed25519PublicKey(seed_)) {}

absl::StatusOr<SignerKey> SignerKey::Parse(std::string_view text) {
  if (!text.starts_with(kPrivate)) return BadKey("with PRIVATE+KEY+ before it, found none");
  ASSIGN_OR_RETURN(KeyParts parts, ParseKey(text.substr(kPrivate.size())));
  SignerKey key(std::move(parts.name), std::move(parts.key));
  if (key.verifier().id() != parts.id) return BadKey("found an id that does not belong to it");
  return key;
}

std::string SignerKey::Sign(std::string_view text) const { return base::Ed25519Sign(seed_, text); }

std::string SignNote(std::string_view text, const SignerKey& signer) {
  DEALOG_CHECK(text.ends_with('\n') && IsNoteText(text));
  std::string signature;
  AppendBig(signature, signer.verifier().id());
  signature += signer.Sign(text);
  return absl::StrCat(base::View(text), "\n", base::View(kDash), signer.verifier().name(), " ",
                      ToBase64(signature), "\n");
}

absl::StatusOr<std::string> OpenNote(std::string_view note, std::span<const VerifierKey> keys) {
  if (note.size() > kNoteBytesMax) {
    return BadNote(absl::StrCat("at most ", kNoteBytesMax, " bytes, found ", note.size()));
  }
  if (!IsNoteText(note)) return BadNote("found control characters or bytes that are not UTF-8");
  const size_t empty_line = note.rfind("\n\n");
  if (empty_line == note.npos) return BadNote("found no empty line");
  const std::string_view text = note.substr(0, empty_line + 1);
  std::string_view lines = note.substr(empty_line + 2);
  if (!lines.ends_with('\n')) return BadNote("found no newline at its end, or no signature");
  bool verified = false;
  for (size_t count = 0; !lines.empty(); ++count) {
    if (count == kNoteSignaturesMax) {
      return BadNote(absl::StrCat("at most ", kNoteSignaturesMax, " signatures, found more"));
    }
    const size_t end = lines.find('\n');
    ASSIGN_OR_RETURN(const SignatureLine line, ParseSignature(lines.substr(0, end)));
    lines.remove_prefix(end + 1);
    for (const VerifierKey& key : keys) {
      if (key.name() != line.name || key.id() != line.id) continue;
      if (!key.Verify(text, line.signature)) {
        return BadSignature(absl::StrCat("the signature of ", line.name,
                                         " is wrong: the text was changed or is not from there"));
      }
      verified = true;
    }
  }
  if (!verified) {
    return BadSignature(
        "no signature is of a key that you trust: expected one of the key you gave");
  }
  return std::string(text);
}

}  // namespace dealog::eventstore
