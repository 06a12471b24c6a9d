// Method: frames as they are made, then with every byte changed, cut at every place, and as random
// bytes; golden bytes of the format.

#include "eventstore/backup/frame.h"

#include <gmock/gmock.h>

#include <random>

#include "absl/strings/escaping.h"
#include "eventstore/backup/limits.h"
#include "eventstore/backup/records.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/bytes.h"

namespace dealog::eventstore {
namespace {

using testing::HasSubstr;

// A header with its own checksum right, whatever it says.
std::string Header(uint8_t kind, uint32_t stored, uint32_t content) {
  std::string header = "DLGF";
  AppendBig(header, kind);
  AppendBig(header, stored);
  AppendBig(header, content);
  AppendBig(header, base::Crc32c(header));
  return header;
}

TEST(Frame, GivesBackWhatWasPutIn) {
  for (const std::string& content : {std::string(), std::string("a"), std::string(100'000, 'x')}) {
    const std::string bytes = MakeFrame(FrameKind::kBatches, content);
    const auto frame = ParseFrame(bytes + "more");
    ASSERT_TRUE(frame.ok()) << frame.status();
    EXPECT_EQ(frame->kind, FrameKind::kBatches);
    EXPECT_EQ(frame->content, content);
    EXPECT_EQ(frame->stored_bytes, bytes.size());
    EXPECT_EQ(FrameBytes(bytes).value(), bytes.size());
  }
}

TEST(Frame, ReadsTheBytesOfFormat1) {
  // Whatever zstd makes of "hello" today: these bytes must unpack for ever.
  const auto frame =
      ParseFrame(absl::HexStringToBytes("444c4746030000000e0000000531fe3a62"
                                        "28b52ffd200529000068656c6c6f4fc72062"));
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->kind, FrameKind::kBatches);
  EXPECT_EQ(frame->content, "hello");
}

TEST(Frame, NoticesEveryChangedByte) {
  const std::string bytes = MakeFrame(FrameKind::kCommits, "the content of a frame, the content");
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x20);
    EXPECT_EQ(ParseFrame(changed).status().code(), absl::StatusCode::kDataLoss) << "byte " << i;
  }
}

TEST(Frame, SaysThatItIsCutOff) {
  const std::string bytes = MakeFrame(FrameKind::kCommits, "the content of a frame");
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(absl::IsOutOfRange(ParseFrame(bytes.substr(0, size)).status())) << size;
  }
}

TEST(Frame, RefusesSizesBeyondTheLimitsBeforeAllocating) {
  const auto stored = ParseFrame(Header(3, 0xffffffff, 1));
  EXPECT_THAT(std::string(stored.status().message()), HasSubstr("kFrameStoredBytesMax"));
  const auto content = ParseFrame(Header(3, 10, 0xffffffff));
  EXPECT_THAT(std::string(content.status().message()), HasSubstr("kFrameBytesMax"));
}

TEST(Frame, RefusesContentOfAnotherSizeThanItsHeaderSays) {
  const std::string bytes = MakeFrame(FrameKind::kCommits, std::string(1000, 'x'));
  const size_t stored = bytes.size() - kFrameHeaderBytes - 4;
  const std::string lying =
      Header(5, static_cast<uint32_t>(stored), 999) + bytes.substr(kFrameHeaderBytes);
  EXPECT_THAT(std::string(ParseFrame(lying).status().message()), HasSubstr("does not unpack"));
}

TEST(Frame, AKindOfANewerVersionIsToldApartFromDamage) {
  const auto frame = ParseFrame(Header(8, 0, 0));
  EXPECT_EQ(frame.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(base::ReasonOf(frame.status()), "BACKUP_UNUSABLE");
  EXPECT_THAT(std::string(frame.status().message()), HasSubstr("newer version"));
}

TEST(Frame, SurvivesAnyBytes) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (i % 2 == 0) {  // A right header in front of nonsense.
      const uint32_t stored = static_cast<uint32_t>(bytes.size() > 4 ? bytes.size() - 4 : 0);
      bytes = Header(static_cast<uint8_t>(random() % 9), stored, random() % 300) + bytes;
    }
    const auto frame = ParseFrame(bytes);
    EXPECT_FALSE(frame.ok());
  }
}

TEST(Records, SurviveAnyBytes) {
  std::mt19937_64 random(11);
  const auto batch = [](const BatchRecord&) { return absl::OkStatus(); };
  const auto commit = [](const CommitPtr&) { return absl::OkStatus(); };
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(1 + random() % 100, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4);
    EXPECT_FALSE(ParseBatchRecords(bytes, PartitionId{}, batch).ok());
    EXPECT_FALSE(ParseCommitRecords(bytes, commit).ok());
  }
}

}  // namespace
}  // namespace dealog::eventstore
