// Appends of another service's 300-byte events with an expected revision, through gRPC on loopback:
// call by call, 100 events a commit, 100 commits a call, pipelined on one stream, and with a
// condition on a second stream; beside a bare echo and a bare fdatasync of the same run. Rounds
// alternate; medians, with the least and the most in brackets.
//   bench_append FOLDER [--seconds S] [--rounds N] [--views on|off]
// One shape only, as the peers' scripts ask for it; prints "rate p50_us p99_us" of every round:
//   bench_append FOLDER --in-flight N [--events N] [--bytes N] [--seconds S] [--rounds N]
// The shapes of the neutral suite: 1 to 32 writers, then readers, each with its own connection:
//   bench_append FOLDER --neutral [--seconds S] [--rounds N]
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
#include "eventstore/base/clock.h"
#include "tests/bench/neutral.h"
#include "tests/bench/probe.h"
#include "tests/bench/series.h"
#include "tests/bench/support.h"
#include "tests/bench/yardsticks.h"

namespace dealog::bench {
namespace {

constexpr int kInFlight[] = {1, 16, 64, 256};
constexpr int kWindow = 256;
constexpr int kBatch = 100;
constexpr int kBatchInFlight = 16;
// Commits in flight stay below what the sequencer always lets in.
constexpr int kBatchCallsInFlight = 8;
constexpr int kConditionsInFlight = 64;

struct Options {
  double seconds = 2;
  int rounds = 3;
  std::string views = "on";
  bool neutral = false;
  Probe::Shape shape{.in_flight = 0};  // 0 = everything.

  int64_t duration_us() const { return static_cast<int64_t>(seconds * 1e6); }
};

void MustBeAppended(const v1::AppendOutcome& outcome) {
  if (outcome.has_appended()) return;
  std::fprintf(stderr, "append: %s\n", outcome.error().message().c_str());
  std::exit(1);
}

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
    Prepare(context_, kProbeTenant);
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
      MustBeAppended(response_.outcomes(i));
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
  ProbeStreams streams_;
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

// Calls of kBatch commits of one event each.
Sample RunBatches(Probe& probe, int in_flight, int64_t duration_us) {
  ProbeStreams streams(probe.NewPrefix(), in_flight);
  return RunClosedLoop(in_flight, duration_us, &probe.server(), [&](int slot, auto done) {
    struct Call {
      grpc::ClientContext context;
      v1::AppendEventBatchesRequest request;
      v1::AppendEventBatchesResponse response;
    };
    auto call = std::make_shared<Call>();
    Prepare(call->context, kProbeTenant);
    for (int i = 0; i < kBatch; ++i) streams.Fill(slot, 1, *call->request.add_appends());
    probe.log().async()->AppendEventBatches(
        &call->context, &call->request, &call->response,
        [call, done = std::move(done)](grpc::Status status) {
          Must(status, "AppendEventBatches");
          for (const v1::AppendOutcome& outcome : call->response.outcomes()) {
            MustBeAppended(outcome);
          }
          done(true);
        });
  });
}

Sample RunPipeline(Probe& probe, bool packed, int64_t duration_us) {
  Sample sample;
  const int64_t cpu_begin = probe.server().CpuMicros();
  const int64_t begin = base::MonotonicMicros();
  Pipeline pipeline(probe.log(), packed, probe.NewPrefix(), duration_us);
  sample.latencies_us = pipeline.Wait();
  sample.elapsed_us = base::MonotonicMicros() - begin;
  sample.server_cpu_us = probe.server().CpuMicros() - cpu_begin;
  return sample;
}

struct Figures {
  std::vector<double> fdatasync_us = {};
  std::map<int, Series> unary = {};
  Series echo = {};
  Series commits{.events = kBatch};
  Series batches{.events = kBatch};
  Series single = {}, packed = {}, conditions = {};
};

void Round(const std::string& folder, Probe& probe, EchoLoad& echo, int64_t us, Figures& figures) {
  figures.fdatasync_us.push_back(FdatasyncMicros(folder));
  figures.echo.Add(echo.Run(1, us));
  for (const int in_flight : kInFlight) {
    figures.unary[in_flight].Add(probe.Append({.in_flight = in_flight}, us));
  }
  figures.single.Add(RunPipeline(probe, /*packed=*/false, us));
  figures.packed.Add(RunPipeline(probe, /*packed=*/true, us));
  figures.commits.Add(probe.Append({.in_flight = kBatchInFlight, .events = kBatch}, us));
  figures.batches.Add(RunBatches(probe, kBatchCallsInFlight, us));
  figures.conditions.Add(probe.Append({.in_flight = kConditionsInFlight, .other = true}, us));
}

void Show(Figures& figures) {
  for (const int in_flight : kInFlight) Print("append", in_flight, figures.unary[in_flight]);
  Print("append, two streams expected", kConditionsInFlight, figures.conditions);
  Print("append, 100 events a commit", kBatchInFlight, figures.commits);
  Print("batches, 100 commits a call", kBatchCallsInFlight, figures.batches);
  Print("pipelined, 1 append a message", kWindow, figures.single);
  Print("pipelined, packed", kWindow, figures.packed);
  Print("gRPC echo", 1, figures.echo);
  std::printf("bare fdatasync of 4 KiB: p50 %s us\n", Spread(figures.fdatasync_us).c_str());
  std::vector<double> p50, single, packed;
  for (size_t i = 0; i < figures.fdatasync_us.size(); ++i) {
    p50.push_back(figures.unary[1].p50[i] / (figures.fdatasync_us[i] + figures.echo.p50[i]));
    single.push_back(figures.single.rate[i] / figures.unary[kWindow].rate[i]);
    packed.push_back(figures.packed.rate[i] / figures.unary[kWindow].rate[i]);
  }
  std::printf("p50 at 1 in flight: %s x (fdatasync + echo) (bound 1.6)\n", Spread(p50, 2).c_str());
  std::printf("pipelined / append at %d: %s with 1 append a message, %s packed (aim 2)\n", kWindow,
              Spread(single, 2).c_str(), Spread(packed, 2).c_str());
}

int Main(const std::string& folder, const Options& options) {
  Probe probe(MakeFolder(folder, "append"), {"--views=" + options.views});
  if (options.neutral) {
    RunNeutral(probe, options.rounds, options.duration_us());
    return 0;
  }
  if (options.shape.in_flight > 0) {
    for (int round = 0; round < options.rounds; ++round) {
      const Sample sample = probe.Append(options.shape, options.duration_us());
      std::printf("%.0f %lld %lld\n", sample.Rate() * options.shape.events,
                  static_cast<long long>(sample.Percentile(50)),
                  static_cast<long long>(sample.Percentile(99)));
    }
    return 0;
  }
  EchoLoad echo;
  Figures figures;
  for (int round = 0; round < options.rounds; ++round) {
    Round(folder, probe, echo, options.duration_us(), figures);
  }
  Show(figures);
  return 0;
}

// False for an option that there is not.
bool Read(int argc, char** argv, Options& options) {
  for (int i = 2; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--neutral") {
      options.neutral = true;
      continue;
    }
    const char* const value = ++i < argc ? argv[i] : "";
    if (name == "--seconds") {
      options.seconds = std::atof(value);
    } else if (name == "--rounds") {
      options.rounds = std::atoi(value);
    } else if (name == "--views") {
      options.views = value;
    } else if (name == "--in-flight") {
      options.shape.in_flight = std::atoi(value);
    } else if (name == "--events") {
      options.shape.events = std::atoi(value);
    } else if (name == "--bytes") {
      options.shape.payload_bytes = static_cast<size_t>(std::atoi(value));
    } else {
      return false;
    }
  }
  return options.seconds > 0 && options.rounds > 0 && options.shape.events > 0;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--echo-server") == 0) return dealog::bench::ServeEcho();
  dealog::bench::Options options;
  if (argc < 2 || !dealog::bench::Read(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: bench_append FOLDER [--seconds S] [--rounds N] [--views on|off]\n"
                 "       [--neutral] [--in-flight N [--events N] [--bytes N]]\n");
    return 2;
  }
  return dealog::bench::Main(argv[1], options);
}
