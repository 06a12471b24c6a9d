// Method: round trips, every single-character damage of a token, and requests that differ in one
// field only.

#include "dealog/v1/deals.pb.h"
#include "eventstore/base/error.h"
#include "gtest/gtest.h"
#include "services/commands/sequencer.h"

namespace dealog::commands {
namespace {

TEST(Token, RoundTrips) {
  const std::string text =
      EncodeToken(eventstore::PartitionId{3}, 1ull << 40, eventstore::Position{0xfedcba9876543210});
  const auto token = DecodeToken(text);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->partition.value, 3u);
  EXPECT_EQ(token->owner_epoch, 1ull << 40);
  EXPECT_EQ(token->position.value, 0xfedcba9876543210);
}

TEST(Token, RefusesWhatIsNoToken) {
  const std::string text = EncodeToken(eventstore::PartitionId{0}, 1, eventstore::Position{42});
  for (const std::string& bad : {std::string(), std::string("42"), text.substr(1), text + "AAAA"}) {
    EXPECT_EQ(base::ReasonOf(DecodeToken(bad).status()), "FIELD_INVALID") << bad;
  }
  for (size_t i = 0; i + 1 < text.size(); ++i) {  // The last character holds unused bits.
    std::string damaged = text;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(DecodeToken(damaged).ok()) << i;
  }
}

TEST(Fingerprint, LeavesOutTheRequestIdOnly) {
  v1::MoveDealRequest request;
  request.set_deal_id("deal_1");
  request.set_to_stage("Won");
  const std::string fingerprint = Fingerprint("/m", request);
  EXPECT_EQ(fingerprint.size(), 32u);
  request.set_request_id("r1");
  EXPECT_EQ(Fingerprint("/m", request), fingerprint);
  EXPECT_EQ(request.request_id(), "r1");
  EXPECT_NE(Fingerprint("/other", request), fingerprint);
  request.set_to_stage("Lost");
  EXPECT_NE(Fingerprint("/m", request), fingerprint);
}

}  // namespace
}  // namespace dealog::commands
