#include "projections/runtime/runner.h"

#include <atomic>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "projections/runtime/checkpoints.h"
#include "projections/runtime/follower.h"
#include "projections/runtime/store_worker.h"

namespace dealog::projections {
namespace {

// One thread waits for a status that another one sets.
class Outcome {
 public:
  void Set(absl::Status status) {
    base::MutexLock lock(mu_);
    status_ = std::move(status);
    set_.NotifyAll();
  }
  absl::Status Wait() {
    base::MutexLock lock(mu_);
    while (!status_) set_.Wait(mu_);
    return *status_;
  }

 private:
  base::Mutex mu_;
  base::CondVar set_;
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mu_);
};

class RunnerImpl final : public Runner {
 public:
  RunnerImpl(eventstore::EventLog& log, ViewStore& store, std::vector<ViewDefinition> views,
             const RunnerOptions& options)
      : log_(log), store_(store), views_(std::move(views)), store_worker_(store) {
    absl::StatusOr<std::vector<std::vector<ViewCheckpoint>>> starts =
        ValidCheckpoints(log, store, views_);
    // Without readable checkpoints every view stays failed, and says why, until it is rebuilt.
    const absl::Status trouble = starts.status();
    if (!trouble.ok()) {
      starts = std::vector<std::vector<ViewCheckpoint>>(log.partition_count(),
                                                        std::vector<ViewCheckpoint>(views_.size()));
    }
    const FollowerContext context{
        log,
        store,
        store_worker_,
        views_,
        options,
        [this, say = options.log](ViewIndex view, const absl::Status& damage) {
          if (say) {
            say(absl::StrCat("the view ", std::string(views_[view].name),
                             " is rebuilt: its stored rows can't be "
                             "read: ",
                             std::string(damage.message())));
          }
          StartRebuild({view}, {});
        }};
    for (uint32_t p = 0; p < log.partition_count(); ++p) {
      followers_.push_back(
          std::make_unique<Follower>(context, eventstore::PartitionId{p}, (*starts)[p], trouble));
    }
    for (const auto& follower : followers_) follower->Start();
  }
  ~RunnerImpl() override { RunnerImpl::Stop(); }

  absl::StatusOr<TenantRead> Read(const eventstore::TenantId& tenant, Freshness freshness,
                                  absl::Time deadline) override {
    Outcome fresh;
    WhenFresh(tenant, freshness, deadline,
              [&fresh](absl::Status status) { fresh.Set(std::move(status)); });
    RETURN_IF_ERROR(fresh.Wait());
    return FollowerOf(tenant).Read(tenant);
  }

  void WhenFresh(const eventstore::TenantId& tenant, Freshness freshness, absl::Time deadline,
                 std::function<void(absl::Status)> done) override {
    const absl::StatusOr<eventstore::TenantHead> head = log_.Head(tenant);
    if (!head.ok()) return done(head.status());
    if (head->position.value == 0) {
      return done(base::Error(absl::StatusCode::kNotFound, "TENANT_NOT_FOUND",
                              absl::StrCat("no tenant is named ", tenant.value,
                                           "; create it with `dealog tenant create`"))
                      .With("tenant", tenant.value));
    }
    eventstore::Position position;
    if (freshness.kind == Freshness::Kind::kHead) position = head->position;
    if (freshness.kind == Freshness::Kind::kAtLeast) position = freshness.position;
    FollowerOf(tenant).WhenFresh(tenant, position, deadline, std::move(done));
  }

  uint64_t Watch(const eventstore::TenantId& tenant, std::function<void()> changed) override {
    // The partition is part of the id, for Unwatch.
    const uint64_t partition = log_.PartitionOf(tenant).value;
    const uint64_t id = ++watch_count_ * followers_.size() + partition;
    followers_[partition]->watchers().Add(id, tenant, std::move(changed));
    return id;
  }

  void Unwatch(uint64_t id) override { followers_[id % followers_.size()]->watchers().Remove(id); }

  std::vector<ProjectionStatus> Statuses() const override {
    std::vector<ProjectionStatus> statuses;
    for (ViewIndex i = 0; i < views_.size(); ++i) {
      ProjectionStatus status;
      status.name = views_[i].name;
      status.version = views_[i].version;
      for (const auto& follower : followers_) follower->AddStatus(i, status);
      if (status.error.empty()) status.error = store_worker_.error();
      statuses.push_back(std::move(status));
    }
    return statuses;
  }

  absl::Status Rebuild(std::string_view name) override {
    std::vector<ViewIndex> chosen;
    std::string known;
    for (ViewIndex i = 0; i < views_.size(); ++i) {
      if (name.empty() || views_[i].name == name) chosen.push_back(i);
      absl::StrAppend(&known, known.empty() ? "" : ", ", std::string(views_[i].name));
    }
    if (chosen.empty()) {
      return base::Error(
          absl::StatusCode::kNotFound, "PROJECTION_NOT_FOUND",
          absl::StrCat("no projection is named ", std::string(name), "; there are ", known));
    }
    const auto begun = std::make_shared<Outcome>();
    StartRebuild(std::move(chosen),
                 [begun](absl::Status status) { begun->Set(std::move(status)); });
    return begun->Wait();
  }

  void Stop() override {
    {
      base::MutexLock lock(mu_);
      if (stopped_) return;
      stopped_ = true;
    }
    for (const auto& follower : followers_) follower->Stop();
    store_worker_.Stop();
  }

 private:
  using Begun = std::function<void(absl::Status)>;

  Follower& FollowerOf(const eventstore::TenantId& tenant) const {
    return *followers_[log_.PartitionOf(tenant).value];
  }

  // Calls `begun` once the views are dropped and fold anew. Flushes are written in order by the
  // store's thread, so a second task behind the detaching one runs after every flush that may still
  // hold rows of the views.
  void StartRebuild(std::vector<ViewIndex> views, Begun begun) {
    {
      base::MutexLock lock(mu_);
      if (stopped_) {
        if (begun)
          begun(base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                            "the server is stopping; retry"));
        return;
      }
      // A rebuild that has not begun yet serves this caller too.
      std::erase_if(views, [&](ViewIndex view) { return !rebuilding_.insert(view).second; });
    }
    store_worker_.Run([this, views, begun] {
      for (const auto& follower : followers_) follower->Detach(views);
      store_worker_.Run([this, views, begun] { FinishRebuild(views, begun); });
    });
  }

  void FinishRebuild(const std::vector<ViewIndex>& views, const Begun& begun) {
    absl::Status dropped;
    for (const ViewIndex view : views) {
      const absl::Status status = store_.Drop(views_[view].name);
      if (!status.ok()) dropped = status;
    }
    for (const auto& follower : followers_) follower->Attach(views, dropped);
    {
      base::MutexLock lock(mu_);
      for (const ViewIndex view : views) rebuilding_.erase(view);
    }
    if (begun) begun(dropped);
  }

  // Constant after construction.
  eventstore::EventLog& log_;
  ViewStore& store_;
  const std::vector<ViewDefinition> views_;
  // Synchronise themselves. The store's thread calls followers, so it ends before they do.
  std::vector<std::unique_ptr<Follower>> followers_;
  StoreWorker store_worker_;
  std::atomic<uint64_t> watch_count_{0};
  base::Mutex mu_;
  std::set<ViewIndex> rebuilding_ ABSL_GUARDED_BY(mu_);
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace

std::unique_ptr<Runner> StartRunner(eventstore::EventLog& log, ViewStore& store,
                                    std::vector<ViewDefinition> views, RunnerOptions options) {
  return std::make_unique<RunnerImpl>(log, store, std::move(views), options);
}

}  // namespace dealog::projections
