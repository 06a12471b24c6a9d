// What becomes of a server that is asked for four times of what it can do. Its disk syncs in 5 ms
// and a batch takes few commands, so that the sequencer is the limit and not the machine; then
// clients move deals in a closed loop:
//   light      as many as one batch takes: nobody waits for others
//   saturated  as many as fill the queue: the server is busy, nobody is refused
//   overload   four times as many
// Prints the accepted commands' latencies, refusals and the server's memory; then kills the server
// and checks that its log holds every accepted move, and none that was refused. Exit code 1 if not.
//   bench_overload FOLDER [--seconds S] [--sync-ms M] [--batch N] [--impatient] [--strict]
// --impatient: who is refused comes back at once. --strict: exit code 1 past the bounds, too.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "eventstore/rocksdb/testing.h"
#include "services/commands/limits.h"
#include "services/server/server.h"
#include "tests/bench/overload_load.h"
#include "tests/bench/slow_sync.h"
#include "tests/bench/support.h"

namespace dealog::bench {
namespace {

constexpr double kP99RatioMax = 3;
// Queue, replies, ring and memtables fill up to their limits meanwhile.
constexpr double kGrowthMaxMib = 256;
constexpr size_t kOverload = 4;
constexpr size_t kClientsMax = 2000;  // One connection carries 4096 calls at once.
constexpr double kMib = 1 << 20;

struct Options {
  std::string folder;
  double seconds = 60;
  int sync_ms = 5;
  size_t batch = 8;
  bool patient = true;
  bool strict = false;
};

// The server, in a process of its own so that its memory can be told from the clients'.
int Serve(const std::string& folder, int64_t sync_us, size_t batch) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  server::Options options;
  options.data_dir = folder;
  options.listen = "127.0.0.1:0";
  options.views = false;
  options.log_level = telemetry::Level::kError;
  options.batch_commands_max = batch;
  options.open_log = [sync_us](const eventstore::RocksDbLogOptions& log) {
    return eventstore::OpenRocksDbLogForTest(
        log, {.file_system = std::make_shared<SlowSyncFileSystem>(sync_us)});
  };
  telemetry::InitLogging(options.log_level, options.log_format);
  const auto server = server::Start(options);
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", std::string(server.status().message()).c_str());
    return 1;
  }
  std::printf("ready %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  (*server)->Stop();
  return 0;
}

// Looks at a process's memory ten times a second; keeps the most that it saw.
class MemoryWatch {
 public:
  explicit MemoryWatch(const Child& child)
      : thread_([this, &child] {
          while (!stop_) {
            peak_ = std::max(peak_.load(), child.ResidentBytes());
            usleep(100'000);
          }
        }) {}
  ~MemoryWatch() {
    stop_ = true;
    thread_.join();
  }
  double peak_mib() const { return static_cast<double>(peak_.load()) / kMib; }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int64_t> peak_ = 0;
  std::thread thread_;
};

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        folder_(MakeFolder(options.folder, "server")),
        server_(std::make_unique<Child>(Command())),
        load_(server_->address(), kClientsMax) {}

  int Run() {
    const double part = std::max(1.0, options_.seconds / 6);
    const LoadResult light = Phase("light", options_.batch, part);
    // The rate of a server that is kept busy tells how many commands wait when the queue is full.
    const LoadResult busy = Phase("busy", 4 * options_.batch, part);
    const double wait_seconds = absl::ToDoubleSeconds(commands::kQueueWaitMax);
    const auto fill = static_cast<size_t>(busy.accepted.Rate() * wait_seconds);
    const size_t full = std::clamp(fill, 4 * options_.batch, kClientsMax / kOverload);
    const LoadResult saturated = Phase("saturated", full, part);
    const double before_mib = peak_mib_;
    // A machine that was slow a moment ago and is not now must be overloaded all the same.
    const size_t most = options_.batch * static_cast<size_t>(wait_seconds * 1e3) /
                        static_cast<size_t>(options_.sync_ms);
    const size_t clients = std::min(kClientsMax, std::max(kOverload * full, 2 * most));
    const LoadResult overload = Phase("overload", clients, options_.seconds);
    const double growth_mib = peak_mib_ - before_mib;
    const double ratio = static_cast<double>(overload.accepted.Percentile(99)) /
                         static_cast<double>(saturated.accepted.Percentile(99));
    std::printf("p99 of accepted commands under overload: %.2f x that at saturation (bound %.0f)\n",
                ratio, kP99RatioMax);
    std::printf("rate under overload: %.2f x that at saturation\n",
                overload.accepted.Rate() / saturated.accepted.Rate());
    std::printf("memory grew by %.0f MiB under overload (bound %.0f)\n", growth_mib, kGrowthMaxMib);
    const bool intact = Check();
    const bool kept = ratio <= kP99RatioMax && growth_mib <= kGrowthMaxMib;
    return intact && (kept || !options_.strict) ? 0 : 1;
  }

 private:
  std::vector<std::string> Command() const {
    return {BinFolder() + "/bench_overload", "--serve", folder_,
            std::to_string(options_.sync_ms * 1000), std::to_string(options_.batch)};
  }

  LoadResult Phase(const char* name, size_t clients, double seconds) {
    LoadResult result;
    {
      const MemoryWatch memory(*server_);
      result = load_.Run(clients, static_cast<int64_t>(seconds * 1e6), options_.patient);
      peak_mib_ = memory.peak_mib();
    }
    failed_ += result.failed;
    no_retry_ += result.no_retry;
    refused_ += result.refused;
    if (!result.failure.empty()) std::printf("failure: %s\n", result.failure.c_str());
    std::printf(
        "%-9s %5zu clients  %7.0f accepted/s  p50 %6.1f ms  p99 %6.1f ms  refused %8llu  memory "
        "%4.0f MiB\n",
        name, clients, result.accepted.Rate(),
        static_cast<double>(result.accepted.Percentile(50)) / 1e3,
        static_cast<double>(result.accepted.Percentile(99)) / 1e3,
        static_cast<unsigned long long>(result.refused), peak_mib_);
    std::fflush(stdout);
    return result;
  }

  // Kills the server and compares what a new one finds with what the clients were told.
  bool Check() {
    kill(server_->pid(), SIGKILL);
    server_.reset();
    server_ = std::make_unique<Child>(Command());
    const Load::Difference difference = Load::Compare(server_->address(), load_.accepted());
    std::printf("after SIGKILL and restart: %zu accepted, %zu lost, %zu written but not accepted\n",
                load_.accepted().size(), difference.lost, difference.unasked);
    if (failed_ > 0) std::printf("%llu calls failed\n", static_cast<unsigned long long>(failed_));
    if (no_retry_ > 0) std::printf("refusals without RetryInfo\n");
    if (refused_ == 0) std::printf("nobody was refused: this was no overload\n");
    return difference.lost == 0 && difference.unasked == 0 && failed_ == 0 && no_retry_ == 0 &&
           refused_ > 0;
  }

  const Options options_;
  const std::string folder_;
  std::unique_ptr<Child> server_;
  Load load_;
  double peak_mib_ = 0;  // Of the last phase.
  uint64_t failed_ = 0;
  uint64_t no_retry_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  using dealog::bench::Options;
  if (argc == 5 && std::strcmp(argv[1], "--serve") == 0) {
    return dealog::bench::Serve(argv[2], std::atoll(argv[3]), std::strtoull(argv[4], nullptr, 10));
  }
  Options options;
  bool understood = argc >= 2;
  if (understood) options.folder = argv[1];
  for (int i = 2; i < argc && understood; ++i) {
    const std::string flag = argv[i];
    if (flag == "--impatient") {
      options.patient = false;
    } else if (flag == "--strict") {
      options.strict = true;
    } else if (i + 1 < argc && flag == "--seconds") {
      options.seconds = std::atof(argv[++i]);
    } else if (i + 1 < argc && flag == "--sync-ms") {
      options.sync_ms = std::atoi(argv[++i]);
    } else if (i + 1 < argc && flag == "--batch") {
      options.batch = std::strtoull(argv[++i], nullptr, 10);
    } else {
      understood = false;
    }
  }
  if (!understood || options.batch == 0 || options.sync_ms < 1) {
    std::fprintf(stderr,
                 "usage: bench_overload FOLDER [--seconds S] [--sync-ms M] [--batch N] "
                 "[--impatient] [--strict]\n");
    return 2;
  }
  return dealog::bench::Bench(options).Run();
}
