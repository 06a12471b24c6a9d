#include "tests/bench/support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include "eventstore/base/clock.h"

namespace dealog::bench {

Child::Child(std::vector<std::string> command) {
  int out[2];
  if (pipe(out) != 0) std::abort();
  const int64_t begin = base::MonotonicMicros();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // Nothing outlives a benchmark that was killed.
    dup2(out[1], STDOUT_FILENO);
    close(out[0]);
    close(out[1]);
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    std::perror(argv[0]);
    _exit(127);
  }
  close(out[1]);
  std::string line;
  for (char c; read(out[0], &c, 1) == 1 && c != '\n';) line.push_back(c);
  ready_us_ = base::MonotonicMicros() - begin;
  if (!line.starts_with("ready ")) {
    std::fprintf(stderr, "%s did not become ready, said: %s\n", command[0].c_str(), line.c_str());
    std::exit(1);
  }
  address_ = line.substr(6);
}

Child::~Child() {
  kill(pid_, SIGTERM);
  int status = 0;
  waitpid(pid_, &status, 0);
}

int64_t Child::CpuMicros() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  return (user + system) * 1'000'000 / sysconf(_SC_CLK_TCK);
}

int64_t Child::ResidentBytes() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/statm");
  int64_t size = 0;
  int64_t resident = 0;
  in >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

double Sample::Rate() const {
  return static_cast<double>(latencies_us.size()) * 1e6 / static_cast<double>(elapsed_us);
}

double Sample::CpuPerCall() const {
  return static_cast<double>(server_cpu_us) / static_cast<double>(latencies_us.size());
}

int64_t Sample::Percentile(double p) const {
  if (latencies_us.empty()) return 0;
  std::vector<int64_t> sorted = latencies_us;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = static_cast<size_t>(p * static_cast<double>(sorted.size()) / 100.0 + 0.999999);
  return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

Sample RunClosedLoop(int in_flight, int64_t duration_us, const Child* server,
                     const std::function<void(int slot, std::function<void(bool)> done)>& call) {
  struct Slot {
    std::vector<int64_t> latencies_us;
    int64_t begin = 0;
  };
  std::vector<Slot> slots(static_cast<size_t>(in_flight));
  std::atomic<int> running{in_flight};
  std::mutex mu;
  std::condition_variable ended;
  const int64_t cpu_begin = server != nullptr ? server->CpuMicros() : 0;
  const int64_t begin = base::MonotonicMicros();
  const int64_t end = begin + duration_us;
  std::function<void(int)> next = [&](int slot) {
    Slot& mine = slots[static_cast<size_t>(slot)];
    mine.begin = base::MonotonicMicros();
    call(slot, [&, slot](bool ok) {
      if (!ok) std::abort();
      Slot& done = slots[static_cast<size_t>(slot)];
      const int64_t now = base::MonotonicMicros();
      done.latencies_us.push_back(now - done.begin);
      if (now < end) {
        next(slot);
      } else if (running.fetch_sub(1) == 1) {
        std::lock_guard<std::mutex> lock(mu);
        ended.notify_all();
      }
    });
  };
  for (int slot = 0; slot < in_flight; ++slot) next(slot);
  {
    std::unique_lock<std::mutex> lock(mu);
    ended.wait(lock, [&] { return running.load() == 0; });
  }
  Sample sample;
  sample.elapsed_us = base::MonotonicMicros() - begin;
  sample.server_cpu_us = server != nullptr ? server->CpuMicros() - cpu_begin : 0;
  for (Slot& slot : slots) {
    sample.latencies_us.insert(sample.latencies_us.end(), slot.latencies_us.begin(),
                               slot.latencies_us.end());
  }
  return sample;
}

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

void Prepare(grpc::ClientContext& context, const std::string& tenant) {
  context.AddMetadata("dealog-tenant", tenant);
  context.AddMetadata("dealog-actor", "bench");
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
}

void Must(const grpc::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %d %s\n", what, static_cast<int>(status.error_code()),
               status.error_message().c_str());
  std::exit(1);
}

std::string BinFolder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

std::string MakeFolder(const std::string& parent, const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(parent) / name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path.string();
}

}  // namespace dealog::bench
