// Contract of Append: what it gives the commits that it takes, and why it refuses the others.
// Method: append through the public interface, then ask for heads and read back.

#include <limits>

#include "google/rpc/error_details.pb.h"
#include "tests/contracts/event_log_contract.h"

namespace dealog::eventstore {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = StreamCondition::Kind;

NewCommit WithConditions(NewCommit commit, std::vector<StreamCondition> conditions) {
  commit.conditions = std::move(conditions);
  return commit;
}

std::vector<std::string> Violations(const absl::Status& status) {
  google::rpc::PreconditionFailure failure;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.PreconditionFailure");
  if (!payload || !failure.ParseFromString(std::string(*payload))) return {};
  std::vector<std::string> violations;
  for (const auto& violation : failure.violations()) {
    violations.push_back(violation.type() + " " + violation.subject() + " " +
                         violation.description());
  }
  return violations;
}

TEST_P(EventLogContract, StartsEmpty) {
  EXPECT_EQ(log().partition_count(), 1u);
  EXPECT_TRUE(log().Tenants().empty());
  EXPECT_EQ(log().BatchHead(partition_).number.value, 0u);
  EXPECT_EQ(log().BatchHead(partition_).digest, std::string(32, '\0'));
  EXPECT_EQ(log().Head(acme_)->position.value, 0u);
  EXPECT_EQ(log().StreamHead(acme_, MakeStream("deal/1"))->value, 0u);
  EXPECT_TRUE(log().ReadTenant(acme_, {})->end);
  EXPECT_TRUE(log().ReadStream(acme_, MakeStream("deal/1"), {})->end);
}

TEST_P(EventLogContract, GivesDensePositionsAndRevisions) {
  auto outcomes = AppendAll(
      log(), {MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("contact/a", "ContactCreated"),
                                  MakeEvent("deal/1", "DealMoved")}),
              MakeCommit("acme", {MakeEvent("deal/1", "DealWon")})});
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  ASSERT_TRUE((*outcomes)[0].ok() && (*outcomes)[1].ok());
  EXPECT_EQ((*outcomes)[0]->first.value, 1u);
  EXPECT_EQ((*outcomes)[0]->last.value, 3u);
  EXPECT_EQ((*outcomes)[1]->first.value, 4u);
  EXPECT_EQ((*outcomes)[1]->last.value, 4u);
  EXPECT_THAT(Describe(log().ReadTenant(acme_, {})),
              ElementsAre("1:deal/1@1 DealOpened payload", "2:contact/a@1 ContactCreated payload",
                          "3:deal/1@2 DealMoved payload", "4:deal/1@3 DealWon payload"));
  EXPECT_EQ(log().Head(acme_)->position.value, 4u);
  EXPECT_EQ(log().StreamHead(acme_, MakeStream("deal/1"))->value, 3u);
  EXPECT_EQ(log().BatchHead(partition_).number.value, 1u);
  EXPECT_THAT(log().Tenants(), ElementsAre(acme_));
}

TEST_P(EventLogContract, StoresEveryFieldOfHeaderAndCommit) {
  NewCommit commit = MakeCommit("acme", {MakeEvent("deal/1", "DealOpened", "open part")}, 5000);
  commit.origin = {.principal = "user:ada",
                   .on_behalf_of = "user:bob",
                   .via = storage::v1::VIA_IMPORT,
                   .correlation_id = "c",
                   .causation_position = Position{7},
                   .causation_depth = 2,
                   .traceparent = "00-t",
                   .override_reason = "why",
                   .suppress_workflows = true};
  commit.request = MakeRequest("r1");
  commit.events[0].schema_version = 3;
  commit.events[0].occurred_at_us = -62135596800000000;  // Year 1: before 1970 is allowed.
  commit.events[0].sealed = {"sealed one", std::string("\0\xff", 2)};
  commit.events[0].data_subjects = {"contact/a"};
  ASSERT_TRUE(AppendOne(log(), commit).ok());

  const auto page = log().ReadTenant(acme_, {});
  ASSERT_EQ(page->events.size(), 1u);
  const EventView& event = page->events[0].view();
  EXPECT_EQ(event.payload, "open part");
  EXPECT_THAT(event.sealed, ElementsAre("sealed one", std::string_view("\0\xff", 2)));
  const storage::v1::EventHeader header = HeaderOf(page->events[0]);
  EXPECT_EQ(header.event_id(), std::string(16, 'i'));
  EXPECT_EQ(header.tenant(), "acme");
  EXPECT_EQ(header.schema_version(), 3u);
  EXPECT_EQ(header.recorded_at_us(), 5000);
  EXPECT_EQ(header.occurred_at_us(), -62135596800000000);
  EXPECT_EQ(header.actor().principal(), "user:ada");
  EXPECT_EQ(header.actor().on_behalf_of(), "user:bob");
  EXPECT_EQ(header.via(), storage::v1::VIA_IMPORT);
  EXPECT_EQ(header.request_id(), "r1");
  EXPECT_EQ(header.correlation_id(), "c");
  EXPECT_EQ(header.causation_position(), 7u);
  EXPECT_EQ(header.causation_depth(), 2u);
  EXPECT_EQ(header.traceparent(), "00-t");
  EXPECT_EQ(header.override_reason(), "why");
  EXPECT_TRUE(header.suppress_workflows());
  EXPECT_THAT(header.data_subjects(), ElementsAre("contact/a"));
}

TEST_P(EventLogContract, KeepsBinaryAndUnicode) {
  std::string binary;
  for (int i = 0; i < 256; ++i) binary.push_back(static_cast<char>(i));
  ASSERT_TRUE(AppendOne(log(), MakeCommit("Köln-株", {MakeEvent("deal/ключ\u00e9", "T", binary),
                                                      MakeEvent("deal/2", "T", "")}))
                  .ok());
  const TenantId tenant{"Köln-株"};
  const auto page = log().ReadStream(tenant, MakeStream("deal/ключ\u00e9"), {});
  ASSERT_EQ(page->events.size(), 1u);
  EXPECT_EQ(page->events[0].view().payload, binary);
  EXPECT_EQ(log().ReadStream(tenant, MakeStream("deal/2"), {})->events[0].view().payload, "");
}

TEST_P(EventLogContract, RaisesRecordedAtStrictlyWithinATenant) {
  EXPECT_EQ(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")}, 100))->recorded_at_us, 100);
  EXPECT_EQ(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")}, 100))->recorded_at_us, 101);
  EXPECT_EQ(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")}, 40))->recorded_at_us, 102);
  EXPECT_EQ(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")}, 300))->recorded_at_us, 300);
  EXPECT_EQ(AppendOne(log(), MakeCommit("other", {MakeEvent("deal/1")}, 40))->recorded_at_us, 40);
  under_test().Reopen();
  EXPECT_EQ(log().Head(acme_)->recorded_at_us, 300);
  EXPECT_EQ(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")}, 7))->recorded_at_us, 301);
  const auto page = log().ReadTenant(acme_, {});
  EXPECT_EQ(HeaderOf(page->events[1]).occurred_at_us(), 101) << "unset: when it was recorded";
}

TEST_P(EventLogContract, ChecksEachKindOfCondition) {
  ASSERT_TRUE(
      AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/1")})).ok());
  const StreamId there = MakeStream("deal/1");
  const StreamId missing = MakeStream("deal/2");
  const NewCommit commit = MakeCommit("acme", {MakeEvent("note/n", "NoteAdded")});
  const auto outcome = [&](StreamId stream, Kind kind, uint64_t revision = 0) {
    return AppendOne(log(), WithConditions(commit, {{stream, kind, Revision{revision}}})).status();
  };
  EXPECT_TRUE(outcome(there, Kind::kAny).ok());
  EXPECT_TRUE(outcome(missing, Kind::kAny).ok());
  EXPECT_TRUE(outcome(there, Kind::kExactly, 2).ok());
  EXPECT_TRUE(outcome(missing, Kind::kExactly, 0).ok());
  EXPECT_TRUE(outcome(there, Kind::kMustExist).ok());
  EXPECT_TRUE(outcome(missing, Kind::kMustNotExist).ok());
  EXPECT_THAT(outcome(there, Kind::kExactly, 1),
              FailsWith(StatusCode::kAborted, "REVISION_CONFLICT"));
  EXPECT_THAT(outcome(there, Kind::kExactly, 3),
              FailsWith(StatusCode::kAborted, "REVISION_CONFLICT"));
  EXPECT_THAT(outcome(missing, Kind::kMustExist),
              FailsWith(StatusCode::kAborted, "CONDITION_FAILED"));
  EXPECT_THAT(outcome(there, Kind::kMustNotExist),
              FailsWith(StatusCode::kAborted, "CONDITION_FAILED"));
}

TEST_P(EventLogContract, ReportsEveryFailedCondition) {
  ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")})).ok());
  const absl::Status status =
      AppendOne(log(), WithConditions(MakeCommit("acme", {MakeEvent("deal/3")}),
                                      {{MakeStream("deal/1"), Kind::kExactly, Revision{4}},
                                       {MakeStream("deal/1"), Kind::kMustExist, {}},
                                       {MakeStream("deal/2"), Kind::kMustExist, {}},
                                       {MakeStream("deal/1"), Kind::kMustNotExist, {}}}))
          .status();
  EXPECT_THAT(status, FailsWith(StatusCode::kAborted, "CONDITION_FAILED"));
  EXPECT_THAT(Violations(status),
              ElementsAre("EXACTLY deal/1 expected revision 4, found 1",
                          "MUST_EXIST deal/2 expected the stream to exist, found none",
                          "MUST_NOT_EXIST deal/1 expected no such stream, found revision 1"));
}

TEST_P(EventLogContract, RefusedCommitConsumesNothing) {
  const auto must_exist = [](std::string_view tenant) {
    return WithConditions(MakeCommit(tenant, {MakeEvent("deal/9")}),
                          {{MakeStream("deal/8"), Kind::kMustExist, {}}});
  };
  auto outcomes = AppendAll(
      log(), {must_exist("acme"), MakeCommit("acme", {MakeEvent("deal/1")}), must_exist("acme"),
              must_exist("ghost"), MakeCommit("acme", {MakeEvent("deal/1")})});
  ASSERT_TRUE(outcomes.ok());
  EXPECT_FALSE((*outcomes)[0].ok());
  EXPECT_EQ((*outcomes)[1]->first.value, 1u);
  EXPECT_FALSE((*outcomes)[2].ok());
  EXPECT_FALSE((*outcomes)[3].ok());
  EXPECT_EQ((*outcomes)[4]->first.value, 2u);
  EXPECT_EQ(log().StreamHead(acme_, MakeStream("deal/9"))->value, 0u);
  EXPECT_THAT(log().Tenants(), ElementsAre(acme_));
  const PartitionHead head = log().BatchHead(partition_);
  EXPECT_FALSE(AppendOne(log(), must_exist("acme")).ok());
  EXPECT_EQ(log().BatchHead(partition_).number, head.number) << "nothing written, no batch";
}

TEST_P(EventLogContract, LaterCommitSeesEarlierOnesOfTheSameCall) {
  const StreamId deal = MakeStream("deal/1");
  auto outcomes = AppendAll(
      log(),
      {WithConditions(MakeCommit("acme", {MakeEvent("deal/1")}), {{deal, Kind::kMustNotExist, {}}}),
       WithConditions(MakeCommit("acme", {MakeEvent("deal/1")}), {{deal, Kind::kMustNotExist, {}}}),
       WithConditions(MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/1")}),
                      {{deal, Kind::kExactly, Revision{1}}}),
       WithConditions(MakeCommit("acme", {MakeEvent("deal/1")}),
                      {{deal, Kind::kExactly, Revision{3}}})});
  ASSERT_TRUE(outcomes.ok());
  EXPECT_TRUE((*outcomes)[0].ok());
  EXPECT_THAT((*outcomes)[1], FailsWith(StatusCode::kAborted, "CONDITION_FAILED"));
  EXPECT_TRUE((*outcomes)[2].ok());
  EXPECT_EQ((*outcomes)[3]->first.value, 4u);
}

TEST_P(EventLogContract, ExpectedBatchNumberIsACompareAndSwap) {
  const NewCommit commit = MakeCommit("acme", {MakeEvent("deal/1")});
  EXPECT_THAT(log().Append(partition_, BatchNumber{1}, {&commit, 1}),
              FailsWith(StatusCode::kAborted, "REVISION_CONFLICT"));
  EXPECT_TRUE(log().Append(partition_, BatchNumber{0}, {&commit, 1}).ok());
  EXPECT_THAT(log().Append(partition_, BatchNumber{0}, {&commit, 1}),
              FailsWith(StatusCode::kAborted, "REVISION_CONFLICT"));
  EXPECT_EQ(log().Head(acme_)->position.value, 1u);
  EXPECT_TRUE(log().Append(partition_, BatchNumber{1}, {}).value().empty());
  EXPECT_EQ(log().BatchHead(partition_).number.value, 1u);
}

TEST_P(EventLogContract, RemembersTheSubjectsRevision) {
  NewCommit commit = MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/1")});
  commit.subject = MakeStream("deal/1");
  EXPECT_EQ(AppendOne(log(), commit)->subject_revision.value, 2u);
  commit.events = {MakeEvent("note/1")};
  EXPECT_EQ(AppendOne(log(), commit)->subject_revision.value, 2u) << "not written by this one";
}

struct BadCommit {
  std::string name;
  StatusCode code;
  std::string message;
  std::function<void(NewCommit&)> spoil;
};

std::vector<BadCommit> BadCommits() {
  const auto invalid = StatusCode::kInvalidArgument;
  const auto exhausted = StatusCode::kResourceExhausted;
  return {
      {"no tenant", invalid, "tenant", [](NewCommit& c) { c.tenant.value = ""; }},
      {"long tenant", invalid, "1 to 63", [](NewCommit& c) { c.tenant.value.assign(64, 'a'); }},
      {"nothing", invalid, "at least one event", [](NewCommit& c) { c.events.clear(); }},
      {"type", invalid, "a-z0-9_", [](NewCommit& c) { c.events[0].stream.type = "Deal"; }},
      {"long type", invalid, "32", [](NewCommit& c) { c.events[0].stream.type.assign(33, 'a'); }},
      {"no id", invalid, "1 to 128", [](NewCommit& c) { c.events[0].stream.id = ""; }},
      {"long id", invalid, "129", [](NewCommit& c) { c.events[0].stream.id.assign(129, 'a'); }},
      {"not UTF-8", invalid, "UTF-8", [](NewCommit& c) { c.events[0].stream.id = "\xc0\xaf"; }},
      {"no event type", invalid, "1 to 64", [](NewCommit& c) { c.events[0].type = ""; }},
      {"event id", invalid, "16 bytes", [](NewCommit& c) { c.events[0].event_id = "short"; }},
      {"payload", exhausted, "kEventBytesMax",
       [](NewCommit& c) {
         c.events[0].payload.assign(kEventBytesMax, 'x'), c.events[0].sealed = {"y"};
       }},
      {"events", exhausted, "kEventsPerCommitMax",
       [](NewCommit& c) { c.events.resize(kEventsPerCommitMax + 1, c.events[0]); }},
      {"bytes", exhausted, "kCommitBytesMax",
       [](NewCommit& c) {
         c.events[0].payload.assign(kEventBytesMax, 'x');
         c.events.resize(9, c.events[0]);
       }},
      {"principal", invalid, "UTF-8", [](NewCommit& c) { c.origin.principal = "\xed\xa0\x80"; }},
      {"condition", invalid, "conditions.stream",
       [](NewCommit& c) {
         c.conditions = {{StreamId{"deal", ""}, Kind::kAny, {}}};
       }},
      {"subject", invalid, "subject",
       [](NewCommit& c) {
         c.subject = {"deal", ""};
       }},
      {"request", invalid, "1 to 64",
       [](NewCommit& c) { c.request = MakeRequest(std::string(65, 'r')); }},
      {"fingerprint", invalid, "32 bytes",
       [](NewCommit& c) { c.request = MakeRequest("r"), c.request.fingerprint = "f"; }},
      {"hash", invalid, "32 bytes",
       [](NewCommit& c) {
         c.claims = {{"contact.email", "h", MakeStream("contact/a")}};
       }},
      {"kind", invalid, "1 to 32",
       [](NewCommit& c) { c.releases = {MakeUnique("", 'h', "contact/a")}; }},
  };
}

TEST_P(EventLogContract, RefusesWhatIsPastALimitOrMalformed) {
  for (const BadCommit& bad : BadCommits()) {
    NewCommit commit = MakeCommit("acme", {MakeEvent("deal/1")});
    bad.spoil(commit);
    const auto outcomes = log().Append(partition_, BatchNumber{0}, {&commit, 1});
    ASSERT_TRUE(outcomes.ok()) << bad.name;
    const absl::Status status = (*outcomes)[0].status();
    EXPECT_EQ(status.code(), bad.code) << bad.name << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.message)) << bad.name;
    EXPECT_EQ(base::ReasonOf(status),
              bad.code == StatusCode::kInvalidArgument ? "FIELD_INVALID" : "LIMIT_EXCEEDED");
  }
  EXPECT_EQ(log().BatchHead(partition_).number.value, 0u);
  const std::vector<NewCommit> many(kCommitsPerBatchMax + 1,
                                    MakeCommit("acme", {MakeEvent("deal/1")}));
  EXPECT_THAT(AppendAll(log(), many), FailsWith(StatusCode::kResourceExhausted, "LIMIT_EXCEEDED"));
}

TEST_P(EventLogContract, TakesACommitAtTheLimits) {
  NewCommit commit = MakeCommit(std::string(kTenantNameBytesMax, 't'), {});
  commit.events.resize(kEventsPerCommitMax, MakeEvent("deal/1"));
  commit.events[0].stream = {std::string(kStreamTypeBytesMax, 'd'),
                             std::string(kStreamIdBytesMax, 'i')};
  commit.events[1].payload.assign(kEventBytesMax, 'x');
  EXPECT_EQ(AppendOne(log(), commit)->last.value, kEventsPerCommitMax);
  EXPECT_EQ(log().StreamHead(commit.tenant, MakeStream("deal/1"))->value, kEventsPerCommitMax - 1);
}

TEST_P(EventLogContract, RefusesTheCommitThatNoLongerFitsTheBatch) {
  NewCommit big = MakeCommit("acme", {});
  big.events.resize(7, MakeEvent("deal/1", "T", std::string(kEventBytesMax, 'x')));
  auto outcomes = AppendAll(log(), {big, big, big, MakeCommit("acme", {MakeEvent("deal/2")})});
  ASSERT_TRUE(outcomes.ok());
  EXPECT_TRUE((*outcomes)[1].ok());
  EXPECT_THAT((*outcomes)[2], FailsWith(StatusCode::kResourceExhausted, "LIMIT_EXCEEDED"));
  EXPECT_EQ((*outcomes)[3]->first.value, 15u);
}

TEST_P(EventLogContract, FailedWriteLeavesTheOutcomeUnknownAndStopsWrites) {
  const NewCommit commit = MakeCommit("acme", {MakeEvent("deal/1")});
  ASSERT_TRUE(AppendOne(log(), commit).ok());
  under_test().SetWritesFailing(true);
  EXPECT_THAT(AppendOne(log(), commit), FailsWith(StatusCode::kUnknown, "OUTCOME_UNKNOWN"));
  under_test().SetWritesFailing(false);
  EXPECT_THAT(AppendOne(log(), commit), FailsWith(StatusCode::kUnavailable, "READ_ONLY"));
  EXPECT_EQ(log().Head(acme_)->position.value, 1u) << "what is not durable is not seen";
  EXPECT_EQ(log().ReadTenant(acme_, {})->events.size(), 1u) << "reads go on";
  under_test().Reopen();
  const uint64_t head = log().Head(acme_)->position.value;
  EXPECT_TRUE(head == 1 || head == 2) << head;
  EXPECT_EQ(AppendOne(log(), commit)->first.value, head + 1);
}

TEST_P(EventLogContract, LowDiskRefusesWritesUntilThereIsSpace) {
  const NewCommit commit = MakeCommit("acme", {MakeEvent("deal/1")});
  under_test().SetDiskLow(true);
  under_test().Reopen();
  EXPECT_THAT(AppendOne(log(), commit), FailsWith(StatusCode::kResourceExhausted, "DISK_LOW"));
  EXPECT_TRUE(log().ReadTenant(acme_, {})->end);
  under_test().SetDiskLow(false);
  EXPECT_TRUE(AppendOne(log(), commit).ok());
}

}  // namespace
}  // namespace dealog::eventstore
