// Method: each kind of fault at the top, in a nested message and in a repeated field; the error
// names the path. Requests as they are in real life pass.

#include "services/rpc/validate.h"

#include <gmock/gmock.h>

#include "dealog/v1/deals.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "services/rpc/status_mapping.h"

namespace dealog::rpc {
namespace {

// The field that the error names; "" if the request passes.
std::string FaultyField(const google::protobuf::Message& request) {
  const absl::Status status = ValidateRequest(request);
  if (status.ok()) return "";
  EXPECT_EQ(base::ReasonOf(status), "FIELD_INVALID");
  const google::rpc::Status mapped = ToRpcStatus(status);
  for (const auto& detail : mapped.details()) {
    google::rpc::BadRequest bad;
    if (detail.UnpackTo(&bad)) return bad.field_violations(0).field();
  }
  ADD_FAILURE() << "no BadRequest in " << status;
  return "?";
}

TEST(ValidateRequest, PassesWhatIsWellFormed) {
  v1::OpenDealRequest request;
  EXPECT_EQ(FaultyField(request), "");
  request.set_title("Grand\tprojet\nd'été – 日本");
  request.add_tags("a");
  request.mutable_amount()->set_units(-5);
  request.mutable_occurred_at()->set_seconds(-1);
  EXPECT_EQ(FaultyField(request), "");
}

TEST(ValidateRequest, RefusesUnknownFieldsAnywhere) {
  v1::OpenDealRequest request;
  request.GetReflection()->MutableUnknownFields(&request)->AddVarint(999, 1);
  EXPECT_EQ(FaultyField(request), "request");
  EXPECT_THAT(std::string(ValidateRequest(request).message()),
              testing::HasSubstr("unknown field number 999"));

  v1::OpenDealRequest nested;
  v1::Money& amount = *nested.mutable_amount();
  amount.GetReflection()->MutableUnknownFields(&amount)->AddVarint(77, 1);
  EXPECT_EQ(FaultyField(nested), "amount");
}

TEST(ValidateRequest, RefusesEnumValuesItDoesNotKnow) {
  v1::MoveDealRequest request;
  request.set_mode(static_cast<events::v1::ReopenMode>(99));
  EXPECT_EQ(FaultyField(request), "mode");
  EXPECT_THAT(std::string(ValidateRequest(request).message()), testing::HasSubstr("found 99"));

  v1::CreatePipelineRequest stages;
  stages.add_stages()->set_kind(v1::Stage::OPEN);
  stages.add_stages()->set_kind(static_cast<v1::Stage::Kind>(-1));
  EXPECT_EQ(FaultyField(stages), "stages[1].kind");
}

TEST(ValidateRequest, RefusesControlCharacters) {
  v1::OpenDealRequest request;
  request.set_title(std::string("a\0b", 3));
  EXPECT_EQ(FaultyField(request), "title");
  EXPECT_THAT(std::string(ValidateRequest(request).message()),
              testing::HasSubstr("U+0000 at byte 1"));

  v1::SetTransitionRulesRequest rules;
  rules.mutable_rules()->add_lost_reasons("fine");
  rules.mutable_rules()->add_lost_reasons("\x1b[31m");
  EXPECT_EQ(FaultyField(rules), "rules.lost_reasons[1]");

  v1::OpenDealRequest deleted;
  deleted.set_title("\x7f");
  EXPECT_EQ(FaultyField(deleted), "title");
}

}  // namespace
}  // namespace dealog::rpc
