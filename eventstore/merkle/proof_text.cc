#include "eventstore/merkle/proof_text.h"

#include <cstring>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/merkle/base64.h"

namespace dealog::eventstore {
namespace {

constexpr std::string_view kInclusionLine = "c2sp.org/tlog-proof@v1\n";
constexpr std::string_view kConsistencyLine = "dealog.consistency-proof@v1\n";

absl::Status BadProof(std::string_view why) {
  return base::InvalidField(
      "proof",
      absl::StrCat("expected a proof as `dealog audit prove` writes it, ", base::View(why)));
}

// Takes the next line; nullopt at the end or where the newline is missing.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// The number of a line "word 123", without leading zeroes.
absl::StatusOr<uint64_t> TakeNumber(std::string_view word, std::string_view& text) {
  const std::optional<std::string_view> line = TakeLine(text);
  uint64_t value = 0;
  if (line && line->starts_with(word)) {
    const std::string_view digits = line->substr(word.size());
    if (absl::SimpleAtoi(base::View(digits), &value) && absl::StrCat(value) == base::View(digits)) {
      return value;
    }
  }
  return BadProof(absl::StrCat("found no line \"", base::View(word), "<number>\""));
}

// Hashes up to the empty line, and behind it the checkpoint.
absl::Status TakeRest(std::string_view text, Proof& hashes, std::string& checkpoint) {
  for (;;) {
    const std::optional<std::string_view> line = TakeLine(text);
    if (!line) return BadProof("found no empty line before the checkpoint");
    if (line->empty()) break;
    const std::optional<std::string> bytes = FromBase64(*line);
    Digest hash;
    if (!bytes || bytes->size() != hash.size()) {
      return BadProof("found a line that is not base64 of 32 bytes");
    }
    std::memcpy(hash.data(), bytes->data(), hash.size());
    hashes.push_back(hash);
  }
  checkpoint = std::string(text);
  return absl::OkStatus();
}

std::string RestText(const Proof& hashes, const std::string& checkpoint) {
  std::string text;
  for (const Digest& hash : hashes) absl::StrAppend(&text, ToBase64(base::AsView(hash)), "\n");
  return absl::StrCat(text, "\n", checkpoint);
}

absl::Status CheckFirstLine(std::string_view& text, std::string_view line) {
  if (text.size() > kProofBytesMax) {
    return BadProof(absl::StrCat("at most ", kProofBytesMax, " bytes, found ", text.size()));
  }
  if (!text.starts_with(line)) return BadProof("found another first line");
  text.remove_prefix(line.size());
  return absl::OkStatus();
}

}  // namespace

bool IsInclusionProof(std::string_view text) { return text.starts_with(kInclusionLine); }
bool IsConsistencyProof(std::string_view text) { return text.starts_with(kConsistencyLine); }

std::string InclusionProofText::ToText() const {
  return absl::StrCat(std::string(kInclusionLine), "extra ", ToBase64(entry), "\nindex ",
                      leaf_index, "\n", RestText(hashes, checkpoint));
}

absl::StatusOr<InclusionProofText> InclusionProofText::Parse(std::string_view text) {
  constexpr std::string_view kExtra = "extra ";
  RETURN_IF_ERROR(CheckFirstLine(text, kInclusionLine));
  InclusionProofText proof;
  if (text.starts_with(kExtra)) {
    const std::optional<std::string_view> line = TakeLine(text);
    const std::optional<std::string> entry =
        line ? FromBase64(line->substr(kExtra.size())) : std::nullopt;
    if (!entry) return BadProof("found extra data that is not base64");
    proof.entry = *entry;
  }
  ASSIGN_OR_RETURN(proof.leaf_index, TakeNumber("index ", text));
  RETURN_IF_ERROR(TakeRest(text, proof.hashes, proof.checkpoint));
  return proof;
}

std::string ConsistencyProofText::ToText() const {
  return absl::StrCat(std::string(kConsistencyLine), "old ", old_size, "\n",
                      RestText(hashes, checkpoint));
}

absl::StatusOr<ConsistencyProofText> ConsistencyProofText::Parse(std::string_view text) {
  RETURN_IF_ERROR(CheckFirstLine(text, kConsistencyLine));
  ConsistencyProofText proof;
  ASSIGN_OR_RETURN(proof.old_size, TakeNumber("old ", text));
  RETURN_IF_ERROR(TakeRest(text, proof.hashes, proof.checkpoint));
  return proof;
}

}  // namespace dealog::eventstore
