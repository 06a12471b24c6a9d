#pragma once

// The story of one deal: opened, moved forward, skipped, moved back, changed, won, lost, reopened.

#include <cstdint>
#include <string>

#include "services/cli/sample/season.h"
#include "services/cli/sample/step.h"

namespace dealog::cli {

struct DealKey {
  // Number of deals of the sample; deal `index` opens at the share index / deals of the year.
  int64_t deals = 0;
  int64_t index = 0;
  uint64_t seed = 0;
  std::string currency_code;
};

// The calls that tell it, in order of time, all before the season's end.
SampleChain DealJourney(const DealKey& key, const Season& season);

// About one deal in eight belongs to the singing club.
bool IsClubDeal(const DealKey& key);

}  // namespace dealog::cli
