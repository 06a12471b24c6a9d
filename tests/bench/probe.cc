#include "tests/bench/probe.h"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "dealog/v1/admin.grpc.pb.h"
#include "dealog/v1/history.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/clock.h"

namespace dealog::bench {
namespace {

constexpr int kCommitsPerFill = 100;
constexpr int kFillsInFlight = 8;
// Far more than a block that is compressed at once; the stride is prime.
constexpr size_t kNoiseBytes = 1 << 20;
constexpr size_t kNoiseStride = 104'729;

std::vector<std::string> Command(const std::string& folder, const std::vector<std::string>& flags) {
  std::vector<std::string> command = {BinFolder() + "/dealogd", "--data-dir", folder, "--listen",
                                      "127.0.0.1:0"};
  command.insert(command.end(), flags.begin(), flags.end());
  return command;
}

}  // namespace

std::string ProbePayload(size_t bytes, int64_t turn) {
  static const std::string noise = [] {
    std::mt19937_64 random(1);
    std::string made(kNoiseBytes, '\0');
    for (char& byte : made) byte = static_cast<char>(random());
    return made;
  }();
  std::string payload;
  size_t at = static_cast<size_t>(turn) * kNoiseStride % kNoiseBytes;
  while (payload.size() < bytes) {
    payload.append(noise, at, bytes - payload.size());
    at = 0;
  }
  return payload;
}

void ProbeStreams::Fill(int slot, int events, v1::AppendEventsRequest& request) {
  const std::string stream = Name(slot);
  for (int i = 0; i < events; ++i) {
    v1::NewEvent& event = *request.add_events();
    event.set_stream(stream);
    event.set_type(kProbeType);
    event.set_payload(ProbePayload(payload_bytes_, revisions_[static_cast<size_t>(slot)] + i));
  }
  Expect(slot, request);
  revisions_[static_cast<size_t>(slot)] += events;
}

void ProbeStreams::Expect(int slot, v1::AppendEventsRequest& request) const {
  v1::StreamCondition& condition = *request.add_conditions();
  condition.set_stream(Name(slot));
  condition.set_expected_revision(revisions_[static_cast<size_t>(slot)]);
}

Probe::Probe(const std::string& folder, const std::vector<std::string>& flags)
    : server_(Command(folder, flags)),
      channel_(Connect(server_.address())),
      log_(v1::LogService::NewStub(channel_)) {
  grpc::ClientContext context;
  Prepare(context, kProbeTenant);
  v1::CreateTenantRequest tenant;
  tenant.set_name(kProbeTenant);
  v1::CreateTenantResponse created;
  const grpc::Status status =
      v1::TenantService::NewStub(channel_)->CreateTenant(&context, tenant, &created);
  if (status.error_code() != grpc::StatusCode::ALREADY_EXISTS) Must(status, "CreateTenant");
  grpc::ClientContext register_context;
  Prepare(register_context, kProbeTenant);
  v1::RegisterStreamTypeRequest type;
  type.set_name("probe");
  type.mutable_definition()->set_payload_type(events::v1::PAYLOAD_TYPE_OPAQUE);
  type.mutable_definition()->add_event_types()->set_type(kProbeType);
  v1::RegisterStreamTypeResponse registered;
  Must(log_->RegisterStreamType(&register_context, type, &registered), "RegisterStreamType");
}

int64_t Probe::Head() {
  grpc::ClientContext context;
  Prepare(context, kProbeTenant);
  v1::GetHeadResponse response;
  Must(log_->GetHead(&context, v1::GetHeadRequest(), &response), "GetHead");
  return response.position();
}

bool Probe::FollowersAreThere() {
  grpc::ClientContext context;
  Prepare(context, kProbeTenant);
  v1::ListProjectionsResponse views;
  Must(v1::AdminService::NewStub(channel_)->ListProjections(&context, {}, &views),
       "ListProjections");
  for (const v1::Projection& view : views.projections()) {
    if (view.state() != v1::Projection::LIVE || view.lag_events() > 0) return false;
  }
  grpc::ClientContext audit_context;
  Prepare(audit_context, kProbeTenant);
  v1::GetCheckpointResponse tree;
  const grpc::Status status =
      v1::HistoryService::NewStub(channel_)->GetCheckpoint(&audit_context, {}, &tree);
  return status.ok() && tree.size() == Head();
}

void Probe::AwaitFollowers() {
  while (!FollowersAreThere()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

std::string Probe::NewPrefix() {
  return std::to_string(base::SystemClock().NowMicros()) + "-" + std::to_string(++prefixes_) + "-";
}

Sample Probe::Append(const Shape& shape, int64_t duration_us) {
  ProbeStreams streams(NewPrefix(), shape.in_flight, shape.payload_bytes);
  const ProbeStreams others(NewPrefix(), shape.in_flight);
  return RunClosedLoop(shape.in_flight, duration_us, &server_, [&](int slot, auto done) {
    struct Call {
      grpc::ClientContext context;
      v1::AppendEventsRequest request;
      v1::AppendEventsResponse response;
    };
    auto call = std::make_shared<Call>();
    Prepare(call->context, kProbeTenant);
    streams.Fill(slot, shape.events, call->request);
    if (shape.other) others.Expect(slot, call->request);
    log_->async()->AppendEvents(&call->context, &call->request, &call->response,
                                [call, done = std::move(done)](grpc::Status status) {
                                  Must(status, "AppendEvents");
                                  done(true);
                                });
  });
}

void Probe::FillTo(int64_t events) {
  struct Call {
    grpc::ClientContext context;
    v1::AppendEventBatchesRequest request;
    v1::AppendEventBatchesResponse response;
  };
  ProbeStreams streams(NewPrefix(), kFillsInFlight);
  std::mutex mu;
  std::condition_variable ended;
  int64_t missing = events - Head();
  int running = 0;
  // Called with `mu` held.
  std::function<void(int)> next = [&](int slot) {
    if (missing <= 0) return;
    auto call = std::make_shared<Call>();
    Prepare(call->context, kProbeTenant);
    for (int i = 0; i < kCommitsPerFill && missing > 0; ++i, --missing) {
      streams.Fill(slot, 1, *call->request.add_appends());
    }
    ++running;
    log_->async()->AppendEventBatches(&call->context, &call->request, &call->response,
                                      [&, call, slot](grpc::Status status) {
                                        Must(status, "AppendEventBatches");
                                        if (!call->response.outcomes(0).has_appended())
                                          std::abort();
                                        std::lock_guard<std::mutex> lock(mu);
                                        --running;
                                        next(slot);
                                        if (running == 0) ended.notify_all();
                                      });
  };
  std::unique_lock<std::mutex> lock(mu);
  for (int slot = 0; slot < kFillsInFlight; ++slot) next(slot);
  ended.wait(lock, [&] { return running == 0; });
}

int64_t WrittenBytes(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/io");
  std::string key;
  for (int64_t value = 0; in >> key >> value;) {
    if (key == "write_bytes:") return value;
  }
  return 0;
}

int64_t FolderBytes(const std::string& folder) {
  int64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
  }
  return bytes;
}

}  // namespace dealog::bench
