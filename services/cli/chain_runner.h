#pragma once

// Sends the chains of the sample: many at once, the calls of each in order. One thread, a bounded
// number of calls in flight.

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "services/cli/client.h"
#include "services/cli/sample/step.h"

namespace dealog::cli {

struct ChainReport {
  // Calls that wrote something.
  int64_t written = 0;
  // Calls that an earlier run had done already.
  int64_t repeated = 0;
  int64_t chains_done = 0;
};

class ChainRunner {
 public:
  ChainRunner(const Client& client, int in_flight) : client_(client), in_flight_(in_flight) {}

  // Runs chains 0 to count - 1 of `make`; `progress` is called after each call. Stops at the first
  // call that fails for another reason than that the thing is there already.
  absl::Status Run(int64_t count, const std::function<SampleChain(int64_t)>& make,
                   const std::function<void(const ChainReport&)>& progress);
  // Of all runs so far.
  const ChainReport& report() const { return report_; }

 private:
  const Client& client_;
  const int in_flight_;
  ChainReport report_;
};

}  // namespace dealog::cli
