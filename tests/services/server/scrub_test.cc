// Method: whole servers whose log is checked: asked for over gRPC by several at once, by a caller
// who leaves, by itself, and while commands come.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <atomic>

#include "dealog/v1/admin.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/worker.h"
#include "services/server/server.h"
#include "tests/services/server/temp_dir.h"

namespace dealog::server {
namespace {

using ::testing::HasSubstr;

class ScrubTest : public ::testing::Test {
 protected:
  void Open(absl::Duration start_delay = absl::Hours(1)) {
    auto server = Start(
        {.data_dir = temp_.path(), .listen = "127.0.0.1:0", .scrub_start_delay = start_delay});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    admin_ = v1::AdminService::NewStub(channel_);
  }
  static void Prepare(grpc::ClientContext& context) {
    context.AddMetadata("dealog-tenant", "acme");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  }
  void CreateTenant(const std::string& name) {
    grpc::ClientContext context;
    context.AddMetadata("dealog-tenant", name);
    v1::CreateTenantRequest request;
    request.set_name(name);
    v1::CreateTenantResponse response;
    const auto stub = v1::TenantService::NewStub(channel_);
    const grpc::Status status = stub->CreateTenant(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  grpc::Status Verify(int64_t bytes_per_second, v1::LogReport* report) {
    grpc::ClientContext context;
    Prepare(context);
    v1::VerifyLogRequest request;
    request.set_bytes_per_second(bytes_per_second);
    const auto reader = admin_->VerifyLog(&context, request);
    v1::VerifyLogResponse message;
    while (reader->Read(&message)) {
      EXPECT_LE(message.steps_done(), message.steps_total());
      if (message.has_report()) *report = message.report();
    }
    return reader->Finish();
  }
  v1::GetServerInfoResponse Info() {
    grpc::ClientContext context;
    Prepare(context);
    v1::GetServerInfoResponse response;
    EXPECT_TRUE(admin_->GetServerInfo(&context, {}, &response).ok());
    return response;
  }

  const TempDir temp_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
};

TEST_F(ScrubTest, IsAskedForBySeveralAtOnceWhileCommandsCome) {
  Open();
  CreateTenant("acme");
  std::atomic<bool> stop = false;
  base::Worker writer("writer", [&] {
    for (int i = 0; !stop; ++i) CreateTenant("tenant-" + std::to_string(i));
  });
  {
    std::vector<base::Worker> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back("caller", [&] {
        for (int round = 0; round < 5; ++round) {
          v1::LogReport report;
          const grpc::Status status = Verify(0, &report);
          EXPECT_TRUE(status.ok()) << status.error_message();
          EXPECT_GE(report.event_count(), 1);
          EXPECT_GT(report.follower_count(), 0);
          EXPECT_EQ(report.problem_count(), 0) << report.DebugString();
        }
      });
    }
  }
  stop = true;
  writer.Join();
  EXPECT_TRUE(Info().has_last_full_scrub_time());
}

TEST_F(ScrubTest, GoesOnAfterItsCallerHasLeft) {
  Open();
  CreateTenant("acme");
  {
    grpc::ClientContext context;
    Prepare(context);
    const auto reader = admin_->VerifyLog(&context, {});
    context.TryCancel();
    reader->Finish();
  }
  v1::LogReport report;
  EXPECT_TRUE(Verify(0, &report).ok());
  EXPECT_EQ(report.problem_count(), 0);
}

TEST_F(ScrubTest, RefusesANegativeRate) {
  Open();
  v1::LogReport report;
  const grpc::Status status = Verify(-1, &report);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("expected 0 or more, found -1"));
  EXPECT_FALSE(Info().has_last_full_scrub_time());
}

TEST_F(ScrubTest, ComesByItselfAndIsRemembered) {
  Open(absl::ZeroDuration());
  while (!Info().has_last_full_scrub_time()) absl::SleepFor(absl::Milliseconds(5));
  const int64_t seconds = Info().last_full_scrub_time().seconds();
  server_.reset();
  Open();
  EXPECT_EQ(Info().last_full_scrub_time().seconds(), seconds);
  EXPECT_EQ(Info().scrub_problem_count(), 0);
}

TEST_F(ScrubTest, EndsWithTheServer) {
  Open();
  // More than is read between two looks at the clock.
  for (int i = 0; i < 150; ++i) CreateTenant("tenant-" + std::to_string(i));
  grpc::ClientContext context;
  Prepare(context);
  v1::VerifyLogRequest request;
  request.set_bytes_per_second(1);  // It would take hours.
  const auto reader = admin_->VerifyLog(&context, request);
  v1::VerifyLogResponse message;
  EXPECT_TRUE(reader->Read(&message));
  server_->Stop();
  while (reader->Read(&message)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace dealog::server
