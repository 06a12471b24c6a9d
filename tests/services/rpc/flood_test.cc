// Method: a server whose log holds up the writes of one partition for as long as the test likes. An
// instant after the newest commit is resolved by that partition's sequencer alone, so a question
// with such a known_at stands still: a computation that takes as long as the test likes. Then what
// others may expect of the server meanwhile.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <thread>

#include "absl/strings/str_cat.h"
#include "dealog/v1/admin.grpc.pb.h"
#include "dealog/v1/board.grpc.pb.h"
#include "dealog/v1/deals.grpc.pb.h"
#include "dealog/v1/kpi.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "services/commands/sequencer.h"
#include "services/rpc/executors.h"
#include "services/rpc/instants.h"
#include "services/server/server.h"
#include "tests/services/rpc/fixture.h"
#include "tests/services/server/temp_dir.h"
#include "tests/support/hooked_log.h"

namespace dealog::rpc {
namespace {

constexpr int kNobody = -1;

// Calls that go on while the test does something else.
template <typename Request, typename Response>
struct Pending {
  grpc::ClientContext context;
  Request request;
  Response response;
};

class FloodTest : public ::testing::Test {
 protected:
  FloodTest() {
    gate_.Shut();
    server::Options options{.data_dir = folder_.path(), .listen = "127.0.0.1:0", .partitions = 2};
    options.open_log = [this](eventstore::RocksDbLogOptions log) {
      log.on_synced = [this](eventstore::PartitionId partition, const eventstore::PartitionHead&) {
        if (static_cast<int>(partition.value) == held_) gate_.Pass();
      };
      return eventstore::OpenRocksDbLog(log);
    };
    auto server = server::Start(options);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    // Two tenants that share no partition.
    std::vector<std::string> names;
    for (int i = 0; names.size() < 2; ++i) {
      const std::string name = absl::StrCat("flood-", i);
      const uint32_t partition = MakeTenant(name);
      if (names.empty()) loud_partition_ = static_cast<int>(partition);
      if (names.empty() || static_cast<int>(partition) != loud_partition_) names.push_back(name);
    }
    loud_ = names[0];
    quiet_ = names[1];
  }
  ~FloodTest() override {
    held_ = kNobody;
    gate_.Open();
  }

  static void Prepare(grpc::ClientContext& context, const std::string& tenant) {
    context.AddMetadata("dealog-tenant", tenant);
    context.AddMetadata("dealog-actor", "ada");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(25));
  }
  template <typename Service, typename Request, typename Response>
  grpc::Status Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                    const std::string& tenant, const Request& request, Response& response) {
    grpc::ClientContext context;
    Prepare(context, tenant);
    const auto stub = Service::NewStub(channel_);
    return (stub.get()->*method)(&context, request, &response);
  }

  // Returns its partition.
  uint32_t MakeTenant(const std::string& name) {
    v1::CreateTenantRequest tenant;
    tenant.set_name(name);
    v1::CreateTenantResponse created;
    EXPECT_TRUE(
        Call<v1::TenantService>(&v1::TenantService::Stub::CreateTenant, name, tenant, created)
            .ok());
    v1::CreatePipelineRequest pipeline;
    pipeline.set_display_name("Sales");
    for (const auto& [label, kind] :
         {std::pair{"Lead", v1::Stage::OPEN}, {"Won", v1::Stage::WON}, {"Lost", v1::Stage::LOST}}) {
      pipeline.add_stages()->set_label(label);
      pipeline.mutable_stages(pipeline.stages_size() - 1)->set_kind(kind);
    }
    v1::PipelineMutationResponse made;
    EXPECT_TRUE(
        Call<v1::PipelineService>(&v1::PipelineService::Stub::CreatePipeline, name, pipeline, made)
            .ok());
    return commands::DecodeToken(made.commit().token())->partition.value;
  }
  static v1::OpenDealRequest NewDeal() {
    v1::OpenDealRequest open;
    open.set_pipeline("Sales");
    open.set_title("Deal");
    return open;
  }

  // From now on the loud one's partition stands still, with a command in it.
  void Hold() {
    held_ = loud_partition_;
    Prepare(blocked_.context, loud_);
    blocked_.request = NewDeal();
    deals_ = v1::DealService::NewStub(channel_);
    deals_->async()->OpenDeal(&blocked_.context, &blocked_.request, &blocked_.response,
                              [this](grpc::Status status) { Ended(std::move(status)); });
    gate_.AwaitVisitor();
  }
  // Questions of the loud one about now, which nobody can answer until the gate opens.
  void Ask(size_t count) {
    kpis_ = v1::KpiService::NewStub(channel_);
    for (size_t i = 0; i < count; ++i) {
      auto& asked = asked_.emplace_back();
      Prepare(asked.context, loud_);
      asked.request.set_kpi(v1::KPI_WIN_RATE);
      asked.request.set_pipeline("Sales");
      *asked.request.mutable_known_at()->mutable_time() =
          ToTimestamp(base::SystemClock().NowMicros());
      kpis_->async()->QueryKpi(&asked.context, &asked.request, &asked.response,
                               [this](grpc::Status status) { Ended(std::move(status)); });
    }
  }
  // Reads of the loud one that stand still as well: each waits for the sequencer.
  void Read(size_t count) {
    log_ = v1::LogService::NewStub(channel_);
    for (size_t i = 0; i < count; ++i) {
      auto& read = reads_.emplace_back();
      Prepare(read.context, loud_);
      *read.request.mutable_time() = ToTimestamp(base::SystemClock().NowMicros());
      log_->async()->GetPositionAt(&read.context, &read.request, &read.response,
                                   [this](grpc::Status status) { Ended(std::move(status)); });
    }
  }
  void Ended(grpc::Status status) {
    base::MutexLock lock(mu_);
    ended_.push_back(std::move(status));
    changed_.NotifyAll();
  }
  std::vector<grpc::Status> AwaitEnded(size_t count) {
    base::MutexLock lock(mu_);
    while (ended_.size() < count) changed_.Wait(mu_);
    return ended_;
  }

  const server::TempDir folder_;
  dealog::testing::Gate gate_;
  std::atomic<int> held_{kNobody};
  std::unique_ptr<server::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::string loud_;
  std::string quiet_;
  int loud_partition_ = 0;
  std::unique_ptr<v1::DealService::Stub> deals_;
  std::unique_ptr<v1::KpiService::Stub> kpis_;
  Pending<v1::OpenDealRequest, v1::DealMutationResponse> blocked_;
  std::deque<Pending<v1::QueryKpiRequest, v1::QueryKpiResponse>> asked_;
  std::unique_ptr<v1::LogService::Stub> log_;
  std::deque<Pending<v1::GetPositionAtRequest, v1::GetPositionAtResponse>> reads_;
  base::Mutex mu_;
  base::CondVar changed_;
  std::vector<grpc::Status> ended_ ABSL_GUARDED_BY(mu_);
};

TEST_F(FloodTest, OfOneTenantSilencesNobodyElse) {
  Hold();
  Ask(kComputationsPerTenantMax + 1);
  const Failure refused = FailureOf(AwaitEnded(1).front());
  EXPECT_EQ(refused.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.reason, "OVERLOADED");
  EXPECT_EQ(refused.metadata.at("limit"), "computations_per_tenant");

  // Subscribers hear what happens.
  grpc::ClientContext following;
  Prepare(following, quiet_);
  const auto log = v1::LogService::NewStub(channel_);
  v1::SubscribeRequest subscribe;
  subscribe.set_after_position(0);
  subscribe.set_payload_form(v1::PAYLOAD_FORM_CLEAR);
  const auto stream = log->Subscribe(&following, subscribe);
  v1::DealMutationResponse opened;
  ASSERT_TRUE(
      Call<v1::DealService>(&v1::DealService::Stub::OpenDeal, quiet_, NewDeal(), opened).ok());
  bool heard = false;
  for (v1::SubscribeResponse message; !heard && stream->Read(&message);) {
    for (const auto& event : message.events().events()) {
      heard |= event.header().type() == "DealOpened";
    }
  }
  EXPECT_TRUE(heard);
  following.TryCancel();

  // Boards and lists are answered, of both: only the loud one's computations wait.
  for (const std::string& tenant : {quiet_, loud_}) {
    v1::GetBoardRequest board;
    board.set_pipeline("Sales");
    v1::GetBoardResponse shown;
    EXPECT_TRUE(
        Call<v1::BoardService>(&v1::BoardService::Stub::GetBoard, tenant, board, shown).ok())
        << tenant;
    v1::ListDealsResponse listed;
    EXPECT_TRUE(Call<v1::DealService>(&v1::DealService::Stub::ListDeals, tenant,
                                      v1::ListDealsRequest(), listed)
                    .ok())
        << tenant;
    grpc::ClientContext watching;
    Prepare(watching, tenant);
    v1::WatchBoardRequest watch;
    watch.set_pipeline("Sales");
    const auto boards = v1::BoardService::NewStub(channel_);
    v1::WatchBoardResponse first;
    EXPECT_TRUE(boards->WatchBoard(&watching, watch)->Read(&first)) << tenant;
    watching.TryCancel();
  }
  if (Executors::ComputationThreads() > 1) {
    v1::QueryKpiRequest kpi;
    kpi.set_kpi(v1::KPI_WIN_RATE);
    kpi.set_pipeline("Sales");
    v1::QueryKpiResponse answer;
    EXPECT_TRUE(Call<v1::KpiService>(&v1::KpiService::Stub::QueryKpi, quiet_, kpi, answer).ok());
  }

  held_ = kNobody;
  gate_.Open();
  size_t answered = 0;
  for (const grpc::Status& status : AwaitEnded(kComputationsPerTenantMax + 2)) {
    answered += status.ok() ? 1 : 0;
  }
  EXPECT_EQ(answered, kComputationsPerTenantMax + 1) << "the questions and the command";
}

TEST_F(FloodTest, OfReadsOfOneTenantFillsNotTheQueueOfAll) {
  Hold();
  const size_t asked = kReadsPerTenantMax + 2;
  Read(asked);
  std::vector<grpc::Status> refused;
  for (int i = 0; i < 1'000 && refused.size() < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    base::MutexLock lock(mu_);
    refused = ended_;
  }
  ASSERT_EQ(refused.size(), 2u) << "those past the limit";
  for (const grpc::Status& status : refused) {
    const Failure failure = FailureOf(status);
    EXPECT_EQ(failure.reason, "OVERLOADED");
    EXPECT_EQ(failure.metadata.at("limit"), "reads_per_tenant");
  }
  v1::GetBoardRequest board;
  board.set_pipeline("Sales");
  v1::GetBoardResponse shown;
  EXPECT_TRUE(Call<v1::BoardService>(&v1::BoardService::Stub::GetBoard, quiet_, board, shown).ok());
  held_ = kNobody;
  gate_.Open();
  size_t answered = 0;
  for (const grpc::Status& status : AwaitEnded(asked + 1)) answered += status.ok() ? 1 : 0;
  EXPECT_EQ(answered, kReadsPerTenantMax + 1) << "the reads and the command";
}

// Whoever asks what is known "now" waits for the sequencer. Were he to hold the tenant's views
// meanwhile, nothing could be folded into them, nor could they be made anew.
TEST_F(FloodTest, WhoWaitsForTheSequencerHoldsNoViews) {
  Hold();
  Ask(1);
  v1::RebuildProjectionRequest rebuild;
  rebuild.set_name("activities");
  v1::RebuildProjectionResponse begun;
  for (int i = 0; i < 20; ++i) {  // The question may still be on its way to the first ones.
    const grpc::Status status =
        Call<v1::AdminService>(&v1::AdminService::Stub::RebuildProjection, loud_, rebuild, begun);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  held_ = kNobody;
  gate_.Open();
  for (const grpc::Status& status : AwaitEnded(2))
    EXPECT_TRUE(status.ok()) << status.error_message();
}

}  // namespace
}  // namespace dealog::rpc
