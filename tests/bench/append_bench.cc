// Appends of another service's 300-byte events with an expected revision, through gRPC on loopback:
// call by call, 100 events a commit, 100 commits a call, pipelined on one stream, and with a
// condition on a second stream. Rounds alternate, medians are printed.
//   bench_append FOLDER [--seconds S] [--rounds N] [--views on|off]
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dealog/v1/log.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "tests/bench/support.h"

namespace dealog::bench {
namespace {

constexpr char kTenant[] = "bench";
constexpr size_t kPayloadBytes = 300;
constexpr int kInFlight[] = {1, 16, 64, 256};
constexpr int kWindow = 256;
constexpr int kBatch = 100;
constexpr int kBatchInFlight = 16;
constexpr int kConditionsInFlight = 64;

struct Options {
  double seconds = 2;
  int rounds = 3;
  std::string views = "on";
};

// One stream per slot, so that no two appends in flight expect the same revision.
class Streams {
 public:
  explicit Streams(std::string prefix, int count)
      : prefix_(std::move(prefix)), revisions_(static_cast<size_t>(count), 0) {}

  // `events` events of the slot's stream, in one commit.
  void Fill(int slot, int events, v1::AppendEventsRequest& request) {
    const std::string stream = Name(slot);
    for (int i = 0; i < events; ++i) {
      v1::NewEvent& event = *request.add_events();
      event.set_stream(stream);
      event.set_type("Measured");
      event.mutable_payload()->assign(kPayloadBytes, 'x');
    }
    Expect(slot, request);
    revisions_[static_cast<size_t>(slot)] += events;
  }
  void Expect(int slot, v1::AppendEventsRequest& request) const {
    v1::StreamCondition& condition = *request.add_conditions();
    condition.set_stream(Name(slot));
    condition.set_expected_revision(revisions_[static_cast<size_t>(slot)]);
  }

 private:
  std::string Name(int slot) const { return "probe/" + prefix_ + std::to_string(slot); }

  const std::string prefix_;
  std::vector<int64_t> revisions_;
};

// Keeps a window of appends going on one bidirectional call.
class Pipeline final
    : public grpc::ClientBidiReactor<v1::AppendEventStreamRequest, v1::AppendEventStreamResponse> {
 public:
  // `packed`: whatever is to be sent goes with one message; else a message per append.
  Pipeline(v1::LogService::Stub& stub, bool packed, std::string prefix, int64_t duration_us)
      : packed_(packed),
        streams_(std::move(prefix), kWindow),
        begun_us_(kWindow, 0),
        end_us_(base::MonotonicMicros() + duration_us) {
    Prepare(context_, kTenant);
    stub.async()->AppendEventStream(&context_, this);
    {
      std::lock_guard<std::mutex> lock(mu_);
      for (int slot = 0; slot < kWindow; ++slot) ready_.push_back(slot);
      WriteNext();
    }
    StartRead(&response_);
    StartCall();
  }

  std::vector<int64_t> Wait() {
    std::unique_lock<std::mutex> lock(mu_);
    ended_.wait(lock, [this] { return done_; });
    Must(status_, "AppendEventStream");
    return std::move(latencies_us_);
  }

 private:
  void OnWriteDone(bool ok) override {
    if (!ok) return;
    std::lock_guard<std::mutex> lock(mu_);
    writing_ = false;
    WriteNext();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    const int64_t now_us = base::MonotonicMicros();
    std::lock_guard<std::mutex> lock(mu_);
    for (int i = 0; i < response_.outcomes_size(); ++i) {
      if (!response_.outcomes(i).has_appended()) {
        std::fprintf(stderr, "%s\n", response_.outcomes(i).error().message().c_str());
        std::abort();
      }
      const int slot = static_cast<int>((response_.first_number() + i - 1) % kWindow);
      latencies_us_.push_back(now_us - begun_us_[static_cast<size_t>(slot)]);
      if (now_us < end_us_) ready_.push_back(slot);
    }
    answered_ += response_.outcomes_size();
    StartRead(&response_);
    WriteNext();
  }
  void OnDone(const grpc::Status& status) override {
    std::lock_guard<std::mutex> lock(mu_);
    status_ = status;
    done_ = true;
    ended_.notify_all();
  }

  void WriteNext() {
    if (writing_ || closed_) return;
    if (ready_.empty()) {
      if (answered_ == sent_ && sent_ > 0) {
        closed_ = true;
        StartWritesDone();
      }
      return;
    }
    request_.Clear();
    request_.set_first_number(sent_ + 1);
    do {
      const int slot = ready_.front();
      ready_.pop_front();
      streams_.Fill(slot, 1, *request_.add_appends());
      begun_us_[static_cast<size_t>(slot)] = base::MonotonicMicros();
      ++sent_;
    } while (packed_ && !ready_.empty());
    writing_ = true;
    StartWrite(&request_);
  }

  const bool packed_;
  grpc::ClientContext context_;
  v1::AppendEventStreamRequest request_;
  v1::AppendEventStreamResponse response_;
  std::mutex mu_;
  std::condition_variable ended_;
  Streams streams_;
  std::deque<int> ready_;
  std::vector<int64_t> begun_us_;
  std::vector<int64_t> latencies_us_;
  const int64_t end_us_;
  int64_t sent_ = 0;
  int64_t answered_ = 0;
  bool writing_ = false;
  bool closed_ = false;
  bool done_ = false;
  grpc::Status status_;
};

// The samples of one subject over the rounds; `events` per call.
struct Series {
  int events = 1;
  std::vector<double> rate, p50, p99, cpu;
  void Add(const Sample& sample) {
    rate.push_back(sample.Rate() * events);
    p50.push_back(static_cast<double>(sample.Percentile(50)));
    p99.push_back(static_cast<double>(sample.Percentile(99)));
    cpu.push_back(sample.CpuPerCall() / events);
  }
};

class Load {
 public:
  Load(const std::string& folder, const Options& options)
      : server_({BinFolder() + "/dealogd", "--data-dir", MakeFolder(folder, "append"), "--listen",
                 "127.0.0.1:0", "--views=" + options.views}),
        channel_(Connect(server_.address())),
        stub_(v1::LogService::NewStub(channel_)) {
    grpc::ClientContext context;
    Prepare(context, kTenant);
    v1::CreateTenantRequest tenant;
    tenant.set_name(kTenant);
    v1::CreateTenantResponse created;
    Must(v1::TenantService::NewStub(channel_)->CreateTenant(&context, tenant, &created),
         "CreateTenant");
    grpc::ClientContext register_context;
    Prepare(register_context, kTenant);
    v1::RegisterStreamTypeRequest type;
    type.set_name("probe");
    type.mutable_definition()->set_payload_type(events::v1::PAYLOAD_TYPE_OPAQUE);
    type.mutable_definition()->add_event_types()->set_type("Measured");
    v1::RegisterStreamTypeResponse registered;
    Must(stub_->RegisterStreamType(&register_context, type, &registered), "RegisterStreamType");
  }

  // Unary calls of `events` events each; with `other` streams also the slot's of those is expected.
  Sample RunUnary(int in_flight, int events, bool with_other, int64_t duration_us) {
    Streams streams(Prefix(), in_flight);
    Streams other(Prefix(), in_flight);
    return RunClosedLoop(in_flight, duration_us, &server_, [&](int slot, auto done) {
      struct Call {
        grpc::ClientContext context;
        v1::AppendEventsRequest request;
        v1::AppendEventsResponse response;
      };
      auto call = std::make_shared<Call>();
      Prepare(call->context, kTenant);
      streams.Fill(slot, events, call->request);
      if (with_other) other.Expect(slot, call->request);
      stub_->async()->AppendEvents(&call->context, &call->request, &call->response,
                                   [call, done = std::move(done)](grpc::Status status) {
                                     Must(status, "AppendEvents");
                                     done(true);
                                   });
    });
  }

  // Calls of kBatch commits of one event each.
  Sample RunBatches(int in_flight, int64_t duration_us) {
    Streams streams(Prefix(), in_flight);
    return RunClosedLoop(in_flight, duration_us, &server_, [&](int slot, auto done) {
      struct Call {
        grpc::ClientContext context;
        v1::AppendEventBatchesRequest request;
        v1::AppendEventBatchesResponse response;
      };
      auto call = std::make_shared<Call>();
      Prepare(call->context, kTenant);
      for (int i = 0; i < kBatch; ++i) streams.Fill(slot, 1, *call->request.add_appends());
      stub_->async()->AppendEventBatches(&call->context, &call->request, &call->response,
                                         [call, done = std::move(done)](grpc::Status status) {
                                           Must(status, "AppendEventBatches");
                                           if (!call->response.outcomes(0).has_appended()) {
                                             std::abort();
                                           }
                                           done(true);
                                         });
    });
  }

  Sample RunPipeline(bool packed, int64_t duration_us) {
    Sample sample;
    const int64_t cpu_begin = server_.CpuMicros();
    const int64_t begin = base::MonotonicMicros();
    Pipeline pipeline(*stub_, packed, Prefix(), duration_us);
    sample.latencies_us = pipeline.Wait();
    sample.elapsed_us = base::MonotonicMicros() - begin;
    sample.server_cpu_us = server_.CpuMicros() - cpu_begin;
    return sample;
  }

 private:
  // Every run has streams of its own.
  std::string Prefix() { return std::to_string(++runs_) + "-"; }

  Child server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::LogService::Stub> stub_;
  int runs_ = 0;
};

void Print(const char* name, int in_flight, const Series& series) {
  std::printf(
      "%-30s %4d in flight  %8.0f events/s   p50 %7.0f us   p99 %7.0f us   "
      "server CPU %6.2f us an event\n",
      name, in_flight, Median(series.rate), Median(series.p50), Median(series.p99),
      Median(series.cpu));
}

int Main(const std::string& folder, const Options& options) {
  const auto duration_us = static_cast<int64_t>(options.seconds * 1e6);
  Load load(folder, options);
  std::map<int, Series> unary;
  Series commits{.events = kBatch}, batches{.events = kBatch};
  Series single, packed, conditions;
  for (int round = 0; round < options.rounds; ++round) {
    for (const int in_flight : kInFlight) {
      unary[in_flight].Add(load.RunUnary(in_flight, 1, false, duration_us));
    }
    single.Add(load.RunPipeline(/*packed=*/false, duration_us));
    packed.Add(load.RunPipeline(/*packed=*/true, duration_us));
    commits.Add(load.RunUnary(kBatchInFlight, kBatch, false, duration_us));
    batches.Add(load.RunBatches(kBatchInFlight, duration_us));
    conditions.Add(load.RunUnary(kConditionsInFlight, 1, true, duration_us));
  }
  for (const int in_flight : kInFlight) Print("append", in_flight, unary[in_flight]);
  Print("append, two streams expected", kConditionsInFlight, conditions);
  Print("append, 100 events a commit", kBatchInFlight, commits);
  Print("batches, 100 commits a call", kBatchInFlight, batches);
  Print("pipelined, 1 append a message", kWindow, single);
  Print("pipelined, packed", kWindow, packed);
  const double base_rate = Median(unary[kWindow].rate);
  std::printf("ratio pipelined / append at %d: %.2f with 1 append a message, %.2f packed (aim 2)\n",
              kWindow, Median(single.rate) / base_rate, Median(packed.rate) / base_rate);
  return 0;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr,
                 "usage: bench_append FOLDER [--seconds S] [--rounds N] [--views on|off]\n");
    return 2;
  }
  dealog::bench::Options options;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seconds") == 0) options.seconds = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--rounds") == 0) options.rounds = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--views") == 0) options.views = argv[i + 1];
  }
  return dealog::bench::Main(argv[1], options);
}
