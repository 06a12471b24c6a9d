#pragma once

// The figures of one subject over the rounds of a benchmark, and how they are printed: the median,
// then the smallest and the largest in brackets.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/support.h"

namespace dealog::bench {

struct Series {
  int events = 1;  // Per call.
  std::vector<double> rate = {};
  std::vector<double> p50 = {};
  std::vector<double> p99 = {};
  std::vector<double> cpu = {};

  void Add(const Sample& sample) {
    rate.push_back(sample.Rate() * events);
    p50.push_back(static_cast<double>(sample.Percentile(50)));
    p99.push_back(static_cast<double>(sample.Percentile(99)));
    cpu.push_back(sample.CpuPerCall() / events);
  }
};

// "1234 (1200 to 1301)"
inline std::string Spread(const std::vector<double>& values, int decimals = 0) {
  if (values.empty()) return "none";
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  char text[96];
  std::snprintf(text, sizeof text, "%.*f (%.*f to %.*f)", decimals, Median(values), decimals,
                *least, decimals, *most);
  return text;
}

inline void Print(const char* name, int in_flight, const Series& series) {
  std::printf("%-30s %4d in flight  %-28s events/s   p50 %6.0f us   p99 %7.0f us   CPU %s us\n",
              name, in_flight, Spread(series.rate).c_str(), Median(series.p50), Median(series.p99),
              Spread(series.cpu, 1).c_str());
}

}  // namespace dealog::bench
