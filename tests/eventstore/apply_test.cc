// Apply: exactly these rows, in this order, for a batch; and the keys they stand under.
// Method: apply a hand-made batch and compare family, key and value; sort keys as bytes.

#include "eventstore/apply.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/string_view.h"
#include "eventstore/batch_codec.h"
#include "eventstore/bytes.h"
#include "eventstore/commit_codec.h"
#include "gmock/gmock.h"
#include "tests/support/event_log_commits.h"

namespace dealog::eventstore {
namespace {

using testing::ElementsAre;

CommitPtr Store(const NewCommit& commit, uint64_t first, int64_t recorded_at,
                std::vector<Revision> revisions, std::vector<CommitPlacement::Stream> streams) {
  CommitPlacement placement{.first = Position{first},
                            .recorded_at_us = recorded_at,
                            .revisions = std::move(revisions),
                            .streams = std::move(streams)};
  return StoredCommit::Parse(CommitEncoder().Encode(commit, placement)).value();
}

std::vector<std::string> Rows(const std::vector<CommitPtr>& commits) {
  const auto header =
      MakeBatchHeader(PartitionId{3}, {BatchNumber{0}, std::string(32, '\0'), 1}, 5, commits);
  std::vector<std::string> rows;
  Apply(header, commits, [&](const Row& row) {
    const std::string key = absl::BytesToHexString(base::View(row.key));
    const bool shown = row.value.size() <= 8;
    const std::string value = shown ? absl::BytesToHexString(base::View(row.value))
                                    : absl::StrCat(row.value.size() > 0 ? "…" : "");
    rows.push_back(absl::StrCat(std::string(FamilyName(row.family)), " ", key,
                                row.deleted ? " deleted" : " = ", value));
  });
  return rows;
}

TEST(Apply, GivesOneIndexRowPerStreamAndTypeNotPerEvent) {
  NewCommit commit = MakeCommit("t", {MakeEvent("d/1", "A"), MakeEvent("d/1", "A"),
                                      MakeEvent("d/2", "B"), MakeEvent("d/1", "B")});
  const StreamId one = MakeStream("d/1");
  const StreamId two = MakeStream("d/2");
  const CommitPtr stored =
      Store(commit, 10, 256, {Revision{1}, Revision{2}, Revision{1}, Revision{3}},
            {{&one, Revision{3}}, {&two, Revision{1}}});
  EXPECT_THAT(Rows({stored}),
              ElementsAre("commits 0174000000000000000d = …",
                          "streams 01740164013100000000000000"
                          "03 = 000000000000000d",
                          "streams 0174016401320000000000000001 = 000000000000000d",
                          "types 01740141000000000000000d = ", "types 01740142000000000000000d = ",
                          "times 01740000000000000100 = 000000000000000d",
                          "batches 000000030000000000000001 = …"));
}

TEST(Apply, RecordsTheTenantWithItsFirstCommitAndTheRequestAndKeys) {
  NewCommit commit = MakeCommit("t", {MakeEvent("d/1", "A")});
  const StreamId one = MakeStream("d/1");
  commit.request = MakeRequest("r", "u");
  commit.releases = {MakeUnique("k", 'a', "d/1")};
  commit.claims = {MakeUnique("k", 'b', "d/1")};
  const std::string a = absl::BytesToHexString(std::string(32, 'a'));
  const std::string b = absl::BytesToHexString(std::string(32, 'b'));
  EXPECT_THAT(
      Rows({Store(commit, 1, 1, {Revision{1}}, {{&one, Revision{1}}})}),
      ElementsAre(
          "commits 01740000000000000001 = …", "tenants 0174 = 00000003",
          "streams 0174016401310000000000000001 = 0000000000000001",
          "types 017401410000000000000001 = ", "times 01740000000000000001 = 0000000000000001",
          "requests 0174000175"
          "0172 = …",
          "uniques 0174016b" + a + " deleted", "uniques 0174016b" + b + " = 0a0164120131",
          "batches 000000030000000000000001 = …"));
}

TEST(Apply, ACommitWithoutEventsHasItsTimeInItsKey) {
  NewCommit commit = MakeCommit("t", {});
  commit.request = MakeRequest("r", "u");
  EXPECT_THAT(Rows({Store(commit, 7, 258, {}, {})}),
              ElementsAre("commits 017400000000000000070000000000000102 = …",
                          "times 01740000000000000102 = 0000000000000007",
                          "requests 01740001750172 = …", "batches 000000030000000000000001 = …"));
}

TEST(Keys, SortByNumberAndNeverMixNames) {
  EXPECT_LT(CommitKey("t", 255, 0), CommitKey("t", 256, 0));
  EXPECT_LT(CommitKey("t", 7, 0), CommitKey("t", 7, 1)) << "behind the commit that ends there";
  EXPECT_LT(CommitKey("t", 7, 5), CommitKey("t", 8, 0));
  EXPECT_NE(StreamPrefix("t", "ab", "c"), StreamPrefix("t", "a", "bc"));
  EXPECT_NE(RequestKey("t", "ab", "c"), RequestKey("t", "a", "bc"));
  EXPECT_FALSE(StreamPrefix("t", "d", "11").starts_with(StreamPrefix("t", "d", "1")));
  EXPECT_FALSE(TenantPrefix("acme1").starts_with(TenantPrefix("acme")));
}

TEST(Keys, ParsesTheKeysOfCommitsAndNothingElse) {
  const std::string eventless = CommitKey("acme", 9, 77);
  const auto parts = ParseCommitKey(eventless);
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->tenant, "acme");
  EXPECT_EQ(parts->last_position, 9u);
  EXPECT_EQ(parts->eventless_recorded_at_us, 77);
  const std::string plain = CommitKey("acme", 9, 0);
  for (size_t size = 0; size < eventless.size(); ++size) {
    EXPECT_EQ(ParseCommitKey(eventless.substr(0, size)).has_value(), size == plain.size());
  }
  EXPECT_FALSE(ParseCommitKey(eventless + "x").has_value());
}

TEST(Bytes, ReaderFailsForGoodAtTheEnd) {
  ByteReader reader(std::string_view("\x00\x02\x61", 3));
  EXPECT_EQ(reader.Big<uint16_t>(), 2);
  EXPECT_EQ(reader.Take(2), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.Take(1), "") << "also what would still fit";
  EXPECT_FALSE(reader.Done());
}

}  // namespace
}  // namespace dealog::eventstore
