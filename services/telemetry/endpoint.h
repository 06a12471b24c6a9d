#pragma once

// Where Prometheus scrapes: GET http://HOST:PORT/metrics.

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/telemetry/metrics.h"

namespace dealog::telemetry {

// Serves until it is destroyed. Thread safety: const.
class MetricsEndpoint {
 public:
  virtual ~MetricsEndpoint() = default;
  // HOST:PORT, with the port that was picked where 0 was asked for.
  virtual const std::string& address() const = 0;
};

// `collect` is called per scrape, by one thread at a time, and must outlive the endpoint. The
// exposer adds three metrics of its own. UNAVAILABLE if the address can't be listened on.
absl::StatusOr<std::unique_ptr<MetricsEndpoint>> ServeMetrics(
    const std::string& host, uint16_t port, std::function<void(MetricFamilies&)> collect);

}  // namespace dealog::telemetry
