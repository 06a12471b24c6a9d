// Method: the example of C2SP tlog-checkpoint, texts spoiled line by line, and notes signed by
// keys that are and are not the origin's.

#include "eventstore/merkle/checkpoint.h"

#include <gmock/gmock.h>

#include <vector>

#include "eventstore/base/error.h"
#include "eventstore/merkle/base64.h"

namespace dealog::eventstore {
namespace {

constexpr char kExample[] =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
constexpr char kRoot[] = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

TEST(Checkpoint, IsThatOfTheSpecification) {
  const auto checkpoint = Checkpoint::Parse(kExample);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->size, 20'852'163u);
  EXPECT_EQ(ToBase64(base::AsView(checkpoint->root)) + "\n", kRoot);
  EXPECT_FALSE(checkpoint->batch);
  EXPECT_EQ(checkpoint->ToText(), kExample);
}

TEST(Checkpoint, TakesExtensionLinesAndUnderstandsItsOwn) {
  const auto foreign = Checkpoint::Parse(std::string(kExample) + "anything\nbatch of something\n");
  ASSERT_TRUE(foreign.ok()) << foreign.status();
  EXPECT_FALSE(foreign->batch);
  Checkpoint checkpoint = *foreign;
  checkpoint.batch = {{.partition = {2}, .number = {377}, .digest = HashLeaf("batch")}};
  const auto read = Checkpoint::Parse(checkpoint.ToText());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->batch, checkpoint.batch);
  EXPECT_EQ(read->ToText(), checkpoint.ToText());
}

TEST(Checkpoint, OfTheEmptyTreeHasSizeZero) {
  const Checkpoint empty{.origin = "o", .size = 0, .root = EmptyRoot()};
  EXPECT_EQ(empty.ToText(), "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  EXPECT_EQ(Checkpoint::Parse(empty.ToText())->root, EmptyRoot());
}

TEST(Checkpoint, RefusesWhatIsNone) {
  const std::string root = kRoot;
  for (const std::string& text : std::vector<std::string>{
           std::string(), std::string("\n"), std::string("o\n1\n"), "o\n1\n" + root.substr(0, 44),
           "\n1\n" + root, "o\n01\n" + root, "o\n-1\n" + root, "o\n 1\n" + root, "o\n\n" + root,
           "o\n18446744073709551616\n" + root, "o\n1\nCsUY\n", "o\n1\n" + root + "\n",
           "o\n1\n" + root + "\nx\n"}) {
    const auto parsed = Checkpoint::Parse(text);
    EXPECT_EQ(base::ReasonOf(parsed.status()), "FIELD_INVALID") << text;
  }
}

TEST(OpenCheckpoint, TakesOneThatTheOriginsKeySigned) {
  const Checkpoint checkpoint{.origin = "o/acme", .size = 1, .root = HashLeaf("x")};
  const SignerKey own("o/acme", std::string(32, 's'));
  const std::vector<VerifierKey> keys = {own.verifier()};
  const auto opened = OpenCheckpoint(SignNote(checkpoint.ToText(), own), keys);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->root, checkpoint.root);
}

TEST(OpenCheckpoint, RefusesAnotherOriginsKeyAlsoWithTheSameBytes) {
  const Checkpoint checkpoint{.origin = "o/acme", .size = 1, .root = HashLeaf("x")};
  const SignerKey other("o/other", std::string(32, 's'));
  const std::vector<VerifierKey> keys = {other.verifier()};
  const auto opened = OpenCheckpoint(SignNote(checkpoint.ToText(), other), keys);
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(opened.status().message()), testing::HasSubstr("o/acme"));
}

TEST(Origin, IsAKeyNameWhateverTheTenantIsCalled) {
  const std::string key(32, 'k');
  EXPECT_THAT(OriginOf(key, {"acme"}), testing::MatchesRegex("dealog/[0-9a-f]{16}/acme"));
  EXPECT_TRUE(IsKeyName(OriginOf(key, {"a b+c/é"})));
  EXPECT_THAT(OriginOf(key, {"a b+c"}), testing::EndsWith("/a%20b%2Bc"));
  EXPECT_NE(OriginOf(key, {"a b"}), OriginOf(key, {"a%20b"}));
  EXPECT_TRUE(IsOriginOfTenant(OriginOf(key, {"a b/c"}), "a b/c"));
  EXPECT_FALSE(IsOriginOfTenant(OriginOf(key, {"a b/c"}), "c"));
  EXPECT_FALSE(IsOriginOfTenant("acme", "acme"));
  EXPECT_NE(OriginOf(key, {"acme"}), OriginOf(std::string(32, 'l'), {"acme"}));
}

}  // namespace
}  // namespace dealog::eventstore
