// Errors carry reason, fields and conditions as google.rpc details.
#include "eventstore/base/error.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"

namespace dealog::base {
namespace {

TEST(Error, CarriesItsReasonAndFacts) {
  const absl::Status status =
      Error(absl::StatusCode::kNotFound, "DEAL_NOT_FOUND", "no such deal").With("deal_id", "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), "DEAL_NOT_FOUND");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(info.ParseFromString(
      std::string(*status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo"))));
  EXPECT_EQ(info.domain(), "dealog");
  EXPECT_EQ(info.metadata().at("deal_id"), "x");
}

TEST(Error, NamesTheFieldInMessageAndDetail) {
  const absl::Status status = InvalidField("amount.units", "expected >= 0, found -5");
  EXPECT_EQ(status.message(), "amount.units: expected >= 0, found -5");
  google::rpc::BadRequest bad;
  ASSERT_TRUE(bad.ParseFromString(
      std::string(*status.GetPayload("type.googleapis.com/google.rpc.BadRequest"))));
  ASSERT_EQ(bad.field_violations_size(), 1);
  EXPECT_EQ(bad.field_violations(0).field(), "amount.units");
}

TEST(Error, AStatusWithoutDetailsHasNoReason) {
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), "");
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
}

}  // namespace
}  // namespace dealog::base
