#include "services/commands/time_questions.h"

#include <algorithm>
#include <utility>

namespace dealog::commands {

bool TimeQuestions::Ask(eventstore::TenantId tenant, int64_t time_us, PositionFunction done) {
  absl::Status closed;
  {
    base::MutexLock lock(mu_);
    closed = closed_;
    if (closed.ok()) {
      questions_.push_back({std::move(tenant), time_us, std::move(done)});
      waiting_.store(true, std::memory_order_release);
    }
  }
  if (!closed.ok()) done(closed);
  return closed.ok();
}

void TimeQuestions::Answer(const eventstore::EventLog& log) {
  std::vector<Question> questions;
  {
    base::MutexLock lock(mu_);
    questions.swap(questions_);
    waiting_.store(false, std::memory_order_release);
  }
  for (const Question& question : questions) {
    later_than_us_ = std::max(later_than_us_, question.time_us);
    question.done(log.PositionAt(question.tenant, question.time_us));
  }
}

void TimeQuestions::Close(const absl::Status& failure) {
  std::vector<Question> questions;
  {
    base::MutexLock lock(mu_);
    if (!closed_.ok()) return;
    closed_ = failure;
    questions.swap(questions_);
    waiting_.store(false, std::memory_order_release);
  }
  for (const Question& question : questions) question.done(failure);
}

}  // namespace dealog::commands
