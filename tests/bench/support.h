#pragma once

// What the benchmarks share: child processes with their CPU time, percentiles, a server to talk to.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

namespace dealog::bench {

// A child process that prints "ready HOST:PORT" on its first line; ended by SIGTERM in the
// destructor.
class Child {
 public:
  explicit Child(std::vector<std::string> command);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }
  // User and system CPU so far, µs.
  int64_t CpuMicros() const;
  // Resident memory, bytes.
  int64_t ResidentBytes() const;
  // From start to the ready line, µs.
  int64_t ready_us() const { return ready_us_; }

 private:
  pid_t pid_ = -1;
  std::string address_;
  int64_t ready_us_ = 0;
};

// Latencies in µs of one measurement.
struct Sample {
  std::vector<int64_t> latencies_us;
  int64_t elapsed_us = 0;
  int64_t server_cpu_us = 0;

  double Rate() const;                 // Calls per second.
  double CpuPerCall() const;           // Server CPU, µs per call.
  int64_t Percentile(double p) const;  // Nearest rank; p in 0..100.
};

double Median(std::vector<double> values);

// Keeps `in_flight` calls going for `duration_us`: `call(slot, done)` issues one and calls
// done(ok) when it is answered. Aborts the program on a call that failed.
Sample RunClosedLoop(int in_flight, int64_t duration_us, const Child* server,
                     const std::function<void(int slot, std::function<void(bool)> done)>& call);

std::shared_ptr<grpc::Channel> Connect(const std::string& address);
// Metadata of tenant and actor, and a deadline of 30 s.
void Prepare(grpc::ClientContext& context, const std::string& tenant);
// Prints the status and ends the program if it is not OK.
void Must(const grpc::Status& status, const char* what);

// The folder of the binaries of this build, from /proc/self/exe.
std::string BinFolder();
// Makes an empty folder under `parent` and returns its path.
std::string MakeFolder(const std::string& parent, const std::string& name);

}  // namespace dealog::bench
