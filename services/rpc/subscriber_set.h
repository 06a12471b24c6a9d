#pragma once

// The subscribers to the log, and how far behind it they are: for metrics.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"

namespace dealog::rpc {

// Thread safety: yes. Must outlive its subscribers.
class SubscriberSet {
 public:
  // One subscriber, counted until it is destroyed.
  class Subscriber {
   public:
    Subscriber(SubscriberSet& set, eventstore::TenantId tenant, eventstore::Position after);
    ~Subscriber();
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    // Everything up to here was sent, or did not match.
    void Sent(eventstore::Position position) {
      sent_.store(position.value, std::memory_order_relaxed);
    }

   private:
    friend class SubscriberSet;
    SubscriberSet& set_;
    const eventstore::TenantId tenant_;
    std::atomic<uint64_t> sent_;
  };

  struct Lag {
    size_t subscribers = 0;
    // Of the one that is most behind in events; of the one whose next event is the oldest.
    uint64_t events_max = 0;
    double seconds_max = 0;
  };
  // Reads one commit for each of the kLagReadsMax that are most behind. `now_us` is since 1970 UTC.
  Lag Measure(const eventstore::EventLog& log, int64_t now_us) const;

 private:
  mutable base::Mutex mu_;
  absl::flat_hash_set<const Subscriber*> subscribers_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::rpc
