#pragma once

// The sample: what `dealog sample` sends, as a pure function of its options.
//
//   const SamplePlan plan({.deals = 2000, .seed = 7, .until_us = midnight});
//   for (int phase = 0; phase < SamplePlan::kPhases; ++phase)
//     for (int64_t i = 0; i < plan.ChainCount(phase); ++i) Send(plan.Chain(phase, i));

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "services/cli/sample/season.h"
#include "services/cli/sample/step.h"

namespace dealog::cli {

inline constexpr int64_t kSampleDealsMin = 100;
inline constexpr int64_t kSampleDealsMax = 1'000'000;

struct SampleOptions {
  int64_t deals = 0;
  uint64_t seed = 0;
  // End of the year that is told, 00:00 UTC of a day.
  int64_t until_us = 0;
  // The tenant's currency.
  std::string currency_code = "EUR";
};

// FIELD_INVALID unless the number of deals is within the limits and `until_us` is not after
// `now_us`.
absl::Status CheckSampleOptions(const SampleOptions& options, int64_t now_us);

// Thread safety: const.
class SamplePlan {
 public:
  // Chains of a phase need what the phase before it made; those of one phase are independent.
  enum Phase { kPipelines, kCatalog, kOrganizations, kContacts, kDeals, kPhases };

  explicit SamplePlan(SampleOptions options);

  int64_t ChainCount(int phase) const;
  // The calls of a chain, in order. Made anew at each call: a million deals take no memory.
  SampleChain Chain(int phase, int64_t index) const;

 private:
  SampleChain PipelineChain(int64_t index) const;
  SampleChain CatalogChain(int64_t index) const;

  const SampleOptions options_;
  const Season season_;
};

}  // namespace dealog::cli
