#include "eventstore/merkle/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/merkle/base64.h"

namespace dealog::eventstore {
namespace {

constexpr char kBatchWord[] = "batch";
constexpr size_t kLogIdBytes = 8;

absl::Status BadCheckpoint(std::string_view why) {
  return base::InvalidField(
      "checkpoint", absl::StrCat("expected lines of origin, size and root, ", base::View(why)));
}

std::optional<Digest> ParseDigest(absl::string_view text) {
  const auto bytes = FromBase64(std::string_view(text.data(), text.size()));
  Digest digest;
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::memcpy(digest.data(), bytes->data(), digest.size());
  return digest;
}

// Decimal without leading zeroes.
template <typename Integer>
bool ParseNumber(absl::string_view text, Integer* value) {
  return absl::SimpleAtoi(text, value) && absl::StrCat(*value) == text;
}

// "batch 0 377 <digest>".
std::optional<SignedBatch> ParseBatch(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  SignedBatch batch;
  if (words.size() != 4 || words[0] != kBatchWord ||
      !ParseNumber(words[1], &batch.partition.value) ||
      !ParseNumber(words[2], &batch.number.value)) {
    return std::nullopt;
  }
  const std::optional<Digest> digest = ParseDigest(words[3]);
  if (!digest) return std::nullopt;
  batch.digest = *digest;
  return batch;
}

// As in a URL, so that the name of any tenant is part of a key's name.
std::string Escape(std::string_view tenant) {
  std::string escaped;
  for (const char c : tenant) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    escaped += plain ? std::string(1, c) : absl::StrFormat("%%%02X", static_cast<unsigned char>(c));
  }
  return escaped;
}

}  // namespace

std::string Checkpoint::ToText() const {
  std::string text = absl::StrCat(origin, "\n", size, "\n", ToBase64(base::AsView(root)), "\n");
  if (batch) {
    absl::StrAppend(&text, kBatchWord, " ", batch->partition.value, " ", batch->number.value, " ",
                    ToBase64(base::AsView(batch->digest)), "\n");
  }
  return text;
}

absl::StatusOr<Checkpoint> Checkpoint::Parse(std::string_view text) {
  if (!text.ends_with('\n')) return BadCheckpoint("found no newline at its end");
  text.remove_suffix(1);
  const std::vector<absl::string_view> lines = absl::StrSplit(base::View(text), '\n');
  if (lines.size() < 3) return BadCheckpoint(absl::StrCat("found ", lines.size(), " lines"));
  for (const absl::string_view line : lines) {
    if (line.empty()) return BadCheckpoint("found an empty line");
  }
  Checkpoint checkpoint{.origin = std::string(lines[0])};
  if (!ParseNumber(lines[1], &checkpoint.size)) {
    return BadCheckpoint(absl::StrCat("found the size \"", lines[1], "\""));
  }
  const std::optional<Digest> root = ParseDigest(lines[2]);
  if (!root) return BadCheckpoint("found a root that is not base64 of 32 bytes");
  checkpoint.root = *root;
  for (size_t i = 3; i < lines.size() && !checkpoint.batch; ++i) {
    checkpoint.batch = ParseBatch(lines[i]);
  }
  return checkpoint;
}

std::string OriginOf(std::string_view public_key, const TenantId& tenant) {
  const Digest hash = base::Sha256(public_key);
  return absl::StrCat("dealog/",
                      absl::BytesToHexString(base::View(base::AsView(hash).substr(0, kLogIdBytes))),
                      "/", Escape(tenant.value));
}

bool IsOriginOfTenant(std::string_view origin, std::string_view tenant) {
  const size_t slash = origin.rfind('/');
  return slash != origin.npos && origin.substr(slash + 1) == Escape(tenant);
}

absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note,
                                          std::span<const VerifierKey> keys) {
  ASSIGN_OR_RETURN(const std::string text, OpenNote(note, keys));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::Parse(text));
  const bool own = std::any_of(keys.begin(), keys.end(), [&](const VerifierKey& key) {
    return key.name() == checkpoint.origin;
  });
  if (own) return checkpoint;
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     absl::StrCat("the checkpoint is of ", checkpoint.origin,
                                  ", which is not the name of a key that you gave"));
}

}  // namespace dealog::eventstore
