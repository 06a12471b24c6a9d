#include "services/telemetry/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

namespace dealog::telemetry {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamilies::MetricFamilies() = default;
MetricFamilies::~MetricFamilies() = default;

void MetricFamilies::Counter(std::string_view name, std::string_view help, double value,
                             Labels labels) {
  Add(name, help, MetricType::Counter, labels).counter.value = value;
}

void MetricFamilies::Gauge(std::string_view name, std::string_view help, double value,
                           Labels labels) {
  Add(name, help, MetricType::Gauge, labels).gauge.value = value;
}

void MetricFamilies::Histogram(std::string_view name, std::string_view help,
                               const base::HistogramReading& reading, double unit, Labels labels) {
  ClientMetric::Histogram& histogram = Add(name, help, MetricType::Histogram, labels).histogram;
  uint64_t count = 0;
  for (size_t i = 0; i < reading.bounds.size(); ++i) {
    count += reading.counts[i];
    histogram.bucket.push_back(
        {.cumulative_count = count, .upper_bound = static_cast<double>(reading.bounds[i]) / unit});
  }
  histogram.sample_count = reading.count();
  histogram.sample_sum = static_cast<double>(reading.sum) / unit;
}

std::string MetricFamilies::Text() const {
  return prometheus::TextSerializer().Serialize(families_);
}

std::vector<MetricFamily> MetricFamilies::Take() { return std::move(families_); }

ClientMetric& MetricFamilies::Add(std::string_view name, std::string_view help, MetricType type,
                                  Labels labels) {
  // Mostly the newest: the samples of a family come one after another.
  const auto newest = std::find_if(families_.rbegin(), families_.rend(),
                                   [&](const MetricFamily& family) { return family.name == name; });
  MetricFamily& family =
      newest != families_.rend()
          ? *newest
          : families_.emplace_back(MetricFamily{std::string(name), std::string(help), type, {}});
  ClientMetric& metric = family.metric.emplace_back();
  for (const auto& [label, value] : labels) {
    metric.label.push_back({std::string(label), std::string(value)});
  }
  return metric;
}

}  // namespace dealog::telemetry
