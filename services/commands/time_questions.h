#pragma once

// Questions about a time that no commit has passed yet: "what is the last position recorded by t?"
// Only the sequencer can answer them for good, for it alone decides what later commits are stamped
// with. It answers between batches, and stamps all that follows later than t.

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"

namespace dealog::commands {

using PositionFunction = std::function<void(absl::StatusOr<eventstore::Position>)>;

// Thread safety: Ask, waiting and Close from any thread; Answer and later_than_us from the
// sequencer's. Invariants: every question is answered exactly once.
class TimeQuestions {
 public:
  // `done` is called with the failure, on this thread, if the questions are closed; false then.
  bool Ask(eventstore::TenantId tenant, int64_t time_us, PositionFunction done);
  bool waiting() const { return waiting_.load(std::memory_order_acquire); }
  // Answers all that wait. To be called while nothing is staged that is not in the log.
  void Answer(const eventstore::EventLog& log);
  // Whatever waits, and whatever is asked from now on, gets the failure.
  void Close(const absl::Status& failure);
  // Commits must be stamped later than this, µs; 0 before the first answer.
  int64_t later_than_us() const { return later_than_us_; }

 private:
  struct Question {
    eventstore::TenantId tenant;
    int64_t time_us = 0;
    PositionFunction done;
  };

  std::atomic<bool> waiting_{false};
  int64_t later_than_us_ = 0;  // The sequencer's thread only.
  base::Mutex mu_;
  std::vector<Question> questions_ ABSL_GUARDED_BY(mu_);
  absl::Status closed_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::commands
