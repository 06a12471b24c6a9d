#include "services/rpc/append_stream.h"

#include <atomic>
#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dealog/v1/append.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "services/rpc/append_command.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

// The appends of a stream that have no answer yet, and the answers that wait for those before them.
// Outlives the call: appends that were queued are executed, whoever listens.
// Thread safety: yes.
class Window {
 public:
  void SetWake(std::function<void()> wake) {
    base::MutexLock lock(mu_);
    wake_ = std::move(wake);
  }

  // Makes place for an append; returns its number.
  int64_t Open(size_t bytes) {
    base::MutexLock lock(mu_);
    slots_.push_back({.bytes = bytes});
    bytes_ += bytes;
    return first_ + static_cast<int64_t>(slots_.size()) - 1;
  }

  void Set(int64_t number, v1::AppendOutcome outcome) {
    std::function<void()> wake;
    {
      base::MutexLock lock(mu_);
      slots_[static_cast<size_t>(number - first_)].outcome = std::move(outcome);
      // One wake is enough until Take has found nothing more.
      if (number != first_ || told_) return;
      told_ = true;
      wake = wake_;
    }
    if (wake) wake();
  }

  // The answers that are next, up to about a message's bytes; none if the next is not known.
  v1::AppendEventStreamResponse Take() {
    v1::AppendEventStreamResponse response;
    size_t bytes = 0;
    base::MutexLock lock(mu_);
    response.set_first_number(first_);
    while (!slots_.empty() && slots_.front().outcome && bytes < kEventMessageBytes) {
      Slot& slot = slots_.front();
      bytes += slot.outcome->ByteSizeLong();
      *response.add_outcomes() = *std::move(slot.outcome);
      bytes_ -= slot.bytes;
      slots_.pop_front();
      ++first_;
    }
    if (response.outcomes().empty()) told_ = false;
    return response;
  }

  bool HasRoom() const {
    base::MutexLock lock(mu_);
    return slots_.size() < kAppendWindow && bytes_ < kAppendWindowBytes;
  }
  bool empty() const {
    base::MutexLock lock(mu_);
    return slots_.empty();
  }

 private:
  struct Slot {
    size_t bytes = 0;
    std::optional<v1::AppendOutcome> outcome = std::nullopt;
  };

  mutable base::Mutex mu_;
  int64_t first_ ABSL_GUARDED_BY(mu_) = 1;  // Number of the first slot's append.
  std::deque<Slot> slots_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool told_ ABSL_GUARDED_BY(mu_) = false;  // Woken, and Take has not found nothing since.
  std::function<void()> wake_ ABSL_GUARDED_BY(mu_);
};

// The server's side of a stream. A message may bring more appends than the window has room for: the
// rest waits here, and no further message is taken.
class AppendDialogue final : public Dialogue {
 public:
  explicit AppendDialogue(const Core& core) : core_(core) {}

  void SetWake(std::function<void()> wake) override { window_->SetWake(std::move(wake)); }
  bool HasRoom() const override {
    base::MutexLock lock(mu_);
    return waiting_.empty() && window_->HasRoom();
  }
  void Closed() override { closed_ = true; }

  absl::StatusOr<bool> Take(const Call& call, const google::protobuf::Message& message) override {
    const auto& request = static_cast<const v1::AppendEventStreamRequest&>(message);
    RETURN_IF_ERROR(Check(request));
    next_number_ += request.appends_size();
    const auto shared = std::make_shared<const Call>(call);
    {
      base::MutexLock lock(mu_);
      for (const v1::AppendEventsRequest& append : request.appends()) {
        waiting_.push_back({shared, append});
      }
    }
    SubmitWaiting();
    return HasRoom();
  }

  absl::StatusOr<Item> Next() override {
    // Read before the window: what was appended before the close is in it then.
    const bool closed = closed_;
    const v1::AppendEventStreamResponse response = window_->Take();
    SubmitWaiting();
    if (!response.outcomes().empty()) return Item::Message(response.SerializeAsString());
    return closed && Answered() ? Item::End() : Item::Wait();
  }

 private:
  struct Waiting {
    std::shared_ptr<const Call> call;
    v1::AppendEventsRequest append;
  };

  // Submits what there is room for, in order. One thread at a time does it, and without the lock:
  // an append that is refused at once wakes the stream, which may come back here.
  void SubmitWaiting() {
    {
      base::MutexLock lock(mu_);
      if (submitting_) return;
      submitting_ = true;
    }
    while (std::optional<Waiting> next = PopWaiting()) {
      const int64_t number = window_->Open(next->append.ByteSizeLong());
      SubmitAppend(core_, *next->call, std::move(next->append),
                   [window = window_, number](absl::StatusOr<v1::AppendEventsResponse> result) {
                     window->Set(number, ToOutcome(std::move(result)));
                   });
    }
  }
  // Nothing: there is none, or no room for it; whoever makes some comes here again.
  std::optional<Waiting> PopWaiting() {
    base::MutexLock lock(mu_);
    if (waiting_.empty() || !window_->HasRoom()) {
      submitting_ = false;
      return std::nullopt;
    }
    std::optional<Waiting> next = std::move(waiting_.front());
    waiting_.pop_front();
    return next;
  }
  bool Answered() const {
    base::MutexLock lock(mu_);
    return waiting_.empty() && !submitting_ && window_->empty();
  }

  absl::Status Check(const v1::AppendEventStreamRequest& request) const {
    if (request.first_number() != next_number_) {
      return base::InvalidField("first_number",
                                absl::StrCat("expected ", next_number_,
                                             ", because appends are numbered from 1 without gaps, "
                                             "found ",
                                             request.first_number()));
    }
    const size_t count = static_cast<size_t>(request.appends_size());
    if (count > 0 && count <= kAppendsPerMessageMax) return absl::OkStatus();
    return base::InvalidField(
        "appends", absl::StrCat("expected 1 to ", kAppendsPerMessageMax, ", found ", count));
  }

  const Core& core_;
  const std::shared_ptr<Window> window_ = std::make_shared<Window>();
  int64_t next_number_ = 1;  // Take only.
  std::atomic<bool> closed_ = false;
  mutable base::Mutex mu_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mu_);
  bool submitting_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace

std::unique_ptr<Dialogue> MakeAppendDialogue(const Core& core) {
  return std::make_unique<AppendDialogue>(core);
}

}  // namespace dealog::rpc
