// Method: errors with every detail, with some and with none, put into a part of a request.

#include "services/rpc/within.h"

#include <gtest/gtest.h>

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "services/rpc/status_mapping.h"

namespace dealog::rpc {
namespace {

template <typename Detail>
Detail DetailOf(const absl::Status& status) {
  Detail detail;
  bool found = false;
  const google::rpc::Status sent = ToRpcStatus(status);
  for (const auto& any : sent.details()) found |= any.UnpackTo(&detail);
  EXPECT_TRUE(found) << status;
  return detail;
}

TEST(Within, NamesThePartInMessageFieldsAndMetadata) {
  const absl::Status inner = Within("queries[2]", base::InvalidField("to", "expected later"));
  EXPECT_EQ(inner.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(inner.message(), "queries[2]: to: expected later");
  EXPECT_EQ(base::ReasonOf(inner), "FIELD_INVALID");
  const auto bad = DetailOf<google::rpc::BadRequest>(inner);
  ASSERT_EQ(bad.field_violations_size(), 1);
  EXPECT_EQ(bad.field_violations(0).field(), "queries[2].to");
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(inner).metadata().at("within"), "queries[2]");
}

TEST(Within, KeepsTheOtherDetails) {
  const absl::Status error =
      base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED", "too much")
          .With("limit", "x")
          .RetryAfter(absl::Seconds(3));
  const absl::Status inner = Within("queries[0]", error);
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(inner).metadata().at("limit"), "x");
  EXPECT_EQ(DetailOf<google::rpc::RetryInfo>(inner).retry_delay().seconds(), 3);
}

TEST(Within, AnErrorWithoutDetailsGetsThoseOfItsCode) {
  const absl::Status inner = Within("queries[1]", absl::UnavailableError("not now"));
  EXPECT_EQ(inner.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(inner.message(), "queries[1]: not now");
  EXPECT_EQ(base::ReasonOf(inner), "NOT_READY");
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(inner).metadata().at("within"), "queries[1]");
  EXPECT_TRUE(Within("queries[1]", absl::OkStatus()).ok());
}

}  // namespace
}  // namespace dealog::rpc
