#pragma once

// One import at work: reads rows, decides them in chunks through the sequencer, and ends the job.
// Each chunk is one commit of the rows' events and of their progress, so what is done is in the
// log, and a run that starts anew goes on after it.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/secret.h"
#include "services/commands/state_loader.h"
#include "services/commands/submit.h"
#include "services/jobs/import_record.h"
#include "services/jobs/row_decider.h"
#include "services/jobs/row_source.h"
#include "services/jobs/spool.h"

namespace dealog::jobs {

// What a run is given.
struct ImportRunOptions {
  eventstore::EventLog& log;
  commands::Sequencer& sequencer;
  const base::Clock& clock;
  eventstore::TenantId tenant;
  std::string principal;
  std::string import_id;
  const base::Secret& unique_key_secret;
  size_t rows_per_commit = kRowsPerCommit;
};

// Asks a run to end early; set by other threads.
struct ImportControl {
  std::atomic<bool> stop = false;    // After the rows in flight; to be resumed later.
  std::atomic<bool> cancel = false;  // For good.
  std::string cancelled_by;          // Principal; written before `cancel`.
};

// Rows of one commit, and what became of them.
struct RowChunk {
  int64_t first = 0;  // Number of rows before it.
  std::vector<ImportRow> rows;
  events::v1::ImportProgressed progress;  // After it; the deciding thread sets it.
  int64_t end() const { return first + static_cast<int64_t>(rows.size()); }
};

// Thread safety: the thread that made it. Ownership: what it is given by reference outlives it.
class ImportRun {
 public:
  // Called with the job's progress after each commit.
  using Report = std::function<void(const v1::Import&)>;

  ImportRun(ImportRunOptions options, const SpooledInput& input, ImportControl& control,
            Report report);

  // Counts the rows; IMPORT_INVALID for a fault of a whole file, LIMIT_EXCEEDED past kRowsMax.
  absl::StatusOr<int64_t> CountRows();
  // Writes ImportStarted and the pipeline.
  absl::Status Begin(int64_t row_count);
  // Goes on from what the log says until the job has ended: COMPLETED, or FAILED by a cancel or an
  // error that waiting does not cure. CANCELLED if it was stopped: the job goes on later.
  absl::StatusOr<v1::Import> Finish();
  // Ends the job as FAILED.
  absl::StatusOr<v1::Import> Fail(const std::string& principal, const std::string& message);
  // Decides everything, writes nothing.
  absl::StatusOr<v1::Import> DryRun(int64_t row_count);

 private:
  struct Flight {
    std::shared_ptr<RowChunk> chunk;
    bool landed = false;
    absl::Status status;
  };

  commands::CommandContext Context(const std::string& principal) const;
  domain::CommandMeta DryMeta() const;
  absl::StatusOr<bool> ReadChunk(RowSource& source, RowChunk& chunk);
  absl::StatusOr<domain::Decision> DecideChunk(RowChunk& chunk, const domain::CommandMeta& meta,
                                               domain::StateReader& states);
  void Launch(std::shared_ptr<RowChunk> chunk);
  void Relaunch();
  absl::Status LandOne();
  void LandAll();
  absl::Status ImportRows(RowSource& source);
  absl::Status Retry(const absl::Status& status);
  void Pause(int64_t micros);
  void AwaitSpace(const absl::Status& status, const std::function<bool()>& over);
  // Puts what is written, or would be, into import_.
  void Take(const events::v1::Event& event);
  absl::StatusOr<v1::Import> End(const std::string& principal, events::v1::Event event);

  const ImportRunOptions options_;
  const SpooledInput& input_;
  const RowDecider decider_;
  const domain::StreamRef stream_;
  ImportControl& control_;
  const Report report_;

  states::ImportState import_;  // As the log says, and what has landed since.
  int attempts_ = 0;            // Failures in a row.
  base::Mutex mu_;
  base::CondVar landed_;
  std::deque<Flight> flights_ ABSL_GUARDED_BY(mu_);
  int64_t events_written_ ABSL_GUARDED_BY(mu_) = 0;  // As decided so far.
};

}  // namespace dealog::jobs
