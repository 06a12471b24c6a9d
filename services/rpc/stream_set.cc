#include "services/rpc/stream_set.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {

absl::StatusOr<uint64_t> StreamSet::Add(std::function<void()> stop) {
  base::MutexLock lock(mu_);
  if (stopped_) {
    return base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                       "the server is stopping; try again in a moment")
        .RetryAfter(absl::Seconds(1));
  }
  if (streams_.size() >= kStreamsMax) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("expected at most ", kStreamsMax,
                                    " open streams of the server, found as many; end some"))
        .With("limit", "streams");
  }
  streams_.emplace(next_id_, std::move(stop));
  return next_id_++;
}

void StreamSet::Remove(uint64_t id) {
  base::MutexLock lock(mu_);
  streams_.erase(id);
}

void StreamSet::StopAll() {
  std::map<uint64_t, std::function<void()>> stopping;
  {
    base::MutexLock lock(mu_);
    stopped_ = true;
    stopping.swap(streams_);
  }
  for (auto& [id, stop] : stopping) stop();
}

size_t StreamSet::size() const {
  base::MutexLock lock(mu_);
  return streams_.size();
}

}  // namespace dealog::rpc
