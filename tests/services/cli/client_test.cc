// Method: gRPC statuses as a server sends them, with and without google.rpc details.

#include "services/cli/client.h"

#include <gtest/gtest.h>

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/cli/text/error_text.h"

namespace dealog::cli {
namespace {

TEST(FromGrpc, KeepsCodeMessageAndDetails) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  info.set_reason("IMPORT_RUNNING");
  (*info.mutable_metadata())["import_id"] = "import_1";
  details.add_details()->PackFrom(info);
  google::rpc::BadRequest bad_request;
  bad_request.add_field_violations()->set_field("title");
  details.add_details()->PackFrom(bad_request);
  const absl::Status status = FromGrpc(
      grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "it runs", details.SerializeAsString()));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(status.message()), "it runs");
  EXPECT_EQ(base::ReasonOf(status), "IMPORT_RUNNING");
  EXPECT_EQ(ErrorMetadata(status, "import_id"), "import_1");
  EXPECT_NE(ErrorText(status).find("  title: "), std::string::npos);
}

TEST(FromGrpc, SurvivesDetailsThatAreNone) {
  const absl::Status status =
      FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone", "\xff\xff no message"));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(base::ReasonOf(status), "");
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

}  // namespace
}  // namespace dealog::cli
