#include "services/rpc/verify_log.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dealog/v1/admin.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/rpc/instants.h"

namespace dealog::rpc {
namespace {

using jobs::ScrubStatus;

int64_t Number(uint64_t value) { return static_cast<int64_t>(value); }

v1::LogReport ToReport(const jobs::ScrubResult& result) {
  v1::LogReport report;
  *report.mutable_end_time() = ToTimestamp(result.ended_at_us);
  report.set_batch_count(Number(result.report.batches));
  report.set_commit_count(Number(result.report.commits));
  report.set_event_count(Number(result.report.events));
  report.set_index_row_count(Number(result.report.index_rows));
  report.set_follower_count(Number(result.report.followers));
  report.set_problem_count(Number(result.report.problem_count));
  for (const std::string& problem : result.report.problems) report.add_problems(problem);
  return report;
}

// A message whenever the check has got further, and one with its findings.
class VerifyLogSource final : public StreamSource {
 public:
  VerifyLogSource(jobs::ScrubJob& scrub, uint64_t bytes_per_second)
      : scrub_(scrub), ends_(scrub.Ask(bytes_per_second)) {}
  ~VerifyLogSource() override { SetWake({}); }

  void SetWake(std::function<void()> wake) override {
    if (watch_ != 0) scrub_.Forget(std::exchange(watch_, 0));
    if (wake) watch_ = scrub_.Watch(std::move(wake));
  }

  absl::StatusOr<Item> Next() override {
    if (told_) return Item::End();
    const ScrubStatus status = scrub_.status();
    v1::VerifyLogResponse message;
    if (status.ended >= ends_) {
      RETURN_IF_ERROR(status.last_error);
      message.set_steps_done(Number(status.last->report.steps));
      message.set_steps_total(Number(status.last->report.steps_total));
      message.set_problem_count(Number(status.last->report.problem_count));
      *message.mutable_report() = ToReport(*status.last);
      told_ = true;
      return Item::Message(message.SerializeAsString());
    }
    // One in the background is about to give way: how far it is means nothing.
    if (!status.running || !status.asked || status.so_far.steps == steps_) return Item::Wait();
    steps_ = status.so_far.steps;
    message.set_steps_done(Number(steps_));
    message.set_steps_total(Number(status.so_far.steps_total));
    message.set_problem_count(Number(status.so_far.problem_count));
    return Item::Message(message.SerializeAsString());
  }

 private:
  jobs::ScrubJob& scrub_;
  const uint64_t ends_;
  uint64_t watch_ = 0;
  uint64_t steps_ = 0;  // Told last.
  bool told_ = false;
};

absl::StatusOr<std::unique_ptr<StreamSource>> OpenVerifyLog(const Core& core, const Call&,
                                                            const v1::VerifyLogRequest& request) {
  if (request.bytes_per_second() < 0) {
    return base::InvalidField(
        "bytes_per_second", absl::StrCat("expected 0 or more, found ", request.bytes_per_second()));
  }
  return std::make_unique<VerifyLogSource>(core.scrub,
                                           static_cast<uint64_t>(request.bytes_per_second()));
}

}  // namespace

void AddVerifyLogMethod(ServiceBuilder& service) { AddStream(service, OpenVerifyLog); }

}  // namespace dealog::rpc
