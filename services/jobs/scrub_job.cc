#include "services/jobs/scrub_job.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "eventstore/base/worker.h"

namespace dealog::jobs {
namespace {

using eventstore::LogVerifyReport;

// After a check that could not be finished.
constexpr absl::Duration kRetryDelay = absl::Minutes(10);

// What an earlier process left; null if there is nothing that reads.
std::shared_ptr<const ScrubResult> ReadResult(const std::string& path) {
  std::ifstream file(path);
  ScrubResult result;
  if (!(file >> result.ended_at_us >> result.report.problem_count)) return nullptr;
  return std::make_shared<const ScrubResult>(std::move(result));
}

// Not synced: what is lost with the machine is a check too many.
void WriteResult(const std::string& path, const ScrubResult& result) {
  const std::string fresh = path + ".new";
  {
    std::ofstream file(fresh, std::ios::trunc);
    file << result.ended_at_us << ' ' << result.report.problem_count << '\n';
    if (!file.flush()) return;
  }
  std::error_code error;
  std::filesystem::rename(fresh, path, error);
}

// The sentences stay with the check until it has ended.
LogVerifyReport Counts(const LogVerifyReport& report) {
  return {.batches = report.batches,
          .commits = report.commits,
          .events = report.events,
          .index_rows = report.index_rows,
          .followers = report.followers,
          .bytes = report.bytes,
          .steps = report.steps,
          .steps_total = report.steps_total,
          .problem_count = report.problem_count};
}

class ScrubJobImpl final : public ScrubJob {
 public:
  ScrubJobImpl(eventstore::LogVerifier& verifier, ScrubJobOptions options)
      : verifier_(verifier),
        options_(std::move(options)),
        clock_(options_.clock != nullptr ? *options_.clock : base::SystemClock()) {
    {
      base::MutexLock lock(mu_);
      if (!options_.path.empty()) status_.last = ReadResult(options_.path);
      due_us_ = base::MonotonicMicros() +
                std::max(absl::ToInt64Microseconds(options_.start_delay), PauseMicros());
    }
    worker_ = base::Worker("scrub", [this] { Run(); });
  }
  ~ScrubJobImpl() override { Stop(); }

  void Stop() override {
    {
      base::MutexLock lock(mu_);
      stopping_ = true;
      wake_.NotifyAll();
    }
    worker_.Join();
  }

  uint64_t Ask(uint64_t bytes_per_second) override {
    base::MutexLock lock(mu_);
    if (status_.running && status_.asked) return status_.ended + 1;
    if (!asked_.has_value()) asked_ = bytes_per_second;
    wake_.NotifyAll();
    // One in the background ends first, unfinished, and is not counted.
    return status_.ended + 1;
  }

  ScrubStatus status() const override {
    base::MutexLock lock(mu_);
    return status_;
  }

  uint64_t Watch(std::function<void()> changed) override {
    base::MutexLock lock(mu_);
    watchers_[++last_watch_] = std::move(changed);
    return last_watch_;
  }
  void Forget(uint64_t watch) override {
    base::MutexLock lock(mu_);
    watchers_.erase(watch);
  }

 private:
  // Until the next check in the background, from the end of the last one.
  int64_t PauseMicros() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (status_.last == nullptr) return 0;
    const int64_t ago = clock_.NowMicros() - status_.last->ended_at_us;
    const int64_t interval = absl::ToInt64Microseconds(options_.interval);
    // A clock that was set back must not put it off any further.
    return interval - std::clamp<int64_t>(ago, 0, interval);
  }

  // Waits for the next check; false: stop. `asked`: how fast, if somebody asked.
  bool Await(std::optional<uint64_t>& asked) {
    base::MutexLock lock(mu_);
    for (;;) {
      if (stopping_) return false;
      asked = std::exchange(asked_, std::nullopt);
      const int64_t left = due_us_ - base::MonotonicMicros();
      const bool due = options_.bytes_per_second > 0 && left <= 0;
      if (asked.has_value() || due) {
        status_.running = true;
        status_.asked = asked.has_value();
        status_.so_far = {};
        return true;
      }
      if (options_.bytes_per_second > 0) {
        wake_.WaitFor(mu_, std::chrono::microseconds(left));
      } else {
        wake_.Wait(mu_);
      }
    }
  }

  void Run() {
    std::optional<uint64_t> asked;
    while (Await(asked)) {
      auto report = verifier_.Verify(
          {.progress = [this](const LogVerifyReport& now) { return OnProgress(now); },
           .bytes_per_second = asked.value_or(options_.bytes_per_second),
           .rows_in_memory_max = options_.rows_in_memory_max});
      if (report.ok()) {
        OnDone(*std::move(report));
      } else {
        OnFailed(report.status());
      }
    }
  }

  absl::Status OnProgress(const LogVerifyReport& now) {
    base::MutexLock lock(mu_);
    status_.bytes_total += now.bytes - status_.so_far.bytes;
    status_.so_far = Counts(now);
    TellWatchers();
    const bool give_way = asked_.has_value() && !status_.asked;
    return stopping_ || give_way ? absl::CancelledError("another check takes its place")
                                 : absl::OkStatus();
  }

  void OnDone(LogVerifyReport report) {
    auto result = std::make_shared<const ScrubResult>(
        ScrubResult{.ended_at_us = clock_.NowMicros(), .report = std::move(report)});
    if (!options_.path.empty()) WriteResult(options_.path, *result);
    if (options_.on_result) options_.on_result(*result);
    base::MutexLock lock(mu_);
    status_.last = std::move(result);
    status_.last_error = absl::OkStatus();
    End(options_.interval);
  }

  void OnFailed(const absl::Status& error) {
    const bool cancelled = error.code() == absl::StatusCode::kCancelled;
    if (!cancelled && options_.on_error) options_.on_error(error);
    base::MutexLock lock(mu_);
    if (cancelled) {
      status_.running = false;
      return;
    }
    status_.last_error = error;
    End(std::min(options_.interval, kRetryDelay));
  }

  void End(absl::Duration pause) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    due_us_ = base::MonotonicMicros() + absl::ToInt64Microseconds(pause);
    status_.running = false;
    ++status_.ended;
    TellWatchers();
  }

  void TellWatchers() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    for (const auto& [id, changed] : watchers_) changed();
  }

  eventstore::LogVerifier& verifier_;
  const ScrubJobOptions options_;
  const base::Clock& clock_;

  mutable base::Mutex mu_;
  base::CondVar wake_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  int64_t due_us_ ABSL_GUARDED_BY(mu_) = 0;             // Monotonic: of the next check.
  std::optional<uint64_t> asked_ ABSL_GUARDED_BY(mu_);  // How fast.
  ScrubStatus status_ ABSL_GUARDED_BY(mu_);
  uint64_t last_watch_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<uint64_t, std::function<void()>> watchers_ ABSL_GUARDED_BY(mu_);

  base::Worker worker_;  // Last: uses the rest.
};

}  // namespace

std::unique_ptr<ScrubJob> StartScrubJob(eventstore::LogVerifier& verifier,
                                        ScrubJobOptions options) {
  return std::make_unique<ScrubJobImpl>(verifier, std::move(options));
}

}  // namespace dealog::jobs
