#include "projections/states/import.h"

#include "projections/states/limits.h"

namespace dealog::states {

using events::v1::ImportEvent;

size_t ImportState::ApproximateBytes() const {
  size_t bytes = sizeof(*this) + mapping_name.size() + error.size();
  for (const auto& row : rejected) bytes += row.SpaceUsedLong();
  for (const auto& replaced : replacements) bytes += replaced.SpaceUsedLong();
  return bytes;
}

void ImportState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  switch (event.import().kind_case()) {
    case ImportEvent::kImportStarted: {
      const auto& started = event.import().import_started();
      state = v1::Import::RUNNING;
      mapping_name = started.mapping_name();
      input_sha256 = started.input_sha256();
      row_count = started.row_count();
      started_at_us = meta.recorded_at_us;
      return;
    }
    case ImportEvent::kImportProgressed: {
      const auto& progressed = event.import().import_progressed();
      rows_done = progressed.rows_done();
      rows_imported = progressed.rows_imported();
      rows_unchanged = progressed.rows_unchanged();
      rows_rejected = progressed.rows_rejected();
      events_written = progressed.events_written();
      for (const auto& row : progressed.rejected()) {
        if (rejected.size() < kRejectedRowsKeptMax) rejected.push_back(row);
      }
      return;
    }
    case ImportEvent::kImportCompleted:
      state = v1::Import::COMPLETED;
      replacements.assign(event.import().import_completed().replacements().begin(),
                          event.import().import_completed().replacements().end());
      ended_at_us = meta.recorded_at_us;
      return;
    case ImportEvent::kImportFailed:
      state = v1::Import::FAILED;
      error = event.import().import_failed().message();
      ended_at_us = meta.recorded_at_us;
      return;
    case ImportEvent::KIND_NOT_SET:
      return;
  }
}

}  // namespace dealog::states
