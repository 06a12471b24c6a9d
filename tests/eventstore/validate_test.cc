// IsUtf8: exactly what protobuf would read again. (The limits of commits: the contract suite.)
// Method: compare with protobuf's own check, at the edges and on random bytes.

#include "eventstore/validate.h"

#include <random>

#include "dealog/storage/v1/commit.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/stubs/logging.h"

namespace dealog::eventstore {
namespace {

// Whether a message with `text` in a string field parses.
bool ProtobufReads(const std::string& text) {
  const std::string bytes = std::string("\x0a") + static_cast<char>(text.size()) + text;
  storage::v1::StreamName name;
  return name.ParseFromString(bytes);
}

TEST(IsUtf8, AgreesWithProtobufAtTheEdges) {
  const google::protobuf::LogSilencer quiet;
  const std::vector<std::string> texts = {
      "", "ascii", "é", "€", "😀", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xef\xbf\xbf",
      "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
      // Overlong, surrogates, beyond the last code point, cut off, stray.
      "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
      "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\x80", "a\xe2\x82",
      "\xe2\x82"
      "a",
      "\xf0\x9f\x98"};
  for (const std::string& text : texts) EXPECT_EQ(IsUtf8(text), ProtobufReads(text)) << text;
}

TEST(IsUtf8, AgreesWithProtobufOnRandomBytes) {
  const google::protobuf::LogSilencer quiet;
  std::mt19937 random(3);
  const std::string alphabet =
      "\x01\x41\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5\xff";
  for (int round = 0; round < 50'000; ++round) {
    std::string text(random() % 6, '\0');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    ASSERT_EQ(IsUtf8(text), ProtobufReads(text)) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace dealog::eventstore
