// Method: a verifier that the test controls. Checks come by themselves at their interval and at
// once when asked for; one at a time; what is remembered outlives the job.

#include "services/jobs/scrub_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <string>
#include <vector>

#include "eventstore/base/mutex.h"
#include "tests/services/jobs/files.h"
#include "tests/support/manual_clock.h"

namespace dealog::jobs {
namespace {

using eventstore::LogVerifyOptions;
using eventstore::LogVerifyReport;

// Steps once a call of Step, until Finish. Thread safety: yes.
class ToyVerifier final : public eventstore::LogVerifier {
 public:
  absl::StatusOr<LogVerifyReport> Verify(const LogVerifyOptions& options) override {
    {
      base::MutexLock lock(mu_);
      rates_.push_back(options.bytes_per_second);
      changed_.NotifyAll();
    }
    LogVerifyReport report;
    for (;;) {
      ++report.steps;
      report.bytes += 100;
      if (const absl::Status told = options.progress(report); !told.ok()) return told;
      base::MutexLock lock(mu_);
      if (finishes_ > 0) {
        --finishes_;
        if (!outcome_.ok()) return outcome_;
        for (int i = 0; i < problems_; ++i) report.Add("a problem");
        return report;
      }
      changed_.WaitFor(mu_, std::chrono::milliseconds(1));
    }
  }
  void Finish() {
    base::MutexLock lock(mu_);
    ++finishes_;
  }
  void Find(int problems) {
    base::MutexLock lock(mu_);
    problems_ = problems;
  }
  void FailWith(absl::Status outcome) {
    base::MutexLock lock(mu_);
    outcome_ = std::move(outcome);
  }
  std::vector<uint64_t> WaitForCalls(size_t count) {
    base::MutexLock lock(mu_);
    while (rates_.size() < count) changed_.Wait(mu_);
    return rates_;
  }

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  int finishes_ ABSL_GUARDED_BY(mu_) = 0;
  int problems_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status outcome_ ABSL_GUARDED_BY(mu_);
  std::vector<uint64_t> rates_ ABSL_GUARDED_BY(mu_);
};

// Until the job has ended so many checks.
ScrubStatus WaitForEnd(const ScrubJob& job, uint64_t ended) {
  for (;;) {
    const ScrubStatus status = job.status();
    if (status.ended >= ended && !status.running) return status;
    absl::SleepFor(absl::Milliseconds(1));
  }
}

TEST(ScrubJob, ChecksByItselfAgainAndAgain) {
  ToyVerifier verifier;
  dealog::testing::ManualClock clock;
  const auto job = StartScrubJob(verifier, {.bytes_per_second = 7,
                                            .interval = absl::Milliseconds(5),
                                            .start_delay = absl::ZeroDuration(),
                                            .clock = &clock});
  for (uint64_t round = 1; round <= 3; ++round) {
    verifier.Finish();
    const ScrubStatus status = WaitForEnd(*job, round);
    ASSERT_NE(status.last, nullptr);
    EXPECT_EQ(status.last->ended_at_us, clock.NowMicros());
  }
  EXPECT_THAT(verifier.WaitForCalls(3), ::testing::Each(7u));
}

TEST(ScrubJob, WaitsOutTheStartDelayAndTheInterval) {
  ToyVerifier verifier;
  const auto job = StartScrubJob(verifier, {.start_delay = absl::Hours(1)});
  absl::SleepFor(absl::Milliseconds(20));
  EXPECT_FALSE(job->status().running);
  EXPECT_EQ(job->status().last, nullptr);
}

TEST(ScrubJob, IsAskedForAndTellsHowFarItIs) {
  ToyVerifier verifier;
  const auto job = StartScrubJob(verifier, {.bytes_per_second = 0});
  std::atomic<int> told = 0;
  const uint64_t watch = job->Watch([&told] { ++told; });
  const uint64_t ends = job->Ask(1234);
  EXPECT_EQ(ends, 1u);
  EXPECT_THAT(verifier.WaitForCalls(1), ::testing::ElementsAre(1234u));
  while (told < 3) absl::SleepFor(absl::Milliseconds(1));
  const ScrubStatus running = job->status();
  EXPECT_TRUE(running.running);
  EXPECT_TRUE(running.asked);
  EXPECT_GT(running.so_far.steps, 0u);
  EXPECT_EQ(job->Ask(99), ends) << "the one that runs is joined";
  verifier.Find(2);
  verifier.Finish();
  const ScrubStatus status = WaitForEnd(*job, ends);
  EXPECT_EQ(status.last->report.problems.size(), 2u);
  EXPECT_GE(status.bytes_total, 300u);
  job->Forget(watch);
  const int before = told;
  EXPECT_EQ(job->Ask(0), 2u);
  verifier.Finish();
  WaitForEnd(*job, 2);
  EXPECT_EQ(told, before);
}

TEST(ScrubJob, OneInTheBackgroundGivesWayToOneThatIsAskedFor) {
  ToyVerifier verifier;
  const auto job =
      StartScrubJob(verifier, {.bytes_per_second = 7, .start_delay = absl::ZeroDuration()});
  verifier.WaitForCalls(1);
  const uint64_t ends = job->Ask(0);
  EXPECT_THAT(verifier.WaitForCalls(2), ::testing::ElementsAre(7u, 0u));
  verifier.Finish();
  EXPECT_TRUE(WaitForEnd(*job, ends).last_error.ok());
  EXPECT_EQ(job->status().ended, 1u) << "the unfinished one does not count";
}

TEST(ScrubJob, RemembersTheLastOne) {
  const testing::Folder folder;
  const std::string path = folder.path() + "/scrub";
  ToyVerifier verifier;
  dealog::testing::ManualClock clock;
  {
    const auto job = StartScrubJob(verifier, {.path = path, .clock = &clock});
    verifier.Find(3);
    const uint64_t ends = job->Ask(0);
    verifier.Finish();
    WaitForEnd(*job, ends);
  }
  const auto job =
      StartScrubJob(verifier, {.path = path, .interval = absl::Hours(1), .clock = &clock});
  ASSERT_NE(job->status().last, nullptr);
  EXPECT_EQ(job->status().last->ended_at_us, clock.NowMicros());
  EXPECT_EQ(job->status().last->report.problem_count, 3u);
  std::ofstream(path) << "nonsense";
  EXPECT_EQ(StartScrubJob(verifier, {.path = path})->status().last, nullptr);
}

TEST(ScrubJob, SaysWhyItCouldNotFinish) {
  ToyVerifier verifier;
  std::atomic<int> errors = 0;
  std::atomic<int> results = 0;
  const auto job = StartScrubJob(verifier, {.on_result = [&](const ScrubResult&) { ++results; },
                                            .on_error = [&](const absl::Status&) { ++errors; }});
  verifier.FailWith(absl::InternalError("can't be read"));
  verifier.Finish();
  EXPECT_EQ(WaitForEnd(*job, job->Ask(0)).last_error.message(), "can't be read");
  EXPECT_EQ(job->status().last, nullptr);
  EXPECT_EQ(errors, 1);
  verifier.FailWith(absl::OkStatus());
  verifier.Finish();
  EXPECT_TRUE(WaitForEnd(*job, job->Ask(0)).last_error.ok());
  EXPECT_EQ(errors, 1);
  EXPECT_EQ(results, 1);
}

TEST(ScrubJob, StopsInTheMiddle) {
  ToyVerifier verifier;
  const auto job = StartScrubJob(verifier, {});
  job->Ask(0);
  verifier.WaitForCalls(1);
  job->Stop();
  job->Stop();
  EXPECT_EQ(job->status().ended, 0u);
  EXPECT_EQ(job->status().last, nullptr);
}

}  // namespace
}  // namespace dealog::jobs
