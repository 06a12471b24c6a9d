#pragma once

// An import job as its events tell it. The job itself is in services/jobs, which writes progress in
// the same commits as the rows.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dealog/events/v1/import.pb.h"
#include "dealog/v1/imports.pb.h"
#include "projections/states/aggregate.h"
#include "projections/states/dated.h"

namespace dealog::states {

class ImportState final : public StateOf<ImportState> {
 public:
  explicit ImportState(std::string_view stream_id) : import_id(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string import_id;
  v1::Import::State state = v1::Import::STATE_UNSPECIFIED;
  std::string mapping_name;
  std::string input_sha256;  // 32 bytes.
  int64_t row_count = 0;
  int64_t rows_done = 0;
  int64_t rows_imported = 0;
  int64_t rows_unchanged = 0;
  int64_t rows_rejected = 0;
  int64_t events_written = 0;
  std::vector<events::v1::RejectedRow> rejected;  // The first kRejectedRowsKeptMax.
  std::vector<events::v1::SpellingReplaced> replacements;
  std::string error;          // Why it failed.
  int64_t started_at_us = 0;  // Recorded time.
  int64_t ended_at_us = 0;    // Recorded time; 0 while it runs.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

}  // namespace dealog::states
