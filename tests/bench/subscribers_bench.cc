// What subscribers cost: 1,000 idle ones in CPU and memory; how late an event reaches them; whether
// one that is stuck slows appends or the others; how fast a consumer group handles what there is.
//   bench_subscribers FOLDER [--seconds S] [--rounds N] [--idle N]
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "dealog/v1/contacts.grpc.pb.h"
#include "dealog/v1/groups.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "tests/bench/support.h"

namespace dealog::bench {
namespace {

constexpr char kTenant[] = "bench";
constexpr int kInFlight = 16;
constexpr int kReaders = 8;
constexpr int64_t kGroupEventsMax = 100'000;
constexpr double kIdleCpuPercentMax = 1.0;
constexpr double kIdleMebibytesMax = 50;
// Noise of a shared machine: what may be lost with a stuck subscriber.
constexpr double kSlowdownMax = 1.10;

struct Options {
  double seconds = 3;
  int rounds = 3;
  int idle = 1000;
};

// One Subscribe call from the head. Not stuck, it reads on and keeps how late each event was.
class Subscriber final : public grpc::ClientReadReactor<v1::SubscribeResponse> {
 public:
  Subscriber(const std::string& address, bool own_connection,
             const std::shared_ptr<grpc::Channel>& shared, bool stuck)
      : stub_(v1::LogService::NewStub(own_connection ? Connect(address) : shared)), stuck_(stuck) {
    context_.AddMetadata("dealog-tenant", kTenant);
    request_.set_payload_form(v1::PAYLOAD_FORM_CLEAR);
    stub_->async()->Subscribe(&context_, &request_, this);
    if (!stuck_) StartRead(&message_);
    StartCall();
  }
  ~Subscriber() override {
    context_.TryCancel();
    base::MutexLock lock(mu_);
    while (!done_) changed_.Wait(mu_);
  }

  void AwaitLive() {
    base::MutexLock lock(mu_);
    while (!live_ && !done_) changed_.Wait(mu_);
    if (done_) std::abort();
  }
  std::vector<int64_t> TakeLatencies() {
    base::MutexLock lock(mu_);
    return std::exchange(latencies_us_, {});
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    const int64_t now_us = base::SystemClock().NowMicros();
    {
      base::MutexLock lock(mu_);
      if (message_.has_caught_up()) {
        live_ = true;
        changed_.NotifyAll();
      }
      for (const auto& event : message_.events().events()) {
        latencies_us_.push_back(now_us - event.header().recorded_at_us());
      }
    }
    StartRead(&message_);
  }
  void OnDone(const grpc::Status&) override {
    base::MutexLock lock(mu_);
    done_ = true;
    changed_.NotifyAll();
  }

  const std::unique_ptr<v1::LogService::Stub> stub_;
  const bool stuck_;
  grpc::ClientContext context_;
  v1::SubscribeRequest request_;
  v1::SubscribeResponse message_;
  base::Mutex mu_;
  base::CondVar changed_;
  bool live_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<int64_t> latencies_us_ ABSL_GUARDED_BY(mu_);
};

using Subscribers = std::vector<std::unique_ptr<Subscriber>>;

void Sleep(double seconds) { usleep(static_cast<useconds_t>(seconds * 1e6)); }

// CPU of the server over a while, in percent of one core.
double IdleCpuPercent(const Child& server, double seconds) {
  const int64_t cpu_us = server.CpuMicros();
  const int64_t begin_us = base::MonotonicMicros();
  Sleep(seconds);
  return 100.0 * static_cast<double>(server.CpuMicros() - cpu_us) /
         static_cast<double>(base::MonotonicMicros() - begin_us);
}

bool MeasureIdle(const Child& server, const Options& options) {
  Sleep(1);
  const double cpu_without = IdleCpuPercent(server, options.seconds);
  const int64_t bytes_without = server.ResidentBytes();
  const auto channel = Connect(server.address());
  Subscribers idle;
  for (int i = 0; i < options.idle; ++i) {
    idle.push_back(std::make_unique<Subscriber>(server.address(), false, channel, false));
  }
  for (const auto& subscriber : idle) subscriber->AwaitLive();
  Sleep(1);
  const double mebibytes = static_cast<double>(server.ResidentBytes() - bytes_without) / (1 << 20);
  const double cpu = IdleCpuPercent(server, options.seconds);
  std::printf(
      "%d idle subscribers: CPU %.2f %% of a core (without them %.2f %%; bound %.0f %%), "
      "memory %.1f MiB (bound %.0f MiB)\n",
      options.idle, cpu, cpu_without, kIdleCpuPercentMax, mebibytes, kIdleMebibytesMax);
  return cpu < kIdleCpuPercentMax && mebibytes < kIdleMebibytesMax;
}

struct Load {
  double rate = 0;
  double p50_us = 0;
  double p99_us = 0;
};

// Appends for a while, while subscribers read along.
Load MeasureLoad(const Child& server, const Options& options, int in_flight, bool with_stuck) {
  Subscribers readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.push_back(std::make_unique<Subscriber>(server.address(), true, nullptr, false));
  }
  for (const auto& reader : readers) reader->AwaitLive();
  std::unique_ptr<Subscriber> stuck;
  if (with_stuck) stuck = std::make_unique<Subscriber>(server.address(), true, nullptr, true);
  struct Call {
    std::unique_ptr<grpc::ClientContext> context;
    v1::CreateContactRequest request;
    v1::ContactMutationResponse response;
  };
  static std::atomic<int64_t> names{0};
  const auto stub = v1::ContactService::NewStub(Connect(server.address()));
  std::vector<Call> calls(static_cast<size_t>(in_flight));
  const Sample sample = RunClosedLoop(
      in_flight, static_cast<int64_t>(options.seconds * 1e6), &server,
      [&](int slot, std::function<void(bool)> done) {
        Call& call = calls[static_cast<size_t>(slot)];
        call.context = std::make_unique<grpc::ClientContext>();
        Prepare(*call.context, kTenant);
        call.request.set_display_name("Subscriber load " + std::to_string(++names));
        stub->async()->CreateContact(call.context.get(), &call.request, &call.response,
                                     [done](const grpc::Status& status) { done(status.ok()); });
      });
  Sleep(0.2);
  Sample latencies;
  for (const auto& reader : readers) {
    const std::vector<int64_t> each = reader->TakeLatencies();
    latencies.latencies_us.insert(latencies.latencies_us.end(), each.begin(), each.end());
  }
  return {.rate = sample.Rate(),
          .p50_us = static_cast<double>(latencies.Percentile(50)),
          .p99_us = static_cast<double>(latencies.Percentile(99))};
}

bool MeasureStuck(const Child& server, const Options& options) {
  std::vector<double> rate[2];
  std::vector<double> p50[2];
  std::vector<double> p99[2];
  MeasureLoad(server, options, kInFlight, false);  // Warms up.
  for (int round = 0; round < options.rounds; ++round) {
    for (const int with : {round % 2, 1 - round % 2}) {
      const Load load = MeasureLoad(server, options, kInFlight, with == 1);
      rate[with].push_back(load.rate);
      p50[with].push_back(load.p50_us);
      p99[with].push_back(load.p99_us);
    }
  }
  for (const int with : {0, 1}) {
    std::printf(
        "%s a stuck subscriber: %.0f appends/s, append to %d subscribers p50 %.2f ms, "
        "p99 %.2f ms\n",
        with == 1 ? "with   " : "without", Median(rate[with]), kReaders, Median(p50[with]) / 1000,
        Median(p99[with]) / 1000);
  }
  const double slower = Median(rate[0]) / Median(rate[1]);
  const double later = Median(p99[1]) / Median(p99[0]);
  std::printf("one stuck subscriber: appends %.2f x slower, p99 of others %.2f x (bound %.2f x)\n",
              slower, later, kSlowdownMax);
  return slower < kSlowdownMax && later < kSlowdownMax;
}

// Until an event that was just recorded is in the hands of its subscribers; its sync included.
void MeasureLatency(const Child& server, const Options& options) {
  for (const int in_flight : {1, kInFlight}) {
    std::vector<double> p50;
    std::vector<double> p99;
    double rate = 0;
    for (int round = 0; round < options.rounds; ++round) {
      const Load load = MeasureLoad(server, options, in_flight, false);
      p50.push_back(load.p50_us);
      p99.push_back(load.p99_us);
      rate = load.rate;
    }
    std::printf(
        "%2d appends in flight (%.0f/s): event to %d subscribers p50 %.2f ms, p99 %.2f ms\n",
        in_flight, rate, kReaders, Median(p50) / 1000, Median(p99) / 1000);
  }
}

// One consumer of a group, which acks whatever it is given, until it was given enough.
class GroupConsumer final
    : public grpc::ClientBidiReactor<v1::ConsumeRequest, v1::ConsumeResponse> {
 public:
  GroupConsumer(const std::string& address, const std::string& group, std::atomic<int64_t>& left)
      : stub_(v1::ConsumerGroupService::NewStub(Connect(address))), left_(left) {
    Prepare(context_, kTenant);
    stub_->async()->Consume(&context_, this);
    request_.mutable_start()->set_group(group);
    request_.mutable_start()->set_consumer("bench");
    request_.mutable_start()->set_credits(kCredits);
    StartWrite(&request_);
    StartRead(&message_);
    StartCall();
  }
  ~GroupConsumer() override {
    context_.TryCancel();
    base::MutexLock lock(mu_);
    while (!done_) changed_.Wait(mu_);
  }

 private:
  static constexpr int32_t kCredits = 1000;

  void OnReadDone(bool ok) override {
    if (!ok) return;
    {
      base::MutexLock lock(mu_);
      const auto& deliveries = message_.deliveries().deliveries();
      for (const auto& delivery : deliveries) acks_.push_back(delivery.delivery_id());
      left_ -= deliveries.size();
    }
    WriteNext();
    StartRead(&message_);
  }
  void OnWriteDone(bool ok) override {
    {
      base::MutexLock lock(mu_);
      writing_ = false;
    }
    if (ok) WriteNext();
  }
  void OnDone(const grpc::Status&) override {
    base::MutexLock lock(mu_);
    done_ = true;
    changed_.NotifyAll();
  }

  // Acks, then as many credits again, one message at a time. gRPC is called without the lock.
  void WriteNext() {
    if (TakeNext()) StartWrite(&request_);
  }
  bool TakeNext() {
    base::MutexLock lock(mu_);
    if (writing_ || (credits_due_ == 0 && acks_.empty())) return false;
    writing_ = true;
    request_.Clear();
    if (credits_due_ > 0) {
      request_.mutable_credits()->set_events(std::exchange(credits_due_, 0));
      return true;
    }
    for (; !acks_.empty() && request_.ack().delivery_ids_size() < kCredits; acks_.pop_front()) {
      request_.mutable_ack()->add_delivery_ids(std::move(acks_.front()));
    }
    credits_due_ = request_.ack().delivery_ids_size();
    return true;
  }

  const std::unique_ptr<v1::ConsumerGroupService::Stub> stub_;
  std::atomic<int64_t>& left_;
  grpc::ClientContext context_;
  v1::ConsumeRequest request_;
  v1::ConsumeResponse message_;
  base::Mutex mu_;
  base::CondVar changed_;
  std::deque<std::string> acks_ ABSL_GUARDED_BY(mu_);
  int32_t credits_due_ ABSL_GUARDED_BY(mu_) = 0;
  bool writing_ ABSL_GUARDED_BY(mu_) = true;  // The first message.
  bool done_ ABSL_GUARDED_BY(mu_) = false;
};

// Of all events, from the first one or from now on.
void CreateGroup(const Child& server, const std::string& name, bool from_the_first) {
  const auto stub = v1::ConsumerGroupService::NewStub(Connect(server.address()));
  grpc::ClientContext context;
  Prepare(context, kTenant);
  v1::CreateGroupRequest request;
  request.set_name(name);
  if (from_the_first) request.set_after_position(0);
  v1::CreateGroupResponse response;
  Must(stub->CreateGroup(&context, request, &response), "CreateGroup");
}

// What there is, with that many consumers: deliveries are counted and synced.
void MeasureGroup(const Child& server, int consumers, int64_t events) {
  const std::string name = "group-" + std::to_string(consumers);
  CreateGroup(server, name, true);
  std::atomic<int64_t> left = events;
  const int64_t cpu_us = server.CpuMicros();
  const int64_t begin_us = base::MonotonicMicros();
  std::vector<std::unique_ptr<GroupConsumer>> all;
  for (int i = 0; i < consumers; ++i) {
    all.push_back(std::make_unique<GroupConsumer>(server.address(), name, left));
  }
  while (left > 0) Sleep(0.005);
  const auto us = static_cast<double>(base::MonotonicMicros() - begin_us);
  std::printf("group of %d consumers: %.0f events/s handled, server CPU %.1f us per event\n",
              consumers, static_cast<double>(events) * 1e6 / us,
              static_cast<double>(server.CpuMicros() - cpu_us) / static_cast<double>(events));
}

// What appends lose beside a group that handles each event at once and syncs its count.
void MeasureBesideGroup(const Child& server, const Options& options) {
  CreateGroup(server, "live", false);
  std::vector<double> rate[2];
  for (int round = 0; round < options.rounds; ++round) {
    for (const int with : {round % 2, 1 - round % 2}) {
      std::atomic<int64_t> left = 0;
      std::unique_ptr<GroupConsumer> consumer;
      if (with == 1) consumer = std::make_unique<GroupConsumer>(server.address(), "live", left);
      rate[with].push_back(MeasureLoad(server, options, kInFlight, false).rate);
    }
  }
  std::printf("beside a group that keeps up: %.0f appends/s, without it %.0f (%.2f x slower)\n",
              Median(rate[1]), Median(rate[0]), Median(rate[0]) / Median(rate[1]));
}

void MeasureGroups(const Child& server) {
  const auto stub = v1::LogService::NewStub(Connect(server.address()));
  grpc::ClientContext context;
  Prepare(context, kTenant);
  v1::GetHeadResponse head;
  Must(stub->GetHead(&context, {}, &head), "GetHead");
  for (const int consumers : {1, 4}) {
    MeasureGroup(server, consumers, std::min<int64_t>(head.position(), kGroupEventsMax));
  }
}

int Main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_subscribers FOLDER [--seconds S] [--rounds N] [--idle N]\n");
    return 2;
  }
  Options options;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seconds") == 0) options.seconds = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--rounds") == 0) options.rounds = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--idle") == 0) options.idle = std::atoi(argv[i + 1]);
  }
  const std::string folder = MakeFolder(argv[1], "subscribers");
  const Child server({BinFolder() + "/dealogd", "--data-dir", folder, "--listen", "127.0.0.1:0"});
  {
    const auto tenants = v1::TenantService::NewStub(Connect(server.address()));
    grpc::ClientContext context;
    Prepare(context, kTenant);
    v1::CreateTenantRequest request;
    request.set_name(kTenant);
    v1::CreateTenantResponse response;
    Must(tenants->CreateTenant(&context, request, &response), "CreateTenant");
  }
  const bool idle = MeasureIdle(server, options);
  MeasureLatency(server, options);
  const bool stuck = MeasureStuck(server, options);
  MeasureGroups(server);
  MeasureBesideGroup(server, options);
  std::printf("%s\n", idle && stuck ? "within the bounds" : "BEYOND A BOUND");
  return idle && stuck ? 0 : 1;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) { return dealog::bench::Main(argc, argv); }
