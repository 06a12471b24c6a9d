#pragma once

// A log that passes everything on to another one and lets a test interfere with Append (hold it up,
// fail it before or after it was written, refuse one commit) and with those who follow it.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"

namespace dealog::testing {

// A door that is open or shut.
class Gate {
 public:
  void Shut() {
    base::MutexLock lock(mu_);
    open_ = false;
  }
  void Open() {
    base::MutexLock lock(mu_);
    open_ = true;
    changed_.NotifyAll();
  }
  // Waits until it is open.
  void Pass() {
    base::MutexLock lock(mu_);
    ++waiting_;
    changed_.NotifyAll();
    while (!open_) changed_.Wait(mu_);
    --waiting_;
  }
  // Waits until somebody waits before the shut door.
  void AwaitVisitor() {
    base::MutexLock lock(mu_);
    while (waiting_ == 0) changed_.Wait(mu_);
  }

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  bool open_ = true;
  int waiting_ = 0;
};

// Asks before each poll whether it fails.
class HookedSubscription final : public eventstore::BatchSubscription {
 public:
  HookedSubscription(std::unique_ptr<eventstore::BatchSubscription> inner,
                     std::function<absl::Status()> before_poll)
      : inner_(std::move(inner)), before_poll_(std::move(before_poll)) {}
  absl::StatusOr<Page> Poll(size_t bytes_max) override {
    if (absl::Status status = before_poll_(); !status.ok()) return status;
    return inner_->Poll(bytes_max);
  }
  void SetWake(std::function<void()> wake) override { inner_->SetWake(std::move(wake)); }

 private:
  const std::unique_ptr<eventstore::BatchSubscription> inner_;
  const std::function<absl::Status()> before_poll_;
};

class HookedLog final : public eventstore::EventLog {
 public:
  using Outcomes = std::vector<absl::StatusOr<eventstore::AppendedCommit>>;
  using Commits = std::span<const eventstore::NewCommit>;

  explicit HookedLog(std::unique_ptr<eventstore::EventLog> log) : log_(std::move(log)) {}

  // Called before a write; a failure is returned instead of writing.
  std::function<absl::Status(Commits)> before_append;
  // Called after a write; a failure is returned though it was written.
  std::function<absl::Status(Commits)> after_append;
  // Called per commit: a failure refuses it, and only it.
  std::function<absl::Status(const eventstore::NewCommit&)> refuse;
  // Called before a stream is read, on any thread; a failure is returned instead.
  std::function<absl::Status(const eventstore::StreamId&)> before_read;
  // Called before what a follower of a partition asks (a subscription, a page, a digest), on its
  // thread; a failure is returned instead.
  std::function<absl::Status()> before_follow;
  // What a follower of a partition gets instead of the log's subscription.
  std::function<std::unique_ptr<eventstore::BatchSubscription>(
      std::unique_ptr<eventstore::BatchSubscription>)>
      wrap_subscription;
  // What Strain says; from any thread. Empty: what the log says.
  std::function<absl::Status()> strain;
  // Number of calls of ReadStream so far.
  mutable std::atomic<int> stream_reads = 0;

  absl::StatusOr<Outcomes> Append(eventstore::PartitionId partition,
                                  eventstore::BatchNumber expected, Commits commits) override {
    if (before_append) {
      if (absl::Status status = before_append(commits); !status.ok()) return status;
    }
    std::vector<eventstore::NewCommit> kept;
    std::vector<absl::Status> refusals;
    for (const eventstore::NewCommit& commit : commits) {
      refusals.push_back(refuse ? refuse(commit) : absl::OkStatus());
      if (refusals.back().ok()) kept.push_back(commit);
    }
    absl::StatusOr<Outcomes> written = log_->Append(partition, expected, kept);
    if (!written.ok()) return written.status();
    if (after_append) {
      if (absl::Status status = after_append(commits); !status.ok()) return status;
    }
    Outcomes outcomes;
    size_t next = 0;
    for (const absl::Status& refusal : refusals) {
      if (refusal.ok()) {
        outcomes.push_back((*written)[next++]);
      } else {
        outcomes.emplace_back(refusal);
      }
    }
    return outcomes;
  }

  uint32_t partition_count() const override { return log_->partition_count(); }
  eventstore::PartitionId PartitionOf(const eventstore::TenantId& tenant) const override {
    return log_->PartitionOf(tenant);
  }
  std::vector<eventstore::TenantId> Tenants() const override { return log_->Tenants(); }
  absl::StatusOr<eventstore::ReadPage> ReadStream(
      const eventstore::TenantId& tenant, const eventstore::StreamId& stream,
      const eventstore::StreamReadOptions& options) const override {
    ++stream_reads;
    if (before_read) {
      if (absl::Status status = before_read(stream); !status.ok()) return status;
    }
    return log_->ReadStream(tenant, stream, options);
  }
  absl::StatusOr<eventstore::ReadPage> ReadTenant(
      const eventstore::TenantId& tenant,
      const eventstore::TenantReadOptions& options) const override {
    return log_->ReadTenant(tenant, options);
  }
  absl::StatusOr<eventstore::TenantHead> Head(const eventstore::TenantId& tenant) const override {
    return log_->Head(tenant);
  }
  absl::StatusOr<eventstore::Revision> StreamHead(
      const eventstore::TenantId& tenant, const eventstore::StreamId& stream) const override {
    return log_->StreamHead(tenant, stream);
  }
  eventstore::PartitionHead BatchHead(eventstore::PartitionId partition) const override {
    return log_->BatchHead(partition);
  }
  absl::StatusOr<eventstore::Position> PositionAt(const eventstore::TenantId& tenant,
                                                  int64_t time_us) const override {
    return log_->PositionAt(tenant, time_us);
  }
  absl::StatusOr<std::unique_ptr<eventstore::CommitSubscription>> Subscribe(
      const eventstore::TenantId& tenant, eventstore::Position after) override {
    return log_->Subscribe(tenant, after);
  }
  absl::StatusOr<std::unique_ptr<eventstore::BatchSubscription>> SubscribePartition(
      eventstore::PartitionId partition, eventstore::BatchNumber after) override {
    if (before_follow) {
      if (absl::Status status = before_follow(); !status.ok()) return status;
    }
    auto subscription = log_->SubscribePartition(partition, after);
    if (!subscription.ok()) return subscription.status();
    if (wrap_subscription) subscription = wrap_subscription(*std::move(subscription));
    if (!before_follow) return subscription;
    return std::make_unique<HookedSubscription>(*std::move(subscription), before_follow);
  }
  absl::StatusOr<std::string> BatchDigest(eventstore::PartitionId partition,
                                          eventstore::BatchNumber number) const override {
    if (before_follow) {
      if (absl::Status status = before_follow(); !status.ok()) return status;
    }
    return log_->BatchDigest(partition, number);
  }
  absl::StatusOr<storage::v1::BatchHeader> ReadBatchHeader(
      eventstore::PartitionId partition, eventstore::BatchNumber number) const override {
    return log_->ReadBatchHeader(partition, number);
  }
  absl::StatusOr<std::optional<storage::v1::RequestRecord>> FindRequest(
      const eventstore::TenantId& tenant, std::string_view caller,
      std::string_view request_id) const override {
    return log_->FindRequest(tenant, caller, request_id);
  }
  absl::StatusOr<std::optional<eventstore::StreamId>> FindUnique(
      const eventstore::TenantId& tenant, std::string_view kind,
      std::string_view hash) const override {
    return log_->FindUnique(tenant, kind, hash);
  }
  absl::Status Strain() const override { return strain ? strain() : log_->Strain(); }
  eventstore::LogStats stats() const override { return log_->stats(); }

 private:
  std::unique_ptr<eventstore::EventLog> log_;
};

}  // namespace dealog::testing
