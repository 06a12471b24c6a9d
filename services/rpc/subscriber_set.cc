#include "services/rpc/subscriber_set.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

struct Behind {
  eventstore::TenantId tenant;
  eventstore::Position sent;
  uint64_t events = 0;
};

// How old the first event is that was not sent, seconds.
double AgeOfNext(const eventstore::EventLog& log, const Behind& behind, int64_t now_us) {
  const auto page = log.ReadTenant(behind.tenant, {.after = behind.sent, .limit = 1});
  if (!page.ok() || page->events.empty()) return 0;
  return static_cast<double>(now_us - page->events.front().commit->recorded_at_us()) / 1e6;
}

}  // namespace

SubscriberSet::Subscriber::Subscriber(SubscriberSet& set, eventstore::TenantId tenant,
                                      eventstore::Position after)
    : set_(set), tenant_(std::move(tenant)), sent_(after.value) {
  base::MutexLock lock(set_.mu_);
  set_.subscribers_.insert(this);
}

SubscriberSet::Subscriber::~Subscriber() {
  base::MutexLock lock(set_.mu_);
  set_.subscribers_.erase(this);
}

SubscriberSet::Lag SubscriberSet::Measure(const eventstore::EventLog& log, int64_t now_us) const {
  std::vector<Behind> all;
  {
    base::MutexLock lock(mu_);
    for (const Subscriber* subscriber : subscribers_) {
      all.push_back({.tenant = subscriber->tenant_,
                     .sent = {subscriber->sent_.load(std::memory_order_relaxed)}});
    }
  }
  Lag lag{.subscribers = all.size()};
  for (Behind& one : all) {
    const auto head = log.Head(one.tenant);
    if (head.ok() && head->position > one.sent) {
      one.events = head->position.value - one.sent.value;
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Behind& a, const Behind& b) { return a.events > b.events; });
  if (!all.empty()) lag.events_max = all.front().events;
  for (size_t i = 0; i < std::min(all.size(), kLagReadsMax) && all[i].events > 0; ++i) {
    lag.seconds_max = std::max(lag.seconds_max, AgeOfNext(log, all[i], now_us));
  }
  return lag;
}

}  // namespace dealog::rpc
