#include "tests/services/rpc/fixture.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/telemetry/log.h"

namespace dealog::rpc {
namespace {

// Owns the server; its folder goes with it.
class ServerEnvironment {
 public:
  ServerEnvironment() {
    folder_ =
        std::filesystem::temp_directory_path() / ("dealog_rpc_test_" + std::to_string(getpid()));
    telemetry::InitLogging(telemetry::Level::kWarning, telemetry::Format::kText);
    auto started = server::Start({.data_dir = folder_, .listen = "127.0.0.1:0"});
    if (!started.ok()) {
      ADD_FAILURE() << started.status();
      std::abort();
    }
    server_ = *std::move(started);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
  }
  ~ServerEnvironment() {
    channel_.reset();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  server::Server& server() { return *server_; }
  const std::shared_ptr<grpc::Channel>& channel() { return channel_; }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<server::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

ServerEnvironment& Environment() {
  static ServerEnvironment environment;
  return environment;
}

}  // namespace

Failure FailureOf(const grpc::Status& status) {
  Failure failure{.code = status.error_code(), .message = status.error_message()};
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return failure;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    if (detail.UnpackTo(&info)) {
      failure.reason = info.reason();
      failure.metadata.insert(info.metadata().begin(), info.metadata().end());
      EXPECT_EQ(info.domain(), "dealog");
    }
    if (detail.UnpackTo(&bad)) {
      for (const auto& violation : bad.field_violations())
        failure.fields.push_back(violation.field());
    }
  }
  return failure;
}

server::Server& TestServer() { return Environment().server(); }
std::shared_ptr<grpc::Channel> TestChannel() { return Environment().channel(); }

RpcTest::RpcTest() {
  static std::atomic<int> count{0};
  tenant_ = "tenant-" + std::to_string(++count);
  tenants_ = v1::TenantService::NewStub(TestChannel());
  pipelines_ = v1::PipelineService::NewStub(TestChannel());
  deals_ = v1::DealService::NewStub(TestChannel());
  boards_ = v1::BoardService::NewStub(TestChannel());
  contacts_ = v1::ContactService::NewStub(TestChannel());
}

void RpcTest::Prepare(grpc::ClientContext& context) const {
  context.AddMetadata("dealog-tenant", tenant_);
  context.AddMetadata("dealog-actor", actor_);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

void RpcTest::MakeTenant() {
  v1::CreateTenantRequest tenant;
  tenant.set_name(tenant_);
  Must(*tenants_, &v1::TenantService::Stub::CreateTenant, tenant);
  v1::CreatePipelineRequest pipeline;
  pipeline.set_display_name("Sales");
  const auto add = [&](const char* label, v1::Stage::Kind kind) {
    v1::Stage& stage = *pipeline.add_stages();
    stage.set_label(label);
    stage.set_kind(kind);
  };
  add("Lead", v1::Stage::OPEN);
  add("Offer", v1::Stage::OPEN);
  add("Won", v1::Stage::WON);
  add("Lost", v1::Stage::LOST);
  pipeline.mutable_rules()->set_allow_skip(true);
  pipeline.mutable_rules()->set_allow_backward(true);
  Must(*pipelines_, &v1::PipelineService::Stub::CreatePipeline, pipeline);
}

v1::Deal RpcTest::OpenDeal(const std::string& title) {
  v1::OpenDealRequest request;
  request.set_pipeline("Sales");
  request.set_title(title);
  return Must(*deals_, &v1::DealService::Stub::OpenDeal, request).deal();
}

v1::DealMutationResponse RpcTest::Move(const std::string& deal_id, const std::string& stage) {
  v1::MoveDealRequest request;
  request.set_deal_id(deal_id);
  request.set_to_stage(stage);
  return Must(*deals_, &v1::DealService::Stub::MoveDeal, request);
}

}  // namespace dealog::rpc
