#pragma once

// The server streams that are open: counted against kStreamsMax, and told to end when the server
// stops (a subscriber would else hold up the shutdown until its deadline).

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"

namespace dealog::rpc {

// Thread safety: yes.
class StreamSet {
 public:
  // Enters a stream; `stop` is called at most once, by StopAll, from its thread and without locks.
  // RESOURCE_EXHAUSTED / LIMIT_EXCEEDED past kStreamsMax, UNAVAILABLE / NOT_READY after StopAll.
  absl::StatusOr<uint64_t> Add(std::function<void()> stop);
  void Remove(uint64_t id);
  // Refuses new streams and stops those there are.
  void StopAll();
  size_t size() const;

 private:
  mutable base::Mutex mu_;
  std::map<uint64_t, std::function<void()>> streams_ ABSL_GUARDED_BY(mu_);
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace dealog::rpc
