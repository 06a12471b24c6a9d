#pragma once

// Retirement: the job that empties a retiring stage. StageRetirementStarted closes the stage to new
// deals; this moves those in it to the replacement, a bounded number per commit, and ends with
// StageRetired once none is left. A deal that can't be moved is stepped over and tried again now
// and then: the others do not wait for it. It keeps no state of its own: after a kill it finds the
// retiring stages in the views and goes on.
//
//   auto retirements = jobs::StartRetirementJobs(log, sequencers, runner, {});

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "eventstore/event_log.h"
#include "projections/runtime/runner.h"
#include "services/commands/submit.h"
#include "services/jobs/limits.h"

namespace dealog::jobs {

struct RetirementJobsOptions {
  size_t deals_per_commit = kDealsPerRetirementCommit;
  absl::Duration read_timeout = absl::Seconds(5);        // Wait for the views, at most.
  absl::Duration retry_delay = absl::Milliseconds(500);  // After a failure; idle costs nothing.
  // After a refusal: deals that can't be moved, tenants whose views failed.
  absl::Duration refused_delay = absl::Minutes(1);
  // Told of every failure and refusal, which will be tried again, on the job's thread. May be
  // empty.
  std::function<void(const absl::Status&)> on_error;
};

// Thread safety: yes. Ownership: what StartRetirementJobs takes by reference must outlive it.
class RetirementJobs {
 public:
  // Stops: see Stop.
  virtual ~RetirementJobs() = default;
  // Stops after the commit in flight; a later start goes on. Idempotent.
  virtual void Stop() = 0;
  // True while no stage is known to be retiring.
  virtual bool idle() const = 0;
};

std::unique_ptr<RetirementJobs> StartRetirementJobs(eventstore::EventLog& log,
                                                    commands::Sequencers& sequencers,
                                                    projections::Runner& runner,
                                                    RetirementJobsOptions options);

}  // namespace dealog::jobs
