#pragma once

// How deals of a pipeline behave: what the stages are, how long deals stay, how many are lost.

#include <cstddef>
#include <span>

namespace dealog::cli {

struct StageModel {
  // Label in the template.
  const char* label;
  // Half of the visits are shorter.
  double dwell_days;
  // Of those that leave it, this share is lost.
  double loss;
};

struct PipelineModel {
  const char* name;
  // The OPEN stages, in order.
  std::span<const StageModel> stages;
  std::span<const char* const> sources;
  // Index of the stage from which on a deal has an amount.
  size_t priced_stage;
  // Members and products are ranges of the directory.
  size_t first_member;
  size_t member_count;
  size_t first_product;
  size_t product_count;
};

// S1's seven stages.
const PipelineModel& SalesModel();
// S0's singing club.
const PipelineModel& ClubModel();

}  // namespace dealog::cli
