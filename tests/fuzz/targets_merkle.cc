// What an auditor's files hold: notes, checkpoints, proofs, keys.

#include "eventstore/base/check.h"
#include "eventstore/merkle/base64.h"
#include "eventstore/merkle/checkpoint.h"
#include "eventstore/merkle/note.h"
#include "eventstore/merkle/proof_text.h"
#include "tests/fuzz/targets.h"

namespace dealog::fuzz {
namespace {

using namespace eventstore;  // NOLINT: a file of fuzz targets of that namespace.

const SignerKey& Signer() {
  static const SignerKey& signer = *new SignerKey("example.org/log", std::string(32, 's'));
  return signer;
}

Checkpoint SomeCheckpoint() {
  Checkpoint checkpoint{.origin = "example.org/log", .size = 5};
  checkpoint.root.fill(1);
  return checkpoint;
}
std::string SomeNote() { return SignNote(SomeCheckpoint().ToText(), Signer()); }

void RunNote(std::string_view input) {
  const VerifierKey key = Signer().verifier();
  const auto text = OpenNote(input, {&key, 1});
  // What opens is signed: so far only the seed's text is.
  DEALOG_CHECK(!text.ok() || *text == SomeCheckpoint().ToText());
}

void RunCheckpoint(std::string_view input) {
  const auto parsed = Checkpoint::Parse(input);
  if (!parsed.ok()) return;
  const auto again = Checkpoint::Parse(parsed->ToText());
  DEALOG_CHECK(again.ok() && again->size == parsed->size && again->root == parsed->root &&
               again->origin == parsed->origin);
}

void RunProof(std::string_view input) {
  if (const auto inclusion = InclusionProofText::Parse(input); inclusion.ok()) {
    DEALOG_CHECK(InclusionProofText::Parse(inclusion->ToText()).ok());
    DEALOG_CHECK(IsInclusionProof(input));
  }
  if (const auto consistency = ConsistencyProofText::Parse(input); consistency.ok()) {
    DEALOG_CHECK(ConsistencyProofText::Parse(consistency->ToText()).ok());
    DEALOG_CHECK(IsConsistencyProof(input));
  }
}

void RunKeyText(std::string_view input) {
  const auto key = VerifierKey::Parse(input);
  DEALOG_CHECK(!key.ok() || key->ToString() == input);
  SignerKey::Parse(input).status().IgnoreError();
  const auto bytes = FromBase64(input);
  DEALOG_CHECK(!bytes.has_value() || ToBase64(*bytes) == input);
}

std::vector<std::string> NoteSeeds() { return {SomeNote()}; }
std::vector<std::string> CheckpointSeeds() {
  Checkpoint with_batch = SomeCheckpoint();
  with_batch.batch = SignedBatch{.partition = PartitionId{1}, .number = BatchNumber{7}};
  return {SomeCheckpoint().ToText(), with_batch.ToText()};
}
std::vector<std::string> ProofSeeds() {
  const Digest hash{};
  return {InclusionProofText{"entry", 3, {hash, hash}, SomeNote()}.ToText(),
          ConsistencyProofText{3, {hash}, SomeNote()}.ToText()};
}
std::vector<std::string> KeyTextSeeds() {
  return {Signer().verifier().ToString(), ToBase64("some bytes")};
}

}  // namespace

std::vector<Target> MerkleTargets() {
  return {{"note", &RunNote, &NoteSeeds},
          {"checkpoint", &RunCheckpoint, &CheckpointSeeds},
          {"proof", &RunProof, &ProofSeeds},
          {"key_text", &RunKeyText, &KeyTextSeeds}};
}

}  // namespace dealog::fuzz
