// The bytes of commits and batches: golden bytes that must decode for ever, and hostile input.
// Method: encode a fixed commit and compare; cut and flip its bytes everywhere and parse.

#include "eventstore/commit_codec.h"

#include <random>

#include "absl/strings/escaping.h"
#include "eventstore/apply.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/batch_codec.h"
#include "eventstore/event_filter.h"
#include "gmock/gmock.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/support/event_log_commits.h"

namespace dealog::eventstore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A commit with everything a commit can hold.
NewCommit FullCommit() {
  NewCommit commit = MakeCommit("acme", {MakeEvent("deal/d1", "DealOpened", "open"),
                                         MakeEvent("contact/c1", "ContactCreated", "")});
  commit.origin = {.principal = "user:ada",
                   .on_behalf_of = "user:bob",
                   .via = storage::v1::VIA_WORKFLOW,
                   .correlation_id = "corr",
                   .causation_position = Position{5},
                   .causation_depth = 1,
                   .traceparent = "00-trace",
                   .override_reason = "because",
                   .suppress_workflows = true};
  commit.request = MakeRequest("req-1");
  commit.events[1].sealed = {"sealed", ""};
  commit.events[1].data_subjects = {"contact/c1"};
  commit.events[1].occurred_at_us = 900;
  commit.claims = {MakeUnique("contact.email", 'e', "contact/c1")};
  commit.releases = {MakeUnique("contact.email", 'f', "contact/c1")};
  commit.subject = commit.events[0].stream;
  return commit;
}

std::string FullBytes() {
  const NewCommit commit = FullCommit();
  CommitPlacement placement{.first = Position{7},
                            .recorded_at_us = 1000,
                            .subject_revision = Revision{3},
                            .revisions = {Revision{3}, Revision{1}}};
  placement.streams = {{&commit.events[0].stream, Revision{3}},
                       {&commit.events[1].stream, Revision{1}}};
  return CommitEncoder().Encode(commit, placement);
}

// What version 1 wrote. Never change it: add another for another version.
constexpr char kGoldenCommit[] =
    "01000001340a0461636d651007180220e8072a08757365723a61646132057265712d313a1f2f6465"
    "616c6f672e76312e4465616c536572766963652f4d6f76654465616c422066666666666666666666"
    "66666666666666666666666666666666666666666666486352400a0d636f6e746163742e656d6169"
    "6c122065656565656565656565656565656565656565656565656565656565656565651a0d0a0763"
    "6f6e74616374120263315a400a0d636f6e746163742e656d61696c12206666666666666666666666"
    "6666666666666666666666666666666666666666661a0d0a07636f6e7461637412026331620e0a0a"
    "0a046465616c12026431100362110a0d0a07636f6e746163741202633110016a0a4465616c4f7065"
    "6e65646a0e436f6e7461637443726561746564720a0a046465616c12026431780300000002000000"
    "8d000001380000007d0a1069696969696969696969696969696969120461636d651a0a0a04646561"
    "6c1202643120032807320a4465616c4f70656e6564380140e80748e80752140a08757365723a6164"
    "611208757365723a626f62580262057265712d316a04636f727270057a0830302d74726163658801"
    "0192010762656361757365980101000000046f70656e00000000000000910a106969696969696969"
    "6969696969696969120461636d651a0d0a07636f6e746163741202633120012808320e436f6e7461"
    "637443726561746564380140e80748840752140a08757365723a6164611208757365723a626f6258"
    "0262057265712d316a04636f727270057a0830302d747261636582010a636f6e746163742f633188"
    "0101920107626563617573659801010000000000000002000000067365616c656400000000";
constexpr char kGoldenBatch[] =
    "08011002180920012a20646464646464646464646464646464646464646464646464646464646464"
    "64643220958fbbbda41a3b1396fca17becafb1b0e4d126b2078301369317e89c9ebb6b6a38e90742"
    "2a0a0461636d6510081a209108ca10077a950aba7cb2aa9d5effcb4697c1e3f910f2e0d87c996010"
    "1160b8";

CommitPtr FullStored() { return StoredCommit::Parse(FullBytes()).value(); }

storage::v1::BatchHeader FullBatch() {
  const std::vector<CommitPtr> commits = {FullStored()};
  return MakeBatchHeader(PartitionId{2}, {BatchNumber{8}, std::string(32, 'd'), 1}, 1001, commits);
}

TEST(CommitCodec, EncodesTheGoldenBytes) {
  EXPECT_EQ(absl::BytesToHexString(FullBytes()), kGoldenCommit);
}

TEST(CommitCodec, DecodesTheGoldenBytesForEver) {
  const auto commit = StoredCommit::Parse(absl::HexStringToBytes(kGoldenCommit));
  ASSERT_TRUE(commit.ok()) << commit.status();
  const storage::v1::CommitHeader& header = (*commit)->header();
  EXPECT_EQ(header.tenant(), "acme");
  EXPECT_EQ((*commit)->first_position().value, 7u);
  EXPECT_EQ((*commit)->last_position().value, 8u);
  EXPECT_EQ(header.recorded_at_us(), 1000);
  EXPECT_EQ(header.caller(), "user:ada");
  EXPECT_EQ(header.request_id(), "req-1");
  EXPECT_EQ(header.request_expires_at_us(), 99);
  EXPECT_EQ(header.claims(0).hash(), std::string(32, 'e'));
  EXPECT_EQ(header.releases(0).owner().id(), "c1");
  EXPECT_EQ(header.streams(0).last_revision(), 3u);
  EXPECT_THAT(header.types(), ElementsAre("DealOpened", "ContactCreated"));
  EXPECT_EQ(header.subject_revision(), 3u);
  ASSERT_EQ((*commit)->event_count(), 2u);
  EXPECT_EQ((*commit)->event(0).payload, "open");
  EXPECT_TRUE((*commit)->event(0).sealed.empty());
  EXPECT_EQ((*commit)->event(1).payload, "");
  EXPECT_THAT((*commit)->event(1).sealed, ElementsAre("sealed", ""));
  storage::v1::EventHeader event;
  ASSERT_TRUE(ParseEventHeader({*commit, 1}, event).ok());
  EXPECT_EQ(event.stream().type(), "contact");
  EXPECT_EQ(event.revision(), 1u);
  EXPECT_EQ(event.position(), 8u);
  EXPECT_EQ(event.occurred_at_us(), 900);
  EXPECT_EQ(event.via(), storage::v1::VIA_WORKFLOW);
  EXPECT_EQ(event.causation_position(), 5u);
  EXPECT_THAT(event.data_subjects(), ElementsAre("contact/c1"));
}

TEST(CommitCodec, EncoderKeepsNothingOfTheCommitBefore) {
  CommitEncoder encoder;
  const NewCommit full = FullCommit();
  CommitPlacement placement{
      .first = Position{7}, .recorded_at_us = 1000, .revisions = {Revision{3}, Revision{1}}};
  encoder.Encode(full, placement);
  const NewCommit plain = MakeCommit("t", {MakeEvent("deal/1")});
  const CommitPlacement plain_placement{
      .first = Position{1}, .recorded_at_us = 5, .revisions = {Revision{1}}};
  EXPECT_EQ(encoder.Encode(plain, plain_placement), CommitEncoder().Encode(plain, plain_placement));
}

TEST(CommitCodec, RefusesEveryTruncation) {
  const std::string bytes = FullBytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto parsed = StoredCommit::Parse(bytes.substr(0, size));
    ASSERT_EQ(parsed.status().code(), absl::StatusCode::kDataLoss) << size;
    ASSERT_EQ(base::ReasonOf(parsed.status()), "CORRUPT_RECORD");
  }
  EXPECT_FALSE(StoredCommit::Parse(bytes + '\0').ok()) << "nothing may follow";
}

// Reads every byte that a parsed commit points to; a sanitizer sees where it should not.
size_t Touch(const StoredCommit& commit) {
  size_t sum = 0;
  for (size_t i = 0; i < commit.event_count(); ++i) {
    for (const char c : commit.event(i).header) sum += static_cast<unsigned char>(c);
    for (const char c : commit.event(i).payload) sum += static_cast<unsigned char>(c);
    for (const std::string_view part : commit.event(i).sealed) {
      for (const char c : part) sum += static_cast<unsigned char>(c);
    }
  }
  return sum;
}

TEST(CommitCodec, SurvivesEveryFlippedByte) {
  const google::protobuf::LogSilencer quiet;  // It complains of each bad UTF-8.
  const std::string bytes = FullBytes();
  size_t still_parse = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string bad = bytes;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      const auto parts = StoredCommit::ParseVerified(bad);
      if (parts.ok()) Touch(**parts);
      const auto parsed = StoredCommit::Parse(bad);
      ASSERT_LE(parsed.ok(), parts.ok()) << "what parses whole has parts that do";
      if (!parsed.ok()) {
        ASSERT_EQ(base::ReasonOf(parsed.status()), "CORRUPT_RECORD");
      } else if (Touch(**parsed) > 0) {
        ++still_parse;
      }
    }
  }
  EXPECT_GT(still_parse, 0u) << "flips in payloads parse: the CRC of the row is there for them";
}

TEST(CommitCodec, SurvivesRandomBytes) {
  const google::protobuf::LogSilencer quiet;  // It complains of each bad UTF-8.
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 80, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 4 == 0 ? random() : 0);
    if (!bytes.empty()) bytes[0] = 1;
    const auto parsed = StoredCommit::Parse(bytes);
    if (parsed.ok()) Touch(**parsed);
  }
}

TEST(CommitCodec, APartlyParsedCommitSaysTheSame) {
  const CommitPtr parts = StoredCommit::ParseVerified(FullBytes()).value();
  EXPECT_EQ(parts->tenant(), "acme");
  EXPECT_EQ(parts->recorded_at_us(), 1000);
  EXPECT_EQ(parts->first_position().value, 7u);
  EXPECT_EQ(parts->last_position().value, 8u);
  EXPECT_EQ(parts->header().SerializeAsString(), FullStored()->header().SerializeAsString());
}

TEST(CommitCodec, RefusesLyingCounts) {
  std::string huge("\x01\x00\x00\x00\x00\xff\xff\xff\xff", 9);  // 2^32 - 1 events.
  EXPECT_FALSE(StoredCommit::Parse(huge).ok());
  EXPECT_THAT(std::string(StoredCommit::Parse("\x02").status().message()),
              HasSubstr("expected format 1, found 2"));
}

TEST(BatchCodec, EncodesTheGoldenBytes) {
  EXPECT_EQ(absl::BytesToHexString(FullBatch().SerializeAsString()), kGoldenBatch);
}

TEST(BatchCodec, DecodesTheGoldenBytesForEver) {
  const auto header =
      ParseBatchHeader(PartitionId{2}, BatchNumber{9}, absl::HexStringToBytes(kGoldenBatch));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->previous_digest(), std::string(32, 'd'));
  EXPECT_EQ(header->written_at_us(), 1001);
  EXPECT_EQ(header->commits(0).tenant(), "acme");
  EXPECT_EQ(header->commits(0).last_position(), 8u);
  EXPECT_EQ(header->commits(0).sha256(),
            base::AsView(base::Sha256(absl::HexStringToBytes(kGoldenCommit))));
  EXPECT_EQ(HeadAfter(*header).digest, header->digest());
}

TEST(BatchCodec, TheDigestCoversEveryField) {
  const storage::v1::BatchHeader header = FullBatch();
  const std::string digest = BatchDigestOf(header);
  const auto changed = [&](auto edit) {
    storage::v1::BatchHeader copy = header;
    edit(copy);
    return BatchDigestOf(copy) != digest;
  };
  EXPECT_TRUE(changed([](auto& h) { h.set_format(2); }));
  EXPECT_TRUE(changed([](auto& h) { h.set_partition(3); }));
  EXPECT_TRUE(changed([](auto& h) { h.set_number(10); }));
  EXPECT_TRUE(changed([](auto& h) { h.set_owner_epoch(2); }));
  EXPECT_TRUE(changed([](auto& h) { (*h.mutable_previous_digest())[0] = 'x'; }));
  EXPECT_TRUE(changed([](auto& h) { h.set_written_at_us(-1); }));
  EXPECT_TRUE(changed([](auto& h) { h.mutable_commits(0)->set_tenant("acmf"); }));
  EXPECT_TRUE(changed([](auto& h) { h.mutable_commits(0)->set_last_position(9); }));
  EXPECT_TRUE(changed([](auto& h) { (*h.mutable_commits(0)->mutable_sha256())[31] ^= 1; }));
  EXPECT_TRUE(changed([](auto& h) { h.add_commits()->CopyFrom(h.commits(0)); }));
}

TEST(BatchCodec, RefusesEveryFlippedBit) {
  const google::protobuf::LogSilencer quiet;  // It complains of each bad UTF-8.
  const std::string bytes = FullBatch().SerializeAsString();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string bad = bytes;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    const auto parsed = ParseBatchHeader(PartitionId{2}, BatchNumber{9}, bad);
    // A flipped tag may turn a field into an unknown one: the field's loss is then what differs.
    EXPECT_FALSE(parsed.ok()) << "bit " << bit;
  }
  EXPECT_FALSE(ParseBatchHeader(PartitionId{2}, BatchNumber{8}, bytes).ok()) << "misplaced";
  EXPECT_FALSE(ParseBatchHeader(PartitionId{1}, BatchNumber{9}, bytes).ok()) << "misplaced";
}

TEST(CommitRow, TheCrcCatchesEveryFlippedBit) {
  std::string key, value;
  const storage::v1::BatchHeader header = FullBatch();
  const std::vector<CommitPtr> commits = {FullStored()};
  Apply(header, commits, [&](const Row& row) {
    if (row.family == Family::kCommits) key = row.key, value = row.value;
  });
  ASSERT_TRUE(ReadCommitRow(key, value).ok());
  for (size_t bit = 0; bit < value.size() * 8; ++bit) {
    std::string bad = value;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    ASSERT_EQ(ReadCommitRow(key, bad).status().code(), absl::StatusCode::kDataLoss) << bit;
  }
  for (size_t bit = 0; bit < key.size() * 8; ++bit) {
    std::string bad = key;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    ASSERT_EQ(ReadCommitRow(bad, value).status().code(), absl::StatusCode::kDataLoss) << bit;
  }
  for (size_t size = 0; size < value.size(); ++size) {
    ASSERT_FALSE(ReadCommitRow(key, value.substr(0, size)).ok());
  }
}

}  // namespace
}  // namespace dealog::eventstore
