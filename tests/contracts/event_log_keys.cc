// Contract of unique keys and remembered requests.
// Method: claim, free and ask, within one call and across calls and reopens.

#include "google/rpc/error_details.pb.h"
#include "tests/contracts/event_log_contract.h"

namespace dealog::eventstore {
namespace {

using absl::StatusCode;

constexpr char kEmail[] = "contact.email";

NewCommit Claiming(std::string_view stream, std::vector<char> fills) {
  NewCommit commit = MakeCommit("acme", {MakeEvent(stream, "Changed")});
  for (const char fill : fills) commit.claims.push_back(MakeUnique(kEmail, fill, stream));
  return commit;
}

NewCommit Releasing(std::string_view stream, char fill) {
  NewCommit commit = MakeCommit("acme", {MakeEvent(stream, "Changed")});
  commit.releases = {MakeUnique(kEmail, fill, stream)};
  return commit;
}

std::string Owner(const EventLog& log, char fill, std::string_view tenant = "acme",
                  std::string_view kind = kEmail) {
  const auto owner =
      log.FindUnique(TenantId{std::string(tenant)}, kind, std::string(32, fill)).value();
  return owner ? owner->ToString() : "";
}

TEST_P(EventLogContract, AUniqueKeyHasOneOwner) {
  EXPECT_EQ(Owner(log(), 'x'), "");
  ASSERT_TRUE(AppendOne(log(), Claiming("contact/a", {'x'})).ok());
  EXPECT_EQ(Owner(log(), 'x'), "contact/a");
  const auto refused = AppendOne(log(), Claiming("contact/b", {'y', 'x'}));
  EXPECT_THAT(refused, FailsWith(StatusCode::kAlreadyExists, "NAME_TAKEN"));
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(info.ParseFromString(
      std::string(*refused.status().GetPayload("type.googleapis.com/google.rpc.ErrorInfo"))));
  EXPECT_EQ(info.metadata().at("owner"), "contact/a");
  EXPECT_EQ(info.metadata().at("kind"), kEmail);
  EXPECT_EQ(Owner(log(), 'y'), "") << "a refused commit takes nothing";
  EXPECT_TRUE(AppendOne(log(), Claiming("contact/a", {'x'})).ok()) << "the owner may claim again";
  EXPECT_EQ(Owner(log(), 'x', "other"), "");
  EXPECT_EQ(Owner(log(), 'x', "acme", "organization.domain"), "");
  EXPECT_EQ(Owner(log(), 'x', "acme", std::string(500, 'k')), "");
}

TEST_P(EventLogContract, AFreedKeyCanBeTaken) {
  ASSERT_TRUE(AppendOne(log(), Claiming("contact/a", {'x'})).ok());
  EXPECT_THAT(AppendOne(log(), Releasing("contact/b", 'x')),
              FailsWith(StatusCode::kAborted, "CONDITION_FAILED"));
  ASSERT_TRUE(AppendOne(log(), Releasing("contact/a", 'x')).ok());
  EXPECT_EQ(Owner(log(), 'x'), "");
  EXPECT_TRUE(AppendOne(log(), Releasing("contact/a", 'x')).ok()) << "free already";
  ASSERT_TRUE(AppendOne(log(), Claiming("contact/b", {'x'})).ok());
  under_test().Reopen();
  EXPECT_EQ(Owner(log(), 'x'), "contact/b");
}

TEST_P(EventLogContract, ReleasesComeBeforeClaimsOfTheSameCommit) {
  ASSERT_TRUE(AppendOne(log(), Claiming("contact/a", {'x'})).ok());
  NewCommit merge = Claiming("contact/b", {'x'});
  merge.releases = {MakeUnique(kEmail, 'x', "contact/a")};
  ASSERT_TRUE(AppendOne(log(), merge).ok());
  EXPECT_EQ(Owner(log(), 'x'), "contact/b");
  under_test().Reopen();
  EXPECT_EQ(Owner(log(), 'x'), "contact/b");
}

TEST_P(EventLogContract, UniqueKeysSeeEarlierCommitsOfTheSameCall) {
  auto outcomes = AppendAll(log(), {Claiming("contact/a", {'x'}), Claiming("contact/b", {'x'}),
                                    Releasing("contact/a", 'x'), Claiming("contact/c", {'x'}),
                                    Claiming("contact/a", {'x'})});
  ASSERT_TRUE(outcomes.ok());
  EXPECT_TRUE((*outcomes)[0].ok());
  EXPECT_THAT((*outcomes)[1], FailsWith(StatusCode::kAlreadyExists, "NAME_TAKEN"));
  EXPECT_TRUE((*outcomes)[2].ok());
  EXPECT_TRUE((*outcomes)[3].ok());
  EXPECT_THAT((*outcomes)[4], FailsWith(StatusCode::kAlreadyExists, "NAME_TAKEN"));
  EXPECT_EQ(Owner(log(), 'x'), "contact/c");
}

TEST_P(EventLogContract, RemembersARequest) {
  NewCommit commit = MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/1")}, 700);
  commit.request = MakeRequest("r1");
  commit.subject = MakeStream("deal/1");
  ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")})).ok());
  ASSERT_TRUE(AppendOne(log(), commit).ok());
  for (int i = 0; i < 2; ++i) {
    const auto record = log().FindRequest(acme_, "user:ada", "r1").value();
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->method(), commit.request.method);
    EXPECT_EQ(record->fingerprint(), commit.request.fingerprint);
    EXPECT_EQ(record->first_position(), 2u);
    EXPECT_EQ(record->last_position(), 3u);
    EXPECT_EQ(record->subject().stream().id(), "1");
    EXPECT_EQ(record->subject().last_revision(), 3u);
    EXPECT_EQ(record->recorded_at_us(), 700);
    EXPECT_EQ(record->expires_at_us(), 99);
    under_test().Reopen();
  }
  EXPECT_FALSE(log().FindRequest(acme_, "user:bob", "r1")->has_value());
  EXPECT_FALSE(log().FindRequest(acme_, "user:ada", "r2")->has_value());
  EXPECT_FALSE(log().FindRequest(TenantId{"other"}, "user:ada", "r1")->has_value());
  EXPECT_FALSE(log().FindRequest(acme_, "user:ada", std::string(500, 'r'))->has_value());
}

TEST_P(EventLogContract, ALaterCommitReplacesTheRequest) {
  NewCommit commit = MakeCommit("acme", {MakeEvent("deal/1")});
  commit.request = MakeRequest("r1");
  ASSERT_TRUE(AppendOne(log(), commit).ok());
  ASSERT_TRUE(AppendOne(log(), commit).ok()) << "whether it expired is the sequencer's to judge";
  EXPECT_EQ(log().FindRequest(acme_, "user:ada", "r1")->value().last_position(), 2u);
}

}  // namespace
}  // namespace dealog::eventstore
