// Method: the keys and notes of the reference implementation (golang.org/x/mod/sumdb/note), byte
// for byte and spoiled in each of the ways its own tests try; the examples of C2SP signed-note.

#include "eventstore/merkle/note.h"

#include <gmock/gmock.h>

#include <vector>

#include "eventstore/base/error.h"

namespace dealog::eventstore {
namespace {

constexpr char kPeter[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kPeterPrivate[] =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr char kEnoch[] = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const std::string kText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
const std::string kPeterLine =
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const std::string kEnochLine =
    "— EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ="
    "\n";

std::vector<VerifierKey> Keys(const std::vector<const char*>& texts) {
  std::vector<VerifierKey> keys;
  for (const char* text : texts) keys.push_back(VerifierKey::Parse(text).value());
  return keys;
}

bool IsMalformed(const absl::Status& status) { return base::ReasonOf(status) == "FIELD_INVALID"; }

// A line with `insert` in the middle of its signature.
std::string Spoiled(std::string line, const std::string& insert = "ABCD") {
  return line.insert(60, insert);
}

TEST(VerifierKey, ReadsAndWritesTheReferenceKeys) {
  for (const char* text : {kPeter, kEnoch}) {
    const auto key = VerifierKey::Parse(text);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(key->ToString(), text);
  }
  EXPECT_EQ(VerifierKey::Parse(kPeter)->name(), "PeterNeumann");
  EXPECT_EQ(VerifierKey::Parse(kPeter)->id(), 0xc74f20a3u);
}

TEST(VerifierKey, RefusesEveryPartOfItselfAndEveryChangedByte) {
  const std::string key = kPeter;
  for (size_t begin = 0; begin <= key.size(); ++begin) {
    for (size_t end = begin; end <= key.size(); ++end) {
      if (end - begin == key.size()) continue;
      EXPECT_FALSE(VerifierKey::Parse(key.substr(begin, end - begin)).ok()) << begin << " " << end;
    }
  }
  for (size_t i = 0; i < key.size(); ++i) {
    std::string changed = key;
    ++changed[i];
    EXPECT_TRUE(IsMalformed(VerifierKey::Parse(changed).status())) << changed;
  }
}

TEST(VerifierKey, RefusesAnotherLengthAndAnotherAlgorithm) {
  // Both with the key id that belongs to them.
  EXPECT_FALSE(VerifierKey::Parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
                                  "LDE4izWy10TWBADKEY==")
                   .ok());
  const auto unknown =
      VerifierKey::Parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  EXPECT_THAT(std::string(unknown.status().message()), testing::HasSubstr("another algorithm"));
}

TEST(SignerKey, RefusesEveryPartOfItselfAndEveryChangedByte) {
  const std::string key = kPeterPrivate;
  ASSERT_TRUE(SignerKey::Parse(key).ok());
  for (size_t begin = 0; begin <= key.size(); ++begin) {
    for (size_t end = begin; end <= key.size(); ++end) {
      if (end - begin == key.size()) continue;
      EXPECT_FALSE(SignerKey::Parse(key.substr(begin, end - begin)).ok()) << begin << " " << end;
    }
  }
  for (size_t i = 0; i < key.size(); ++i) {
    std::string changed = key;
    ++changed[i];
    EXPECT_FALSE(SignerKey::Parse(changed).ok()) << changed;
  }
}

TEST(SignNote, MakesTheReferenceNote) {
  const SignerKey signer = SignerKey::Parse(kPeterPrivate).value();
  EXPECT_EQ(signer.verifier().ToString(), kPeter);
  EXPECT_EQ(SignNote(kText, signer), kText + "\n" + kPeterLine);
}

TEST(OpenNote, ReturnsTheTextThatAKnownKeySigned) {
  const std::string both = kText + "\n" + kPeterLine + kEnochLine;
  EXPECT_EQ(OpenNote(kText + "\n" + kPeterLine, Keys({kPeter})).value(), kText);
  EXPECT_EQ(OpenNote(both, Keys({kPeter})).value(), kText);
  EXPECT_EQ(OpenNote(both, Keys({kEnoch})).value(), kText);
  EXPECT_EQ(OpenNote(both, Keys({kEnoch, kPeter})).value(), kText);
}

TEST(OpenNote, PassesOverSignaturesOfUnknownKeysAlsoWhenTheyAreWrong) {
  EXPECT_EQ(OpenNote(kText + "\n" + kPeterLine + Spoiled(kEnochLine), Keys({kPeter})).value(),
            kText);
}

TEST(OpenNote, RefusesANoteWithoutAKnownKey) {
  const auto unsigned_by = [](const std::vector<VerifierKey>& keys) {
    return OpenNote(kText + "\n" + kPeterLine, keys).status();
  };
  EXPECT_EQ(unsigned_by({}).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(unsigned_by(Keys({kEnoch})).code(), absl::StatusCode::kDataLoss);
  // Of the same name, but another key.
  const SignerKey other("PeterNeumann", std::string(32, 's'));
  EXPECT_EQ(unsigned_by({other.verifier()}).code(), absl::StatusCode::kDataLoss);
}

TEST(OpenNote, RefusesAWrongSignatureOfAKnownKey) {
  for (const std::string& note :
       {kText + "\n" + Spoiled(kPeterLine), "I" + kText + "\n" + kPeterLine,
        kText + "\n" + kEnochLine + Spoiled(kPeterLine)}) {
    const auto opened = OpenNote(note, Keys({kPeter, kEnoch}));
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(opened.status().message()), testing::HasSubstr("PeterNeumann"));
  }
}

TEST(OpenNote, RefusesWhatIsNoNote) {
  const std::string bad_name =
      "— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
      "KE6RyyBwJnAM=\n";
  std::string many;
  for (size_t i = 0; i <= kNoteSignaturesMax; ++i) many += kPeterLine;
  for (const std::string& note :
       {std::string(), std::string("\n"), std::string("\n\n"), kText, kText + "\n",
        kText + "\n" + kPeterLine.substr(0, kPeterLine.size() - 1),
        "\x01" + kText + "\n" + kPeterLine, "\xff" + kText + "\n" + kPeterLine,
        kText + "\n" + bad_name, kText + "\n" + kPeterLine + "Unexpected line.\n",
        kText + "\n— PeterNeumann \n", kText + "\n— PeterNeumann x08g\n", kText + "\n" + many,
        std::string(kNoteBytesMax, 'x') + kText + "\n" + kPeterLine}) {
    EXPECT_TRUE(IsMalformed(OpenNote(note, Keys({kPeter})).status())) << note.substr(0, 200);
  }
}

TEST(OpenNote, TakesTheHundredSignaturesThatTheReferenceTakes) {
  std::string lines;
  for (size_t i = 0; i < kNoteSignaturesMax; ++i) lines += kPeterLine;
  EXPECT_TRUE(OpenNote(kText + "\n" + lines, Keys({kPeter})).ok());
}

// The example of C2SP signed-note; its key is not published.
TEST(OpenNote, UnderstandsTheSpecificationsExample) {
  const std::string note =
      "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito "
      "sera.\n\n"
      "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFS"
      "QU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
  EXPECT_EQ(OpenNote(note, Keys({kPeter})).status().code(), absl::StatusCode::kDataLoss)
      << "well-formed, but of an unknown key";
}

TEST(OpenNote, SplitsAtTheLastEmptyLine) {
  const SignerKey signer("quasimodo.example/salvatore", std::string(32, 'q'));
  const std::string poem = "trafitto da un raggio di sole:\n\ned è subito sera.\n";
  const std::vector<VerifierKey> keys = {signer.verifier()};
  EXPECT_EQ(OpenNote(SignNote(poem, signer), keys).value(), poem);
}

TEST(KeyName, HasNoSpacesAndNoPlus) {
  EXPECT_TRUE(IsKeyName("example.com/behind-the-sofa"));
  EXPECT_TRUE(IsKeyName("é"));
  for (const char* name : {"", "a b", "a+b", "a\nb", "a\xC2\xA0", "\xE2\x80\x83x", "\xff"}) {
    EXPECT_FALSE(IsKeyName(name)) << name;
  }
}

}  // namespace
}  // namespace dealog::eventstore
