#pragma once

// What Prometheus expects of every process: memory, CPU, descriptors, start.

#include "services/telemetry/metrics.h"

namespace dealog::telemetry {

// Adds the process_* families, from /proc/self. What can't be read is left out.
void CollectProcess(MetricFamilies& families);

}  // namespace dealog::telemetry
