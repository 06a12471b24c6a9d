// Method: whole servers in this process: start, collide, stop under load, start again on what was
// written.

#include "services/server/server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <atomic>

#include "dealog/v1/deals.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/worker.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/services/server/temp_dir.h"

namespace dealog::server {
namespace {

std::unique_ptr<Server> MustStart(const std::string& data_dir,
                                  const std::string& listen = "127.0.0.1:0") {
  auto server = Start({.data_dir = data_dir, .listen = listen});
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

// Calls of one tenant of one server.
class Client {
 public:
  explicit Client(const Server& server)
      : channel_(grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials())),
        tenants_(v1::TenantService::NewStub(channel_)),
        pipelines_(v1::PipelineService::NewStub(channel_)),
        deals_(v1::DealService::NewStub(channel_)),
        log_(v1::LogService::NewStub(channel_)) {}

  void Prepare(grpc::ClientContext& context) {
    context.AddMetadata("dealog-tenant", "acme");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  }
  grpc::Status CreateTenant() {
    grpc::ClientContext context;
    Prepare(context);
    v1::CreateTenantRequest request;
    request.set_name("acme");
    v1::CreateTenantResponse response;
    return tenants_->CreateTenant(&context, request, &response);
  }
  grpc::Status CreatePipeline() {
    grpc::ClientContext context;
    Prepare(context);
    v1::CreatePipelineRequest request;
    request.set_display_name("Sales");
    const auto add = [&](const char* label, v1::Stage::Kind kind) {
      request.add_stages()->set_label(label);
      request.mutable_stages(request.stages_size() - 1)->set_kind(kind);
    };
    add("Lead", v1::Stage::OPEN);
    add("Won", v1::Stage::WON);
    add("Lost", v1::Stage::LOST);
    v1::PipelineMutationResponse response;
    return pipelines_->CreatePipeline(&context, request, &response);
  }
  grpc::Status OpenDeal(v1::DealMutationResponse* response) {
    grpc::ClientContext context;
    Prepare(context);
    v1::OpenDealRequest request;
    request.set_pipeline("Sales");
    request.set_title("A deal");
    return deals_->OpenDeal(&context, request, response);
  }
  int ListedDeals() {
    grpc::ClientContext context;
    Prepare(context);
    v1::ListDealsRequest request;
    request.set_page_size(1000);
    v1::ListDealsResponse response;
    const grpc::Status status = deals_->ListDeals(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.deals_size();
  }
  v1::LogService::Stub& log() { return *log_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::TenantService::Stub> tenants_;
  std::unique_ptr<v1::PipelineService::Stub> pipelines_;
  std::unique_ptr<v1::DealService::Stub> deals_;
  std::unique_ptr<v1::LogService::Stub> log_;
};

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (details.ParseFromString(status.error_details()) && details.details_size() > 0) {
    details.details(0).UnpackTo(&info);
  }
  return info.reason();
}

TEST(Start, PicksAFreePortAndSaysWhich) {
  const TempDir temp;
  const auto server = MustStart(temp.path());
  ASSERT_NE(server, nullptr);
  EXPECT_THAT(server->address(), testing::MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"));
}

TEST(Start, RefusesAFolderThatIsServed) {
  const TempDir temp;
  const auto server = MustStart(temp.path());
  const auto second = Start({.data_dir = temp.path(), .listen = "127.0.0.1:0"});
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), testing::HasSubstr("in use"));
}

TEST(Start, RefusesAPortThatIsServed) {
  const TempDir temp;
  const TempDir other;
  const auto server = MustStart(temp.path());
  const auto second = Start({.data_dir = other.path(), .listen = server->address()});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), testing::HasSubstr(server->address()));
  // What it had opened is closed again.
  EXPECT_NE(MustStart(other.path()), nullptr);
}

TEST(Start, RefusesAnAddressThatOthersReach) {
  const TempDir temp;
  const auto server = Start({.data_dir = temp.path(), .listen = "0.0.0.0:0"});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kPermissionDenied);
}

TEST(Start, RefusesAnotherNumberOfPartitions) {
  const TempDir temp;
  ASSERT_NE(MustStart(temp.path()), nullptr);
  EXPECT_FALSE(Start({.data_dir = temp.path(), .listen = "127.0.0.1:0", .partitions = 2}).ok());
}

TEST(Server, ServesWhatItServedBefore) {
  const TempDir temp;
  {
    const auto server = MustStart(temp.path());
    Client client(*server);
    ASSERT_TRUE(client.CreateTenant().ok());
    ASSERT_TRUE(client.CreatePipeline().ok());
    v1::DealMutationResponse opened;
    ASSERT_TRUE(client.OpenDeal(&opened).ok());
  }
  const auto server = MustStart(temp.path());
  Client client(*server);
  EXPECT_EQ(client.ListedDeals(), 1);
  EXPECT_EQ(ReasonOf(client.CreateTenant()), "TENANT_EXISTS");
}

// What was acknowledged is there; what was refused says that the server stops.
TEST(Server, StopAnswersWhatIsInFlight) {
  const TempDir temp;
  std::atomic<int> acknowledged{0};
  {
    const auto server = MustStart(temp.path());
    Client setup(*server);
    ASSERT_TRUE(setup.CreateTenant().ok());
    ASSERT_TRUE(setup.CreatePipeline().ok());
    std::vector<base::Worker> workers;
    for (int i = 0; i < 4; ++i) {
      workers.emplace_back("client", [&] {
        Client client(*server);
        for (;;) {
          v1::DealMutationResponse response;
          const grpc::Status status = client.OpenDeal(&response);
          if (!status.ok()) {
            EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
            return;
          }
          ++acknowledged;
        }
      });
    }
    while (acknowledged < 50) absl::SleepFor(absl::Milliseconds(1));
    server->Stop();
    server->Stop();  // Does nothing.
  }
  const auto server = MustStart(temp.path());
  Client client(*server);
  grpc::ClientContext context;
  client.Prepare(context);
  v1::ReadLogRequest request;
  request.mutable_filter()->add_event_types("DealOpened");
  const auto stream = client.log().ReadLog(&context, request);
  v1::ReadLogResponse message;
  int stored = 0;
  while (stream->Read(&message)) stored += message.stored_events_size();
  EXPECT_EQ(stored, acknowledged);
}

TEST(Server, StopEndsOpenStreamsAtOnce) {
  const TempDir temp;
  const auto server = MustStart(temp.path());
  Client client(*server);
  ASSERT_TRUE(client.CreateTenant().ok());
  grpc::ClientContext context;
  context.AddMetadata("dealog-tenant", "acme");
  v1::SubscribeRequest request;
  const auto stream = client.log().Subscribe(&context, request);
  v1::SubscribeResponse message;
  ASSERT_TRUE(stream->Read(&message));
  const auto begin = std::chrono::steady_clock::now();
  base::Worker stopper("stopper", [&] { server->Stop(); });
  while (stream->Read(&message)) {
  }
  const grpc::Status status = stream->Finish();
  stopper.Join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "NOT_READY");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
}

}  // namespace
}  // namespace dealog::server
