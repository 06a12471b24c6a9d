#pragma once

// Metrics as Prometheus reads them: families of samples, made anew at every scrape from counters
// that others keep. Nothing here is on the path of a call.
//
//   MetricFamilies families;
//   families.Counter("dealog_log_events_total", "Events appended.", stats.events);
//   families.Gauge("dealog_view_lag_events", "...", lag, {{"view", "deals"}});
//   const std::string text = families.Text();

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/base/histogram.h"

namespace prometheus {
struct ClientMetric;
struct MetricFamily;
enum class MetricType;
}  // namespace prometheus

namespace dealog::telemetry {

// Thread safety: none. Samples of one name join one family; its kind and help are the first one's.
// Names and units follow Prometheus: base units, `_total` for counters, few values per label.
class MetricFamilies {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  MetricFamilies();
  ~MetricFamilies();
  MetricFamilies(const MetricFamilies&) = delete;
  MetricFamilies& operator=(const MetricFamilies&) = delete;

  void Counter(std::string_view name, std::string_view help, double value, Labels labels = {});
  void Gauge(std::string_view name, std::string_view help, double value, Labels labels = {});
  // Bounds and sum are divided by `unit`: 1e6 makes seconds of microseconds.
  void Histogram(std::string_view name, std::string_view help,
                 const base::HistogramReading& reading, double unit, Labels labels = {});

  // In Prometheus' text format.
  std::string Text() const;
  std::vector<prometheus::MetricFamily> Take();

 private:
  prometheus::ClientMetric& Add(std::string_view name, std::string_view help,
                                prometheus::MetricType type, Labels labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace dealog::telemetry
