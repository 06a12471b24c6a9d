// Contract of the reads: pages, directions, filters, heads, times, and what outlives a reopen.
// Method: append known commits, read them in every way, compare with what a plain loop would give.

#include <algorithm>
#include <limits>

#include "tests/contracts/event_log_contract.h"

namespace dealog::eventstore {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// 1..12: deals and contacts in turns, three events per commit, with a commit of another tenant and
// one without events between them.
void AppendSample(EventLog& log) {
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(AppendOne(log, MakeCommit("acme",
                                          {MakeEvent("deal/1", "DealMoved"),
                                           MakeEvent("contact/a", "ContactUpdated"),
                                           MakeEvent("deal/2", "DealMoved")},
                                          1000 * (i + 1)))
                    .ok());
    NewCommit eventless = MakeCommit("acme", {});
    eventless.request = MakeRequest("r" + std::to_string(i));
    ASSERT_TRUE(AppendOne(log, eventless).ok());
    ASSERT_TRUE(AppendOne(log, MakeCommit("other", {MakeEvent("deal/1")})).ok());
  }
}

std::vector<uint64_t> Positions(const absl::StatusOr<ReadPage>& page) {
  EXPECT_TRUE(page.ok()) << page.status();
  std::vector<uint64_t> positions;
  for (const PageEvent& event : page->events) positions.push_back(event.position().value);
  return positions;
}

// Every page of a read, by following read_to.
std::vector<uint64_t> AllPages(const EventLog& log, TenantReadOptions options) {
  std::vector<uint64_t> positions;
  for (int pages = 0; pages < 100; ++pages) {
    const auto page = log.ReadTenant(TenantId{"acme"}, options);
    const std::vector<uint64_t> some = Positions(page);
    positions.insert(positions.end(), some.begin(), some.end());
    if (page->end) return positions;
    options.after = page->read_to;
  }
  ADD_FAILURE() << "the read never ends";
  return positions;
}

TEST_P(EventLogContract, ReadsATenantForwardAndBackward) {
  AppendSample(log());
  EXPECT_THAT(Positions(log().ReadTenant(acme_, {})),
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  EXPECT_THAT(Positions(log().ReadTenant(acme_, {.after = Position{4}, .limit = 3})),
              ElementsAre(5, 6, 7));
  EXPECT_THAT(Positions(log().ReadTenant(acme_, {.after = Position{12}})), IsEmpty());
  EXPECT_THAT(Positions(log().ReadTenant(acme_, {.after = Position{99}})), IsEmpty());
  EXPECT_THAT(Positions(log().ReadTenant(acme_, {.direction = Direction::kBackward, .limit = 4})),
              ElementsAre(12, 11, 10, 9));
  EXPECT_THAT(
      Positions(log().ReadTenant(acme_, {.after = Position{5}, .direction = Direction::kBackward})),
      ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(
      Positions(log().ReadTenant(acme_, {.after = Position{1}, .direction = Direction::kBackward})),
      IsEmpty());
}

TEST_P(EventLogContract, PagesSayHowFarTheyLookedAndWhereTheLogEnds) {
  AppendSample(log());
  const auto middle = log().ReadTenant(acme_, {.limit = 5});
  EXPECT_EQ(middle->read_to.value, 5u);
  EXPECT_FALSE(middle->end);
  const auto last = log().ReadTenant(acme_, {.after = Position{5}, .limit = 100});
  EXPECT_EQ(last->read_to.value, 12u);
  EXPECT_TRUE(last->end);
  const auto nothing = log().ReadTenant(acme_, {.filter = {.event_types = {"NeverHappened"}}});
  EXPECT_THAT(Positions(nothing), IsEmpty());
  EXPECT_EQ(nothing->read_to.value, 12u) << "looked at all, found none";
  EXPECT_TRUE(nothing->end);
  for (const size_t limit : {1, 2, 3, 5, 7}) {
    EXPECT_THAT(AllPages(log(), {.limit = limit}),
                ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
    EXPECT_THAT(AllPages(log(), {.direction = Direction::kBackward, .limit = limit}),
                ElementsAre(12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
    EXPECT_THAT(AllPages(log(), {.filter = {.streams = {MakeStream("deal/2")}}, .limit = limit}),
                ElementsAre(3, 6, 9, 12));
  }
}

TEST_P(EventLogContract, FiltersByStreamTypeAndEventType) {
  AppendSample(log());
  const auto read = [&](EventFilter filter, Direction direction = Direction::kForward) {
    return Positions(log().ReadTenant(acme_, {.direction = direction, .filter = filter}));
  };
  EXPECT_THAT(read({.streams = {MakeStream("deal/1")}}), ElementsAre(1, 4, 7, 10));
  EXPECT_THAT(read({.streams = {MakeStream("deal/1"), MakeStream("contact/a")}}),
              ElementsAre(1, 2, 4, 5, 7, 8, 10, 11));
  EXPECT_THAT(read({.stream_types = {"contact"}}), ElementsAre(2, 5, 8, 11));
  EXPECT_THAT(read({.event_types = {"ContactUpdated"}}), ElementsAre(2, 5, 8, 11));
  EXPECT_THAT(read({.stream_types = {"deal"}, .event_types = {"ContactUpdated"}}), IsEmpty());
  EXPECT_THAT(read({.streams = {MakeStream("deal/2")}, .event_types = {"DealMoved"}}),
              ElementsAre(3, 6, 9, 12));
  EXPECT_THAT(read({.streams = {MakeStream("deal/2")}}, Direction::kBackward),
              ElementsAre(12, 9, 6, 3));
  EXPECT_THAT(read({.event_types = {"ContactUpdated", "DealMoved"}}, Direction::kBackward),
              ElementsAre(12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
  EXPECT_THAT(read({.streams = {{"deal", std::string(500, 'x')}}}), IsEmpty());
}

TEST_P(EventLogContract, FilterMatchesEventsNotCommits) {
  // deal/1 with type A and deal/2 with type B in one commit: no event is both deal/1 and B.
  ASSERT_TRUE(
      AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1", "A"), MakeEvent("deal/2", "B")}))
          .ok());
  EXPECT_THAT(Positions(log().ReadTenant(
                  acme_, {.filter = {.streams = {MakeStream("deal/1")}, .event_types = {"B"}}})),
              IsEmpty());
}

TEST_P(EventLogContract, ResumesAFilteredReadInTheMiddleOfALongStream) {
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/1"),
                                                     MakeEvent("note/n", "NoteAdded")}))
                    .ok());
  }
  for (uint64_t after = 0; after <= 150; ++after) {
    std::vector<uint64_t> forward, backward;
    for (uint64_t p = 1; p <= 150; ++p) {
      if (p % 3 != 0 && p > after) forward.push_back(p);
      if (p % 3 != 0 && (p < after || after == 0)) backward.insert(backward.begin(), p);
    }
    const EventFilter filter{.streams = {MakeStream("deal/1")}};
    EXPECT_EQ(Positions(log().ReadTenant(acme_, {.after = Position{after}, .filter = filter})),
              forward);
    EXPECT_EQ(Positions(log().ReadTenant(
                  acme_,
                  {.after = Position{after}, .direction = Direction::kBackward, .filter = filter})),
              backward);
  }
}

TEST_P(EventLogContract, ReadsAStreamFromAnyRevision) {
  // deal/1 gets two revisions per commit, deal/2 one between them.
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/2"),
                                                     MakeEvent("deal/1")}))
                    .ok());
  }
  const StreamId deal = MakeStream("deal/1");
  const std::vector<uint64_t> position_of = {0, 1, 3, 4, 6, 7, 9};
  for (uint64_t from = 0; from <= 8; ++from) {
    std::vector<uint64_t> forward, backward;
    for (uint64_t r = std::max<uint64_t>(from, 1); r <= 6; ++r) forward.push_back(position_of[r]);
    for (uint64_t r = from == 0 ? 6 : std::min<uint64_t>(from, 6); r > 0; --r) {
      backward.push_back(position_of[r]);
    }
    EXPECT_EQ(Positions(log().ReadStream(acme_, deal, {.from = Revision{from}})), forward);
    EXPECT_EQ(Positions(log().ReadStream(
                  acme_, deal, {.from = Revision{from}, .direction = Direction::kBackward})),
              backward);
  }
  const auto two = log().ReadStream(acme_, deal, {.from = Revision{2}, .limit = 2});
  EXPECT_THAT(Positions(two), ElementsAre(3, 4));
  EXPECT_FALSE(two->end);
  EXPECT_TRUE(log().ReadStream(acme_, deal, {.from = Revision{5}, .limit = 2})->end);
  EXPECT_TRUE(log().ReadStream(acme_, deal, {.direction = Direction::kBackward, .limit = 6})->end);
  EXPECT_THAT(Positions(log().ReadStream(acme_, MakeStream("deal/9"), {})), IsEmpty());
  EXPECT_THAT(Positions(log().ReadStream(acme_, {"deal", std::string(500, 'x')}, {})), IsEmpty());
  EXPECT_THAT(Positions(log().ReadStream(TenantId{std::string(500, 'x')}, deal, {})), IsEmpty());
}

TEST_P(EventLogContract, StreamNamesThatStartAlikeDoNotMix) {
  ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/11"),
                                                   MakeEvent("deal_x/1"), MakeEvent("dea/l1")}))
                  .ok());
  ASSERT_TRUE(AppendOne(log(), MakeCommit("acme1", {MakeEvent("deal/1")})).ok());
  EXPECT_THAT(Positions(log().ReadStream(acme_, MakeStream("deal/1"), {})), ElementsAre(1));
  EXPECT_THAT(Positions(log().ReadStream(acme_, MakeStream("deal/11"), {})), ElementsAre(2));
  EXPECT_EQ(log().Head(TenantId{"acme1"})->position.value, 1u);
  EXPECT_EQ(log().Head(TenantId{"acm"})->position.value, 0u);
}

TEST_P(EventLogContract, APageIsBoundedInBytes) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1", "T",
                                                               std::string(kEventBytesMax, 'x'))}))
                    .ok());
  }
  EXPECT_THAT(Positions(log().ReadTenant(acme_, {})), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Positions(log().ReadStream(acme_, MakeStream("deal/1"), {})),
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(AllPages(log(), {}), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
}

TEST_P(EventLogContract, FindsThePositionAtATime) {
  ASSERT_TRUE(
      AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/1")}, 100)).ok());
  ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")}, 200)).ok());
  const auto at = [&](int64_t time) { return log().PositionAt(acme_, time)->value; };
  EXPECT_EQ(at(-1), 0u);
  EXPECT_EQ(at(0), 0u);
  EXPECT_EQ(at(99), 0u);
  EXPECT_EQ(at(100), 2u) << "whole commits only";
  EXPECT_EQ(at(199), 2u);
  EXPECT_EQ(at(200), 3u);
  EXPECT_EQ(at(std::numeric_limits<int64_t>::max()), 3u);
  EXPECT_EQ(log().PositionAt(TenantId{"other"}, 500)->value, 0u);
}

TEST_P(EventLogContract, CommitWithoutEventsTakesNoPosition) {
  NewCommit eventless = MakeCommit("acme", {}, 50);
  eventless.request = MakeRequest("r1");
  const auto first = AppendOne(log(), eventless);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->first.value, 0u);
  EXPECT_EQ(first->last.value, 0u);
  EXPECT_EQ(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")}))->first.value, 1u);
  for (const char* id : {"r2", "r3"}) {
    eventless.request = MakeRequest(id);
    EXPECT_EQ(AppendOne(log(), eventless)->last.value, 1u);
  }
  under_test().Reopen();
  EXPECT_EQ(log().Head(acme_)->position.value, 1u);
  EXPECT_EQ(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")}))->first.value, 2u);
  EXPECT_THAT(Positions(log().ReadTenant(acme_, {})), ElementsAre(1, 2));
  EXPECT_THAT(Positions(log().ReadTenant(acme_, {.direction = Direction::kBackward})),
              ElementsAre(2, 1));
  EXPECT_EQ(log().FindRequest(acme_, "user:ada", "r3")->value().last_position(), 1u);
}

TEST_P(EventLogContract, ReopenKeepsEverything) {
  AppendSample(log());
  NewCommit claim = MakeCommit("acme", {MakeEvent("contact/a")});
  claim.claims = {MakeUnique("contact.email", 'e', "contact/a")};
  ASSERT_TRUE(AppendOne(log(), claim).ok());
  const auto events = Describe(log().ReadTenant(acme_, {}));
  const PartitionHead head = log().BatchHead(partition_);
  const auto digest = log().BatchDigest(partition_, BatchNumber{2});
  for (int i = 0; i < 2; ++i) {
    under_test().Reopen();
    EXPECT_EQ(Describe(log().ReadTenant(acme_, {})), events);
    EXPECT_EQ(log().BatchHead(partition_).number, head.number);
    EXPECT_EQ(log().BatchHead(partition_).digest, head.digest);
    EXPECT_EQ(log().BatchDigest(partition_, BatchNumber{2}).value(), digest.value());
    EXPECT_EQ(log().Tenants().size(), 2u);
    EXPECT_EQ(log().StreamHead(acme_, MakeStream("deal/1"))->value, 4u);
    EXPECT_EQ(log().FindUnique(acme_, "contact.email", std::string(32, 'e'))->value(),
              MakeStream("contact/a"));
  }
  EXPECT_EQ(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")}))->first.value, 14u);
}

TEST_P(EventLogContract, BatchesAreChained) {
  AppendSample(log());
  const uint64_t head = log().BatchHead(partition_).number.value;
  std::vector<std::string> digests;
  for (uint64_t number = 1; number <= head; ++number) {
    digests.push_back(log().BatchDigest(partition_, BatchNumber{number}).value());
    EXPECT_EQ(digests.back().size(), 32u);
  }
  std::sort(digests.begin(), digests.end());
  EXPECT_EQ(std::unique(digests.begin(), digests.end()), digests.end());
  EXPECT_EQ(log().BatchDigest(partition_, BatchNumber{head}).value(),
            log().BatchHead(partition_).digest);
  EXPECT_EQ(log().BatchDigest(partition_, BatchNumber{head + 1}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(log().BatchDigest(partition_, BatchNumber{0}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(log().BatchDigest(PartitionId{1}, BatchNumber{1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(EventLogContract, ManyTenantsAreIsolated) {
  UsePartitions(4);
  std::vector<int> per_partition(4);
  for (int round = 0; round < 3; ++round) {
    for (int t = 0; t < 40; ++t) {
      const std::string tenant = "tenant" + std::to_string(t);
      const auto at = AppendOne(
          log(), MakeCommit(tenant, {MakeEvent("deal/1", "T", tenant), MakeEvent("deal/2")}));
      ASSERT_TRUE(at.ok()) << at.status();
      EXPECT_EQ(at->first.value, static_cast<uint64_t>(2 * round + 1));
    }
  }
  under_test().Reopen();
  EXPECT_EQ(log().Tenants().size(), 40u);
  for (int t = 0; t < 40; ++t) {
    const TenantId tenant{"tenant" + std::to_string(t)};
    const PartitionId partition = log().PartitionOf(tenant);
    ++per_partition.at(partition.value);
    const auto page = log().ReadStream(tenant, MakeStream("deal/1"), {});
    EXPECT_THAT(Positions(page), ElementsAre(1, 3, 5));
    for (const PageEvent& event : page->events) EXPECT_EQ(event.view().payload, tenant.value);
    const NewCommit commit = MakeCommit(tenant.value, {MakeEvent("deal/1")});
    const PartitionId wrong{(partition.value + 1) % 4};
    const auto refused = log().Append(wrong, log().BatchHead(wrong).number, {&commit, 1});
    EXPECT_THAT((*refused)[0], FailsWith(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  }
  for (const int tenants : per_partition) EXPECT_GT(tenants, 0) << "tenants are spread";
}

}  // namespace
}  // namespace dealog::eventstore
