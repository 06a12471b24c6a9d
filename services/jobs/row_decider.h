#pragma once

// Decides what a row leads to: the commands that make the tenant say what the row says. A row that
// was imported before leads to its differences; none, to no events.
//
//   RowDecider decider(mapping, "import of 2017");
//   auto decision = decider.Decide(row, meta, states);   // An error rejects the row.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/domain/decider.h"
#include "services/jobs/import_row.h"
#include "services/jobs/mapping.h"

namespace dealog::jobs {

// Pure. Thread safety: yes. Ownership: `mapping` must outlive it.
class RowDecider {
 public:
  explicit RowDecider(const Mapping& mapping) : mapping_(mapping) {}

  // The pipeline of the mapping; no events if the tenant has it. PIPELINE_INVALID if one of that
  // name lacks a stage that the mapping names.
  absl::StatusOr<domain::Decision> DecidePipeline(const domain::CommandMeta& meta,
                                                  domain::StateReader& states) const;
  // `row` has no fault. Every event has its business time.
  absl::StatusOr<domain::Decision> Decide(const ImportRow& row, const domain::CommandMeta& meta,
                                          domain::StateReader& states) const;

  // The id of what a row makes: the same for the same mapping name, role and key, for ever.
  std::string IdOf(Role role, std::string_view key) const;
  std::string PipelineId() const;

 private:
  const Mapping& mapping_;
};

// True for errors of the server and its disk, false for refusals of what the row asks.
bool IsServerFault(const absl::Status& status);

}  // namespace dealog::jobs
