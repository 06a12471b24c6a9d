// Method: decisions in, commits out; no log.

#include "services/commands/commit_builder.h"

#include "services/commands/state_loader.h"
#include "tests/services/commands/fixture.h"

namespace dealog::commands {
namespace {

class Redactor final : public eventstore::PayloadSealer {
 public:
  absl::Status Seal(const eventstore::TenantId& tenant, eventstore::NewEvent& event) override {
    if (tenant != kAcme) return absl::InternalError("no key");
    event.sealed.push_back("sealed");
    event.data_subjects.push_back(event.stream.id);
    return absl::OkStatus();
  }
};

const domain::CommandMeta kMeta{
    .tenant = "acme", .now_us = 2'000'000, .occurred_at_us = 1'000'000, .id_seed = {1, 2, 3}};

const SequencerOptions kOptions{.unique_key_secret = kSecret};

TEST(BuildCommit, KeepsEachEventsOwnTime) {
  domain::Decision decision{.subject = {"deal", "d"}, .events = {Opened("d"), Tagged("d", "x")}};
  decision.events[1].occurred_at_us = 1'500'000;
  const auto commit = BuildCommit({.tenant = kAcme}, kMeta, decision, kOptions);
  ASSERT_TRUE(commit.ok());
  EXPECT_EQ(commit->recorded_at_us, 2'000'000);
  EXPECT_EQ(commit->events[0].occurred_at_us, 1'000'000);
  EXPECT_EQ(commit->events[1].occurred_at_us, 1'500'000);
  EXPECT_EQ(commit->events[0].type, "DealOpened");
  EXPECT_EQ(commit->events[1].type, "DealTagged");
}

TEST(BuildCommit, RemembersOnlyRequestsWithAnId) {
  const domain::Decision decision{.subject = {"deal", "d"}};
  CommandContext context{.tenant = kAcme, .origin = {.principal = "user:ada"}, .method = "/m"};
  EXPECT_TRUE(BuildCommit(context, kMeta, decision, kOptions)->request.caller.empty());
  context.request_id = "r1";
  context.fingerprint = std::string(32, 'f');
  const auto commit = BuildCommit(context, kMeta, decision,
                                  {.unique_key_secret = kSecret, .request_retention_us = 10});
  EXPECT_EQ(commit->request.caller, "user:ada");
  EXPECT_EQ(commit->request.method, "/m");
  EXPECT_EQ(commit->request.expires_at_us, 2'000'010);
}

TEST(BuildCommit, SealsPayloads) {
  Redactor redactor;
  const domain::Decision decision{.subject = {"deal", "d"}, .events = {Opened("d")}};
  const SequencerOptions options{.unique_key_secret = kSecret, .sealer = &redactor};
  const auto commit = BuildCommit({.tenant = kAcme}, kMeta, decision, options);
  EXPECT_EQ(commit->events[0].sealed, std::vector<std::string>{"sealed"});
  EXPECT_FALSE(BuildCommit({.tenant = {"other"}}, kMeta, decision, options).ok());
}

TEST(BuildCommit, HashesKeysAndKeepsTheirOwner) {
  const domain::Decision decision{.subject = {"deal", "d"},
                                  .events = {Opened("d")},
                                  .releases = {{"deal.name", "old", {"deal", "d"}}},
                                  .claims = {{"deal.name", "new", {"deal", "d"}}}};
  const auto commit = BuildCommit({.tenant = kAcme}, kMeta, decision, kOptions);
  EXPECT_EQ(commit->releases[0].hash, UniqueHash(kSecret, "deal.name", "old"));
  EXPECT_EQ(commit->claims[0].hash, UniqueHash(kSecret, "deal.name", "new"));
  EXPECT_EQ(commit->claims[0].owner.ToString(), "deal/d");
}

TEST(EventId, CountsUpAcrossBytesAndKeepsTheShape) {
  base::Uuid seed{};
  seed[15] = 0xff;
  const std::string zero = EventId(seed, 5'000'000, 0);
  const std::string one = EventId(seed, 5'000'000, 1);
  EXPECT_NE(zero, one);
  EXPECT_EQ(static_cast<uint8_t>(one[15]), 0x00);
  EXPECT_EQ(static_cast<uint8_t>(one[14]), 0x01);
  EXPECT_EQ(static_cast<uint8_t>(one[6]) >> 4, 7);
  EXPECT_EQ(static_cast<uint8_t>(one[8]) >> 6, 2);
  EXPECT_EQ(static_cast<uint8_t>(one[4]) << 8 | static_cast<uint8_t>(one[5]), 5'000);
}

}  // namespace
}  // namespace dealog::commands
