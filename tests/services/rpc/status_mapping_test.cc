// Method: statuses as the layers below make them, and what a client then reads from the trailer.

#include "services/rpc/status_mapping.h"

#include <gmock/gmock.h>
#include <grpcpp/support/status.h>

#include "dealog/v1/errors.pb.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

template <typename Detail>
std::optional<Detail> Find(const google::rpc::Status& status) {
  for (const auto& any : status.details()) {
    if (Detail detail; any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

TEST(ToGrpcStatus, KeepsCodeMessageAndEveryDetail) {
  const absl::Status status = base::Error(absl::StatusCode::kFailedPrecondition, "DEAL_CLOSED",
                                          "deal d is WON; reopen it before moving it")
                                  .With("deal_id", "d")
                                  .Field("deal_id", "closed")
                                  .Condition("STATE", "d", "expected OPEN")
                                  .RetryAfter(absl::Milliseconds(1500));
  const grpc::Status wire = ToGrpcStatus(status);
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(wire.error_message(), "deal d is WON; reopen it before moving it");
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(wire.error_details()));
  EXPECT_EQ(details.code(), 9);
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(details)->reason(), "DEAL_CLOSED");
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(details)->metadata().at("deal_id"), "d");
  EXPECT_EQ(Find<google::rpc::BadRequest>(details)->field_violations(0).field(), "deal_id");
  EXPECT_EQ(Find<google::rpc::PreconditionFailure>(details)->violations(0).subject(), "d");
  EXPECT_EQ(Find<google::rpc::RetryInfo>(details)->retry_delay().nanos(), 500'000'000);
}

TEST(ToGrpcStatus, OkIsOk) { EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok()); }

TEST(ToRpcStatus, EveryCodeHasAPublishedReason) {
  for (int code = 1; code <= 16; ++code) {
    const auto mapped = ToRpcStatus(absl::Status(static_cast<absl::StatusCode>(code), "x"));
    const auto info = Find<google::rpc::ErrorInfo>(mapped);
    ASSERT_TRUE(info.has_value()) << code;
    v1::ErrorReason reason;
    EXPECT_TRUE(v1::ErrorReason_Parse(info->reason(), &reason)) << info->reason();
    EXPECT_EQ(info->domain(), "dealog");
  }
}

TEST(ToRpcStatus, CutsWhatTrailersCannotHold) {
  std::string text(5000, 'a');
  for (size_t i = 0; i < text.size(); i += 2) text.replace(i, 2, "\xc3\xa9");
  const auto mapped = ToRpcStatus(base::InvalidField("filter", text));
  EXPECT_LE(mapped.message().size(), kErrorMessageBytesMax);
  EXPECT_LE(mapped.ByteSizeLong(), kErrorDetailsBytesMax);
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(mapped)->reason(), "FIELD_INVALID");
  // Cut between characters: it still serialises as UTF-8.
  google::rpc::Status parsed;
  EXPECT_TRUE(parsed.ParseFromString(mapped.SerializeAsString()));
}

}  // namespace
}  // namespace dealog::rpc
