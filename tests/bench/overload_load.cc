#include "tests/bench/overload_load.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "dealog/storage/v1/commit.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace dealog::bench {
namespace {

constexpr char kTenant[] = "bench";

// What RetryInfo says, µs; 0 if there is none.
int64_t RetryDelayMicros(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return 0;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::RetryInfo info;
    if (!detail.UnpackTo(&info)) continue;
    return info.retry_delay().seconds() * 1'000'000 + info.retry_delay().nanos() / 1000;
  }
  return 0;
}

}  // namespace

// One client. Its members are used by one call at a time.
struct Load::Client {
  struct Call {
    grpc::ClientContext context;
    v1::MoveDealRequest request;
    v1::DealMutationResponse response;
  };
  std::string deal;
  int stage = 0;  // Which of the two the deal is in.
  std::unique_ptr<Call> call;
  int64_t begin_us = 0;
  std::vector<int64_t> latencies_us;
  std::vector<int64_t> positions;
  uint64_t refused = 0;
  uint64_t no_retry = 0;
  uint64_t failed = 0;
  std::string failure;
};

Load::Load(const std::string& address, size_t deals) {
  const auto channel = Connect(address);
  stub_ = v1::DealService::NewStub(channel);
  CreatePipeline(channel);
  clients_.resize(deals);
  for (auto& client : clients_) client = std::make_unique<Client>();
  OpenDeals(deals);
}

Load::~Load() = default;

void Load::CreatePipeline(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext tenant_context;
  Prepare(tenant_context, kTenant);
  v1::CreateTenantRequest tenant;
  tenant.set_name(kTenant);
  v1::CreateTenantResponse founded;
  Must(v1::TenantService::NewStub(channel)->CreateTenant(&tenant_context, tenant, &founded),
       "CreateTenant");
  v1::CreatePipelineRequest pipeline;
  pipeline.set_display_name("Bench");
  const std::pair<const char*, v1::Stage::Kind> stages[] = {{"A", v1::Stage::OPEN},
                                                            {"B", v1::Stage::OPEN},
                                                            {"Won", v1::Stage::WON},
                                                            {"Lost", v1::Stage::LOST}};
  for (const auto& [label, kind] : stages) {
    v1::Stage* stage = pipeline.add_stages();
    stage->set_label(label);
    stage->set_kind(kind);
  }
  grpc::ClientContext context;
  Prepare(context, kTenant);
  v1::PipelineMutationResponse created;
  Must(v1::PipelineService::NewStub(channel)->CreatePipeline(&context, pipeline, &created),
       "CreatePipeline");
  stages_[0] = created.pipeline().stages(0).stage_id();
  stages_[1] = created.pipeline().stages(1).stage_id();
}

// A few at a time, so that none is refused.
void Load::OpenDeals(size_t count) {
  constexpr size_t kAtOnce = 8;
  for (size_t first = 0; first < count; first += kAtOnce) {
    std::vector<std::thread> threads;
    for (size_t i = first; i < std::min(count, first + kAtOnce); ++i) {
      threads.emplace_back([this, i] {
        grpc::ClientContext context;
        Prepare(context, kTenant);
        v1::OpenDealRequest request;
        request.set_pipeline("Bench");
        request.set_title("Deal");
        v1::DealMutationResponse response;
        Must(stub_->OpenDeal(&context, request, &response), "OpenDeal");
        clients_[i]->deal = response.deal().deal_id();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

LoadResult Load::Run(size_t clients, int64_t duration_us, bool patient) {
  patient_ = patient;
  running_ = clients;
  const int64_t begin = base::MonotonicMicros();
  end_us_ = begin + duration_us;
  for (size_t i = 0; i < clients; ++i) Move(i);
  ServeLater();
  LoadResult result;
  result.accepted.elapsed_us = base::MonotonicMicros() - begin;
  for (size_t i = 0; i < clients; ++i) {
    Client& client = *clients_[i];
    result.accepted.latencies_us.insert(result.accepted.latencies_us.end(),
                                        client.latencies_us.begin(), client.latencies_us.end());
    for (const int64_t position : client.positions) accepted_[position] = client.deal;
    result.refused += std::exchange(client.refused, 0);
    result.no_retry += std::exchange(client.no_retry, 0);
    result.failed += std::exchange(client.failed, 0);
    if (result.failure.empty()) result.failure = client.failure;
    client.latencies_us.clear();
    client.positions.clear();
  }
  return result;
}

void Load::Move(size_t index) {
  Client& client = *clients_[index];
  client.call = std::make_unique<Client::Call>();
  Prepare(client.call->context, kTenant);
  client.call->request.set_deal_id(client.deal);
  client.call->request.set_to_stage(stages_[client.stage ^ 1]);
  client.begin_us = base::MonotonicMicros();
  stub_->async()->MoveDeal(&client.call->context, &client.call->request, &client.call->response,
                           [this, index](const grpc::Status& status) { Ended(index, status); });
}

void Load::Ended(size_t index, const grpc::Status& status) {
  Client& client = *clients_[index];
  const int64_t now = base::MonotonicMicros();
  int64_t delay_us = 0;
  if (status.ok()) {
    client.latencies_us.push_back(now - client.begin_us);
    client.positions.push_back(client.call->response.commit().position());
    client.stage ^= 1;
  } else if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
    ++client.refused;
    delay_us = RetryDelayMicros(status);
    if (delay_us == 0) ++client.no_retry;
    if (!patient_) delay_us = 0;
  } else {
    ++client.failed;
    client.failure = status.error_message();
  }
  // Not from here: gRPC would recurse, and clients that are refused at once never return.
  Later(index, now + delay_us);
}

void Load::Later(size_t client, int64_t due_us) {
  std::lock_guard<std::mutex> lock(mu_);
  const bool first = later_.empty() || due_us < later_.begin()->first;
  later_.emplace(due_us, client);
  if (first) changed_.notify_one();
}

// Sends whoever is due; returns once the time is over and every client's call has ended.
void Load::ServeLater() {
  std::unique_lock<std::mutex> lock(mu_);
  while (running_ > 0) {
    const int64_t now = base::MonotonicMicros();
    if (later_.empty()) {
      changed_.wait(lock);
    } else if (now >= end_us_) {
      running_ -= later_.size();
      later_.clear();
    } else if (const int64_t due = later_.begin()->first; due > now) {
      changed_.wait_for(lock, std::chrono::microseconds(std::min(due, end_us_) - now));
    } else {
      const size_t client = later_.begin()->second;
      later_.erase(later_.begin());
      lock.unlock();
      Move(client);
      lock.lock();
    }
  }
}

Load::Difference Load::Compare(const std::string& address,
                               const std::map<int64_t, std::string>& accepted) {
  grpc::ClientContext context;
  Prepare(context, kTenant);
  v1::ReadLogRequest request;
  request.mutable_filter()->add_event_types("DealStageMoved");
  const auto stub = v1::LogService::NewStub(Connect(address));
  const auto stream = stub->ReadLog(&context, request);
  Difference difference;
  size_t found = 0;
  v1::ReadLogResponse page;
  while (stream->Read(&page)) {
    for (const v1::StoredEvent& event : page.stored_events()) {
      storage::v1::EventHeader header;
      if (!header.ParseFromString(event.header())) std::abort();
      const auto move = accepted.find(static_cast<int64_t>(header.position()));
      const bool ours = move != accepted.end() && move->second == header.stream().id();
      ++(ours ? found : difference.unasked);
    }
  }
  Must(stream->Finish(), "ReadLog");
  difference.lost = accepted.size() - found;
  return difference;
}

}  // namespace dealog::bench
