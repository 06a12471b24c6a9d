#include "services/groups/consumer.h"

#include <iterator>
#include <utility>

#include "eventstore/event_filter.h"

namespace dealog::groups {

void Mailbox::Start(Position checkpoint) {
  {
    base::MutexLock lock(mu_);
    news_.started = checkpoint;
  }
  Wake();
}

void Mailbox::Deliver(std::vector<Delivered> deliveries) {
  {
    base::MutexLock lock(mu_);
    if (ended_) return;
    news_.deliveries.insert(news_.deliveries.end(), std::make_move_iterator(deliveries.begin()),
                            std::make_move_iterator(deliveries.end()));
  }
  Wake();
}

void Mailbox::RefuseStale(const DeliveryId& id) {
  {
    base::MutexLock lock(mu_);
    news_.stale.push_back(id);
    ++refused_;
  }
  Wake();
}

void Mailbox::End(absl::Status status) {
  {
    base::MutexLock lock(mu_);
    if (ended_) return;
    ended_ = true;
    news_.deliveries.clear();
    taken_ = 0;
    news_.end = std::move(status);
  }
  Wake();
}

void Mailbox::Heard() {
  if (unheard_-- == kMessagesWaitingMax) Wake();
}

ConsumerNews Mailbox::Take(size_t bytes_max) {
  base::MutexLock lock(mu_);
  ConsumerNews news;
  std::swap(news.started, news_.started);
  std::swap(news.stale, news_.stale);
  refused_ = 0;
  size_t bytes = 0;
  while (taken_ < news_.deliveries.size() && bytes < bytes_max) {
    Delivered& delivery = news_.deliveries[taken_++];
    bytes += eventstore::EventBytes(delivery.event.view());
    news.deliveries.push_back(std::move(delivery));
  }
  if (taken_ == news_.deliveries.size()) {
    news_.deliveries.clear();
    taken_ = 0;
    std::swap(news.end, news_.end);
  }
  return news;
}

void Mailbox::SetWake(std::function<void()> wake) {
  base::MutexLock lock(wake_mu_);
  wake_ = std::move(wake);
}

void Mailbox::Wake() {
  base::MutexLock lock(wake_mu_);
  if (wake_) wake_();
}

}  // namespace dealog::groups
