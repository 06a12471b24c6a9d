#pragma once

// What durable calls are compared with: a bare gRPC echo in a process of its own, and a bare
// fdatasync. A benchmark that uses the echo hands `--echo-server` on to ServeEcho.

#include <memory>
#include <string>

#include "echo.grpc.pb.h"
#include "tests/bench/support.h"

namespace dealog::bench {

// The echo's process: serves until SIGTERM.
int ServeEcho();

// p50 of appending 4 KiB to a file of that folder and fdatasync, µs.
double FdatasyncMicros(const std::string& folder);

class EchoLoad {
 public:
  // Starts this very program with --echo-server.
  EchoLoad();
  // Echoes of 200 bytes.
  Sample Run(int in_flight, int64_t duration_us);

 private:
  Child server_;
  std::unique_ptr<Echo::Stub> stub_;
};

}  // namespace dealog::bench
