// Method: there and back, the form of C2SP tlog-proof line by line, and each line spoiled.

#include "eventstore/merkle/proof_text.h"

#include <gmock/gmock.h>

#include "absl/strings/str_replace.h"
#include "eventstore/base/error.h"
#include "eventstore/merkle/base64.h"

namespace dealog::eventstore {
namespace {

constexpr char kNote[] = "o\n8\nroot\n\n— o c2ln\n";

std::string Line(const Digest& hash) { return ToBase64(base::AsView(hash)) + "\n"; }

InclusionProofText Inclusion() {
  return {.entry = "entry",
          .leaf_index = 41,
          .hashes = {HashLeaf("a"), HashLeaf("b")},
          .checkpoint = kNote};
}

TEST(InclusionProofText, HasTheFormOfTheSpecification) {
  EXPECT_EQ(Inclusion().ToText(), "c2sp.org/tlog-proof@v1\nextra ZW50cnk=\nindex 41\n" +
                                      Line(HashLeaf("a")) + Line(HashLeaf("b")) + "\n" + kNote);
}

TEST(InclusionProofText, ReadsWhatItWrites) {
  const std::string text = Inclusion().ToText();
  EXPECT_TRUE(IsInclusionProof(text));
  EXPECT_FALSE(IsConsistencyProof(text));
  const auto proof = InclusionProofText::Parse(text);
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_EQ(proof->ToText(), text);
}

// Other writers may leave the extra data out, and a tree of one leaf has no hashes.
TEST(InclusionProofText, ReadsTheLeastThereCanBe) {
  const auto proof =
      InclusionProofText::Parse(std::string("c2sp.org/tlog-proof@v1\nindex 0\n\n") + kNote);
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_EQ(proof->entry, "");
  EXPECT_EQ(proof->leaf_index, 0u);
  EXPECT_TRUE(proof->hashes.empty());
  EXPECT_EQ(proof->checkpoint, kNote);
}

TEST(ConsistencyProofText, ReadsWhatItWrites) {
  const ConsistencyProofText proof{.old_size = 7, .hashes = {HashLeaf("a")}, .checkpoint = kNote};
  EXPECT_EQ(proof.ToText(),
            "dealog.consistency-proof@v1\nold 7\n" + Line(HashLeaf("a")) + "\n" + kNote);
  EXPECT_TRUE(IsConsistencyProof(proof.ToText()));
  const auto read = ConsistencyProofText::Parse(proof.ToText());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->ToText(), proof.ToText());
}

TEST(ProofText, RefusesWhatIsNone) {
  const std::string text = Inclusion().ToText();
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"@v1", "@v2"},
                                                        {"ZW50cnk=", "ZW50cnk"},
                                                        {"index 41", "index 041"},
                                                        {"index 41", "index -1"},
                                                        {"index 41", "indx 41"},
                                                        {"index 41\n", ""},
                                                        {Line(HashLeaf("b")), "QUJD\n"},
                                                        {Line(HashLeaf("b")) + "\n", ""},
                                                        {"\n", ""}}) {
    const auto parsed = InclusionProofText::Parse(absl::StrReplaceAll(text, {{from, to}}));
    EXPECT_EQ(base::ReasonOf(parsed.status()), "FIELD_INVALID") << from << " -> " << to;
  }
  EXPECT_FALSE(InclusionProofText::Parse("").ok());
  EXPECT_FALSE(ConsistencyProofText::Parse(text).ok());
  EXPECT_FALSE(InclusionProofText::Parse(text + std::string(kProofBytesMax, 'x')).ok());
}

}  // namespace
}  // namespace dealog::eventstore
