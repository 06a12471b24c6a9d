#pragma once

// What drives a source on a call that streams to its client: gRPC's reactor of a server stream
// (stream.cc) or of a dialogue (dialogue.cc). Only those include it.

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "services/rpc/grpc_io.h"
#include "services/rpc/read_call.h"
#include "services/rpc/status_mapping.h"
#include "services/rpc/stream.h"

namespace dealog::rpc {

inline absl::Status ServerStopping() {
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                     "the server is stopping; connect again and go on from where you are")
      .RetryAfter(absl::Seconds(1));
}

// Thread safety: yes. Ownership: of itself; gone after OnDone, once the last task has returned.
// Invariants: at most one Work task and one write at a time; Finish is called once, when neither
// runs.
template <typename GrpcReactor>
class StreamReactor : public GrpcReactor,
                      public std::enable_shared_from_this<StreamReactor<GrpcReactor>> {
 public:
  StreamReactor(const Core& core, Call call) : core_(core), call_(std::move(call)) {}

  // Takes the reactor's own reference; `admitted` not OK ends the stream at once.
  void Start(absl::Status admitted, std::unique_ptr<StreamSource> source,
             projections::ViewNames reads) {
    self_ = this->shared_from_this();
    if (admitted.ok()) {
      auto id = core_.streams.Add([weak = this->weak_from_this()] {
        if (const auto stream = weak.lock()) stream->End(ServerStopping());
      });
      admitted = id.status();
      if (id.ok()) stream_id_ = *id;
    }
    if (!admitted.ok()) {
      End(std::move(admitted));
      return;
    }
    source_ = std::move(source);
    {
      base::MutexLock lock(mu_);
      working_ = true;  // A source that wakes at once is not asked before it has its wake.
    }
    source_->SetWake([weak = this->weak_from_this()] {
      if (const auto stream = weak.lock()) stream->Wake();
    });
    bool woken = false;
    {
      base::MutexLock lock(mu_);
      working_ = false;
      woken = again_;
    }
    if (woken) Wake();
    if (reads.empty()) {
      Wake();
      return;
    }
    core_.runner.WhenFresh(call_.tenant, {.views = projections::AsNames(reads)},
                           ReadDeadline(core_, call_),
                           [stream = this->shared_from_this()](const absl::Status& status) {
                             status.ok() ? stream->Wake() : stream->End(status);
                           });
  }

  void OnWriteDone(bool ok) override {
    {
      base::MutexLock lock(mu_);
      writing_ = false;
      if (!ok) EndLocked(absl::CancelledError("the client went away"));
    }
    Wake();
  }
  void OnCancel() override { End(absl::CancelledError("the call was cancelled")); }
  void OnDone() override {
    if (source_ != nullptr) source_->SetWake({});
    if (stream_id_ != 0) core_.streams.Remove(stream_id_);
    const std::shared_ptr<StreamReactor> last = std::move(self_);
  }

 protected:
  // Ends the stream as soon as nothing is in flight; the first reason counts.
  void End(absl::Status status) {
    {
      base::MutexLock lock(mu_);
      EndLocked(std::move(status));
    }
    Wake();
  }

  // There may be something to do: makes sure that one task looks.
  void Wake() {
    Woken();
    {
      base::MutexLock lock(mu_);
      if (finished_) return;
      again_ = true;
      if (working_) return;
      working_ = true;
    }
    if (!core_.executors.streams.Continue([stream = this->shared_from_this()] { stream->Work(); }))
      Work();
  }
  // Called by every Wake, from any thread.
  virtual void Woken() {}

  // While held the call is not finished, so that more of gRPC may be started. False once it ends.
  bool Hold() {
    base::MutexLock lock(mu_);
    if (ending_) return false;
    ++holds_;
    return true;
  }
  void Release() {
    {
      base::MutexLock lock(mu_);
      --holds_;
    }
    Wake();
  }

  // Constant after Start.
  const Core& core_;
  const Call call_;

 private:
  void EndLocked(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (ending_) return;
    ending_ = true;
    end_ = std::move(status);
  }

  enum class Todo { kFinish, kWrite, kMake, kNothing };

  Todo Next() {
    base::MutexLock lock(mu_);
    if (ending_ && !writing_ && holds_ == 0) {
      finished_ = true;
      working_ = false;
      return Todo::kFinish;
    }
    if (ready_ && !writing_) {
      writing_ = true;
      ready_ = false;
      in_flight_.Swap(&made_);
      return Todo::kWrite;
    }
    if (ready_ || ending_ || !again_) {
      working_ = false;
      return Todo::kNothing;
    }
    again_ = false;
    return Todo::kMake;
  }

  // Makes one message ahead of the write in flight, and hands it over when that is done. Calls into
  // gRPC and the source without the lock: either may call back.
  void Work() {
    for (;;) {
      switch (Next()) {
        case Todo::kFinish:
          FinishNow();
          return;
        case Todo::kWrite:
          this->StartWrite(&in_flight_);
          break;
        case Todo::kMake:
          Make();
          break;
        case Todo::kNothing:
          return;
      }
    }
  }

  // Asks the source, outside the lock.
  void Make() {
    absl::StatusOr<StreamSource::Item> item = source_->Next();
    grpc::ByteBuffer buffer;
    const bool has_message = item.ok() && item->kind == StreamSource::Item::Kind::kMessage;
    if (has_message) {
      buffer = item->shared != nullptr ? ToByteBuffer(std::move(item->shared))
                                       : ToByteBuffer(std::move(item->bytes));
    }
    base::MutexLock lock(mu_);
    if (has_message) {
      made_ = std::move(buffer);
      ready_ = true;
      again_ = true;
    } else if (!item.ok() || item->kind == StreamSource::Item::Kind::kEnd) {
      EndLocked(item.status());
    } else if (item->wait_us_max > 0) {
      WakeAfterLocked(item->wait_us_max);
    }
  }

  // At most one alarm runs; it may come early for a later wait, which then is begun anew.
  void WakeAfterLocked(int64_t micros) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (alarm_set_) return;
    alarm_set_ = true;
    if (alarm_ == nullptr) alarm_ = std::make_unique<grpc::Alarm>();
    const gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(micros, GPR_TIMESPAN));
    alarm_->Set(deadline, [weak = this->weak_from_this()](bool) {
      if (const auto stream = weak.lock()) stream->OnAlarm();
    });
  }
  void OnAlarm() {
    {
      base::MutexLock lock(mu_);
      alarm_set_ = false;
    }
    Wake();
  }

  void FinishNow() {
    absl::Status status;
    {
      base::MutexLock lock(mu_);
      status = end_;
    }
    call_.method->counters->Record(status.code(), base::MonotonicMicros() - call_.started_us);
    this->Finish(ToGrpcStatus(status));
  }

  // Constant after Start.
  uint64_t stream_id_ = 0;
  std::unique_ptr<StreamSource> source_;
  std::shared_ptr<StreamReactor> self_;  // Until OnDone.
  // Guarded by mu_.
  base::Mutex mu_;
  bool working_ ABSL_GUARDED_BY(mu_) = false;   // A Work task is queued or runs.
  bool again_ ABSL_GUARDED_BY(mu_) = false;     // The source may have more.
  bool ready_ ABSL_GUARDED_BY(mu_) = false;     // made_ holds a message.
  bool writing_ ABSL_GUARDED_BY(mu_) = false;   // in_flight_ is being written.
  bool ending_ ABSL_GUARDED_BY(mu_) = false;    // end_ says how.
  bool finished_ ABSL_GUARDED_BY(mu_) = false;  // Finish was or is being called.
  int holds_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status end_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Alarm> alarm_ ABSL_GUARDED_BY(mu_);  // Made when it is first needed.
  bool alarm_set_ ABSL_GUARDED_BY(mu_) = false;
  grpc::ByteBuffer made_ ABSL_GUARDED_BY(mu_);
  // Belongs to gRPC while writing_.
  grpc::ByteBuffer in_flight_;
};

}  // namespace dealog::rpc
