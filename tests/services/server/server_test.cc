// Method: whole servers in this process: start, collide, stop under load, start again on what was
// written.

#include "services/server/server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <atomic>

#include "dealog/v1/activities.grpc.pb.h"
#include "dealog/v1/admin.grpc.pb.h"
#include "dealog/v1/deals.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/worker.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/services/server/temp_dir.h"
#include "tests/support/hooked_log.h"
#include "tests/support/hooked_view_store.h"

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
  // Of every view if it is empty.
  grpc::Status Rebuild(const std::string& view) {
    grpc::ClientContext context;
    Prepare(context);
    v1::RebuildProjectionRequest request;
    request.set_name(view);
    v1::RebuildProjectionResponse response;
    return v1::AdminService::NewStub(channel_)->RebuildProjection(&context, request, &response);
  }
  // Waits no longer than that.
  grpc::Status ListActivities(std::chrono::milliseconds patience) {
    grpc::ClientContext context;
    Prepare(context);
    context.set_deadline(std::chrono::system_clock::now() + patience);
    v1::ListActivitiesResponse response;
    return v1::ActivityService::NewStub(channel_)->ListActivities(
        &context, v1::ListActivitiesRequest(), &response);
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
  EXPECT_THAT(server->address(), ::testing::MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"));
}

TEST(Start, RefusesAFolderThatIsServed) {
  const TempDir temp;
  const auto server = MustStart(temp.path());
  const auto second = Start({.data_dir = temp.path(), .listen = "127.0.0.1:0"});
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), ::testing::HasSubstr("in use"));
}

TEST(Start, RefusesAPortThatIsServed) {
  const TempDir temp;
  const TempDir other;
  const auto server = MustStart(temp.path());
  const auto second = Start({.data_dir = other.path(), .listen = server->address()});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), ::testing::HasSubstr(server->address()));
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

// A rebuild waits for its turn at the store, behind a write that fails again and again.
TEST(Server, StopsWhileARebuildWaitsForAStoreThatCannotBeWritten) {
  const TempDir temp;
  std::atomic<bool> full{false};
  std::atomic<int> failed{0};
  Options options{.data_dir = temp.path(), .listen = "127.0.0.1:0"};
  options.drain_timeout = absl::Milliseconds(100);
  options.open_views = [&](const std::string& path, projections::ViewStoreOptions store_options)
      -> absl::StatusOr<std::unique_ptr<projections::ViewStore>> {
    auto store = projections::OpenViewStore(path, std::move(store_options));
    if (!store.ok()) return store.status();
    return std::make_unique<dealog::testing::HookedViewStore>(
        *std::move(store), [&]() -> absl::Status {
          if (!full) return absl::OkStatus();
          ++failed;
          return absl::ResourceExhaustedError("no space left");
        });
  };
  auto server = Start(options);
  ASSERT_TRUE(server.ok()) << server.status();
  Client client(**server);
  ASSERT_TRUE(client.CreateTenant().ok());
  ASSERT_TRUE(client.CreatePipeline().ok());
  EXPECT_EQ(client.ListedDeals(), 0);
  full = true;
  v1::DealMutationResponse opened;
  ASSERT_TRUE(client.OpenDeal(&opened).ok());
  EXPECT_EQ(client.ListedDeals(), 1);
  while (failed == 0) absl::SleepFor(absl::Milliseconds(1));
  const base::Worker rebuilder("rebuilder", [&] { EXPECT_FALSE(client.Rebuild("").ok()); });
  absl::SleepFor(absl::Milliseconds(100));  // It is on its way, or comes too late to matter.
  std::atomic<bool> stopped{false};
  base::Worker stopper("stopper", [&] {
    (*server)->Stop();
    stopped = true;
  });
  for (int i = 0; i < 1'000 && !stopped; ++i) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_TRUE(stopped) << "it waits for the store";
  full = false;  // Lets go of what hangs.
  stopper.Join();
}

// Activities are folded anew, and that does not come to an end: whoever asks for deals need not
// care.
TEST(Server, AReadWaitsForNoViewThatItDoesNotRead) {
  const TempDir temp;
  dealog::testing::Gate gate;
  Options options{.data_dir = temp.path(), .listen = "127.0.0.1:0"};
  options.open_views = [&](const std::string& path, projections::ViewStoreOptions store_options)
      -> absl::StatusOr<std::unique_ptr<projections::ViewStore>> {
    auto store = projections::OpenViewStore(path, std::move(store_options));
    if (!store.ok()) return store.status();
    return std::make_unique<dealog::testing::HookedViewStore>(*std::move(store), [&] {
      gate.Pass();
      return absl::OkStatus();
    });
  };
  auto server = Start(options);
  ASSERT_TRUE(server.ok()) << server.status();
  Client client(**server);
  ASSERT_TRUE(client.CreateTenant().ok());
  ASSERT_TRUE(client.CreatePipeline().ok());
  v1::DealMutationResponse opened;
  ASSERT_TRUE(client.OpenDeal(&opened).ok());
  EXPECT_EQ(client.ListedDeals(), 1);
  EXPECT_TRUE(client.ListActivities(std::chrono::seconds(20)).ok());
  gate.Shut();
  base::Worker rebuilder("rebuilder", [&] { EXPECT_TRUE(client.Rebuild("activities").ok()); });
  grpc::Status waited;
  for (int i = 0; i < 1'000 && waited.ok(); ++i) {
    waited = client.ListActivities(std::chrono::milliseconds(200));
  }
  EXPECT_FALSE(waited.ok());
  ASSERT_TRUE(client.OpenDeal(&opened).ok());
  EXPECT_EQ(client.ListedDeals(), 2);
  gate.Open();
  rebuilder.Join();
  EXPECT_TRUE(client.ListActivities(std::chrono::seconds(20)).ok());
}

}  // namespace
}  // namespace dealog::server
