#pragma once

// One consumer's end of a group: what it says, and what there is for it.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"
#include "services/groups/group_types.h"

namespace dealog::groups {

struct Delivered {
  DeliveryId id;
  eventstore::PageEvent event;
};

// What there is for a consumer. Refusals come before the end, the end comes last.
struct ConsumerNews {
  std::optional<Position> started;  // First and once: the group's checkpoint.
  std::vector<Delivered> deliveries;
  std::vector<DeliveryId> stale;    // Settlements that were refused.
  std::optional<absl::Status> end;  // OK after Leave.
  bool empty() const { return !started && deliveries.empty() && stale.empty() && !end; }
};

// Thread safety: yes, but for Take: one thread at a time. Destroying it leaves the group: what is
// not settled counts as failed.
class Consumer {
 public:
  virtual ~Consumer() = default;
  // `wake` is called from any thread after Take returned nothing and there is something, and when
  // HasRoom turns true by other means than Take; it must be quick. {} clears it, after which it is
  // not called any more.
  virtual void SetWake(std::function<void()> wake) = 0;
  // Deliveries of about `bytes_max` bytes.
  virtual ConsumerNews Take(size_t bytes_max) = 0;
  virtual void AddCredits(uint32_t events) = 0;
  virtual void Settle(std::vector<DeliveryId> ids, Settlement settlement) = 0;
  // Leaves once everything said before was looked at; the end is OK.
  virtual void Leave() = 0;
  // False while kMessagesWaitingMax things that the consumer said wait to be looked at, or
  // kRefusalsWaitingMax refusals wait to be taken.
  virtual bool HasRoom() const = 0;
};

// Between a consumer and the groups' thread. Thread safety: yes.
class Mailbox {
 public:
  Mailbox(ConsumerId id, std::string name) : id_(id), name_(std::move(name)) {}

  ConsumerId id() const { return id_; }
  const std::string& name() const { return name_; }

  // ---- The groups' thread.
  void Start(Position checkpoint);
  void Deliver(std::vector<Delivered> deliveries);
  void RefuseStale(const DeliveryId& id);
  // The first end counts; what was delivered and not taken is dropped.
  void End(absl::Status status);
  // Something the consumer said was looked at.
  void Heard();

  // ---- The consumer.
  void Said() { ++unheard_; }
  bool HasRoom() const { return unheard_ < kMessagesWaitingMax && refused_ < kRefusalsWaitingMax; }
  ConsumerNews Take(size_t bytes_max);
  void SetWake(std::function<void()> wake);

 private:
  void Wake();

  const ConsumerId id_;
  const std::string name_;
  std::atomic<size_t> unheard_ = 0;
  std::atomic<size_t> refused_ = 0;  // news_.stale.size()
  base::Mutex mu_;
  ConsumerNews news_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  size_t taken_ ABSL_GUARDED_BY(mu_) = 0;  // Of news_.deliveries.
  // Apart from mu_: a wake may take news.
  base::Mutex wake_mu_;
  std::function<void()> wake_ ABSL_GUARDED_BY(wake_mu_);
};

}  // namespace dealog::groups
