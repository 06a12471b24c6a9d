// Method: bytes that protobuf takes and bytes that it refuses; the error says which field.

#include "services/rpc/wire.h"

#include <gmock/gmock.h>

#include "dealog/v1/deals.pb.h"
#include "eventstore/base/error.h"

namespace dealog::rpc {
namespace {

TEST(ParseRequest, TakesWhatItSerialised) {
  v1::MoveDealRequest request;
  request.set_deal_id("deal_1");
  v1::MoveDealRequest parsed;
  ASSERT_TRUE(ParseRequest(request.SerializeAsString(), parsed).ok());
  EXPECT_EQ(parsed.deal_id(), "deal_1");
  EXPECT_TRUE(ParseRequest("", parsed).ok());
}

TEST(ParseRequest, NamesTheFieldThatIsNotUtf8) {
  // Field 4 of OpenDealRequest, title: one byte that begins no character.
  v1::OpenDealRequest parsed;
  const absl::Status refused = ParseRequest(std::string("\x22\x01\xff", 3), parsed);
  EXPECT_EQ(base::ReasonOf(refused), "FIELD_INVALID");
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("title: expected valid UTF-8"));
}

TEST(ParseRequest, RefusesBytesThatAreNoMessage) {
  v1::OpenDealRequest parsed;
  const absl::Status refused = ParseRequest(std::string("\x22\x7f"
                                                        "short",
                                                        7),
                                            parsed);
  EXPECT_EQ(base::ReasonOf(refused), "FIELD_INVALID");
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("dealog.v1.OpenDealRequest"));
  // What was refused before leaves no trace in the next error.
  ASSERT_FALSE(ParseRequest(std::string("\x22\x01\xff", 3), parsed).ok());
  EXPECT_THAT(std::string(ParseRequest("\xff", parsed).message()),
              testing::HasSubstr("request: expected"));
}

}  // namespace
}  // namespace dealog::rpc
