#include "services/rpc/stream.h"

#include <grpcpp/support/server_callback.h>

#include <atomic>

#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "services/rpc/grpc_io.h"
#include "services/rpc/limits.h"
#include "services/rpc/read_call.h"
#include "services/rpc/status_mapping.h"

namespace dealog::rpc {
namespace {

absl::Status Stopping() {
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                     "the server is stopping; connect again and go on from where you are")
      .RetryAfter(absl::Seconds(1));
}

// Thread safety: yes. Ownership: of itself; gone after OnDone, once the last task has returned.
// Invariants: at most one Work task and one write at a time; Finish is called once, when neither
// runs.
class WriteStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                          public std::enable_shared_from_this<WriteStream> {
 public:
  WriteStream(const Core& core, Call call) : core_(core), call_(std::move(call)) {}

  // Takes the reactor's own reference; `admitted` not OK ends the stream at once.
  void Start(absl::Status admitted, std::unique_ptr<StreamSource> source, bool waits) {
    self_ = shared_from_this();
    if (admitted.ok()) {
      auto id = core_.streams.Add([weak = weak_from_this()] {
        if (const auto stream = weak.lock()) stream->End(Stopping());
      });
      admitted = id.status();
      if (id.ok()) stream_id_ = *id;
    }
    if (!admitted.ok()) {
      End(std::move(admitted));
      return;
    }
    source_ = std::move(source);
    source_->SetWake([weak = weak_from_this()] {
      if (const auto stream = weak.lock()) stream->Wake();
    });
    if (!waits) {
      Wake();
      return;
    }
    core_.runner.WhenFresh(call_.tenant, {}, ReadDeadline(core_, call_),
                           [stream = shared_from_this()](const absl::Status& status) {
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
    const std::shared_ptr<WriteStream> last = std::move(self_);
  }

 private:
  // Ends the stream as soon as nothing is in flight; the first reason counts.
  void End(absl::Status status) {
    {
      base::MutexLock lock(mu_);
      EndLocked(std::move(status));
    }
    Wake();
  }
  void EndLocked(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (ending_) return;
    ending_ = true;
    end_ = std::move(status);
  }

  // There may be something to do: makes sure that one task looks.
  void Wake() {
    {
      base::MutexLock lock(mu_);
      if (finished_) return;
      again_ = true;
      if (working_) return;
      working_ = true;
    }
    if (!core_.executor.Continue([stream = shared_from_this()] { stream->Work(); })) Work();
  }

  enum class Todo { kFinish, kWrite, kMake, kNothing };

  Todo Next() {
    base::MutexLock lock(mu_);
    if (ending_ && !writing_) {
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
          StartWrite(&in_flight_);
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
    if (has_message) buffer = ToByteBuffer(std::move(item->bytes));
    base::MutexLock lock(mu_);
    if (has_message) {
      made_ = std::move(buffer);
      ready_ = true;
      again_ = true;
    } else if (!item.ok() || item->kind == StreamSource::Item::Kind::kEnd) {
      EndLocked(item.status());
    }
  }

  void FinishNow() {
    absl::Status status;
    {
      base::MutexLock lock(mu_);
      status = end_;
    }
    call_.method->counters->Record(status.code(), base::MonotonicMicros() - call_.started_us);
    Finish(ToGrpcStatus(status));
  }

  // Constant after Start.
  const Core& core_;
  const Call call_;
  uint64_t stream_id_ = 0;
  std::unique_ptr<StreamSource> source_;
  std::shared_ptr<WriteStream> self_;  // Until OnDone.
  // Guarded by mu_.
  base::Mutex mu_;
  bool working_ ABSL_GUARDED_BY(mu_) = false;   // A Work task is queued or runs.
  bool again_ ABSL_GUARDED_BY(mu_) = false;     // The source may have more.
  bool ready_ ABSL_GUARDED_BY(mu_) = false;     // made_ holds a message.
  bool writing_ ABSL_GUARDED_BY(mu_) = false;   // in_flight_ is being written.
  bool ending_ ABSL_GUARDED_BY(mu_) = false;    // end_ says how.
  bool finished_ ABSL_GUARDED_BY(mu_) = false;  // Finish was or is being called.
  absl::Status end_ ABSL_GUARDED_BY(mu_);
  grpc::ByteBuffer made_ ABSL_GUARDED_BY(mu_);
  // Belongs to gRPC while writing_.
  grpc::ByteBuffer in_flight_;
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* StartStream(const Core& core, const Method& method,
                                                        grpc::CallbackServerContext& context,
                                                        const grpc::ByteBuffer& body,
                                                        google::protobuf::Message& request,
                                                        const OpenSource& open, bool waits) {
  Call call{.method = &method};
  const grpc::Slice slice = WholeSlice(body);
  absl::Status admitted = Admit(ToIncoming(core, context, AsView(slice)), request, call);
  std::unique_ptr<StreamSource> source;
  if (admitted.ok()) {
    auto opened = open(core, call, request);
    admitted = opened.status();
    if (opened.ok()) source = *std::move(opened);
  }
  const auto stream = std::make_shared<WriteStream>(core, std::move(call));
  stream->Start(std::move(admitted), std::move(source), waits);
  return stream.get();
}

}  // namespace dealog::rpc
