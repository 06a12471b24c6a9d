#include "projections/runtime/runner.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/one_shot.h"
#include "eventstore/base/status.h"
#include "eventstore/base/worker.h"
#include "projections/runtime/catch_up.h"
#include "projections/runtime/checkpoints.h"
#include "projections/runtime/eviction.h"
#include "projections/runtime/follower.h"
#include "projections/runtime/rebuild.h"
#include "projections/runtime/status.h"
#include "projections/runtime/store_worker.h"

namespace dealog::projections {
namespace {

class RunnerImpl final : public Runner {
 public:
  RunnerImpl(eventstore::EventLog& log, ViewStore& store, std::vector<ViewDefinition> views,
             const RunnerOptions& options)
      : log_(log),
        views_(std::move(views)),
        checked_(DropInvalid(log, store, views_)),
        tenants_(log, views_),
        store_worker_(store, [this](ViewWrite& write) { AddCheckpoints(log_, views_, write); }),
        shared_{.log = log,
                .store = store,
                .views = views_,
                .options = options,
                .store_worker = store_worker_,
                .tenants = tenants_,
                .loader = loader_,
                .changed = [this](const TenantPtr& tenant, size_t dirty_events) {
                  followers_[tenant->partition.value]->Changed(tenant, dirty_events);
                }} {
    // Without readable checkpoints every view stays failed, and says why, until it is rebuilt.
    if (!checked_.ok()) {
      std::vector<ViewIndex> all(views_.size());
      for (ViewIndex i = 0; i < all.size(); ++i) all[i] = i;
      tenants_.BeginDrop(all);
      tenants_.EndDrop(all, checked_);
    }
    for (uint32_t p = 0; p < log.partition_count(); ++p) {
      followers_.push_back(std::make_unique<Follower>(shared_, eventstore::PartitionId{p}));
    }
    for (const auto& follower : followers_) follower->Start();
    loader_.Start(std::max<size_t>(options.loader_threads, 1),
                  {.may_start = [this](const TenantPtr& tenant) { return MayLoad(tenant); },
                   .load = [this](const TenantPtr& tenant) { return Load(tenant); },
                   .done = [this](const TenantPtr& tenant) { return Loaded(tenant); }});
    if (checked_.ok()) surveyor_ = base::Worker("views-survey", [this] { Survey(shared_); });
  }
  ~RunnerImpl() override { RunnerImpl::Stop(); }

  absl::StatusOr<TenantRead> Read(const eventstore::TenantId& id, Freshness freshness,
                                  absl::Time deadline) override {
    ASSIGN_OR_RETURN(const ViewSet named, Named(freshness));
    // Whoever has waited by WhenFresh asks for no more: what is loaded is what there is.
    if (freshness.kind == Freshness::Kind::kAny) {
      if (TenantRead read = TryRead(id, named, freshness.passing)) return read;
    }
    ASSIGN_OR_RETURN(const eventstore::Position position, PositionOf(id, freshness));
    // Held from here on: loaded, it would leave before it could be locked where memory is short.
    ASSIGN_OR_RETURN(TenantPtr found, tenants_.FindOrAdd(id));
    const TenantHold tenant(std::move(found));
    for (;;) {
      base::OneShot<absl::Status> fresh;
      FollowerOf(id).WhenFresh(
          id, {.position = position,
               .views = named,
               .deadline = deadline,
               .passing = freshness.passing,
               .done = [&fresh](absl::Status status) { fresh.Set(std::move(status)); }});
      RETURN_IF_ERROR(fresh.Wait());
      if (TenantRead read = LockForRead(tenant.get(), views_, named)) return read;
      // A rebuild began before it could be locked.
    }
  }

  void WhenFresh(const eventstore::TenantId& tenant, Freshness freshness, absl::Time deadline,
                 std::function<void(absl::Status)> done) override {
    const absl::StatusOr<ViewSet> named = Named(freshness);
    if (!named.ok()) return done(named.status());
    const absl::StatusOr<eventstore::Position> position = PositionOf(tenant, freshness);
    if (!position.ok()) return done(position.status());
    FollowerOf(tenant).WhenFresh(tenant, {.position = *position,
                                          .views = *named,
                                          .deadline = deadline,
                                          .passing = freshness.passing,
                                          .done = std::move(done)});
  }

  absl::StatusOr<TenantRead> ReadNow(const eventstore::TenantId& tenant,
                                     Freshness freshness) override {
    ASSIGN_OR_RETURN(const ViewSet named, Named(freshness));
    if (TenantRead read = TryRead(tenant, named, freshness.passing)) return read;
    return base::Error(absl::StatusCode::kUnavailable, "VIEW_BEHIND",
                       absl::StrCat("the views of ", tenant.value, " are being folded; retry"))
        .RetryAfter(absl::Seconds(1));
  }

  absl::StatusOr<uint64_t> Watch(const eventstore::TenantId& id,
                                 std::function<void()> changed) override {
    // Before it is registered: who is refused leaves nothing behind.
    const size_t budget = shared_.options.memory_bytes_max;
    if (const size_t held = tenants_.HeldBytes(id); budget != 0 && held >= budget) {
      return base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                         absl::StrCat("the tenants that are being watched and read take ", held,
                                      " bytes of memory, the limit is ", budget,
                                      "; try again later, or read instead of watching"))
          .RetryAfter(absl::Seconds(5));
    }
    ASSIGN_OR_RETURN(const TenantPtr tenant, tenants_.FindOrAdd(id));
    tenant->used_us = base::MonotonicMicros();
    // The partition is part of the id, for Unwatch.
    const uint64_t partition = tenant->partition.value;
    const uint64_t watch = ++watch_count_ * followers_.size() + partition;
    followers_[partition]->watchers().Add(watch, tenant, std::move(changed));
    return watch;
  }

  void Unwatch(uint64_t id) override { followers_[id % followers_.size()]->watchers().Remove(id); }

  std::vector<ProjectionStatus> Statuses() const override {
    return CollectStatuses(shared_, followers_);
  }

  ViewsMemory memory() const override {
    return {.bytes = tenants_.bytes(),
            .bytes_max = shared_.options.memory_bytes_max,
            .tenants = tenants_.size(),
            .loading = loader_.size(),
            .loads = shared_.loads,
            .evictions = shared_.evictions};
  }

  absl::Status Rebuild(std::string_view name, const eventstore::TenantId& id) override {
    ASSIGN_OR_RETURN(const std::vector<ViewIndex> views, Choose(name));
    base::MutexLock lock(rebuild_mu_);
    if (shared_.stopping) {
      return base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                         "the server is stopping; retry");
    }
    if (id.value.empty()) return RebuildViews(shared_, followers_, views);
    ASSIGN_OR_RETURN(const eventstore::TenantHead head, log_.Head(id));
    if (head.position.value == 0) return TenantNotFound(id);
    ASSIGN_OR_RETURN(const TenantPtr tenant, tenants_.FindOrAdd(id));
    return RebuildTenant(shared_, FollowerOf(id), tenant, views);
  }

  void PrepareStop() override { store_worker_.GiveUp(); }

  void Stop() override {
    shared_.stopping = true;
    PrepareStop();
    base::MutexLock lock(rebuild_mu_);  // One that runs ends first.
    if (std::exchange(stopped_, true)) return;
    surveyor_.Join();
    loader_.Stop();
    for (const auto& follower : followers_) follower->Stop();
    store_worker_.Write({}, [] {});  // The checkpoints as they are now.
    store_worker_.Stop();
  }

 private:
  Follower& FollowerOf(const eventstore::TenantId& tenant) const {
    return *followers_[log_.PartitionOf(tenant).value];
  }
  ViewSet AllViews() const { return FirstViews(views_.size()); }

  static absl::Status TenantNotFound(const eventstore::TenantId& tenant) {
    return base::Error(absl::StatusCode::kNotFound, "TENANT_NOT_FOUND",
                       absl::StrCat("no tenant is named ", tenant.value,
                                    "; create it with `dealog tenant create`"))
        .With("tenant", tenant.value);
  }

  // The views of that name; all if it is empty.
  absl::StatusOr<std::vector<ViewIndex>> Choose(std::string_view name) const {
    std::vector<ViewIndex> chosen;
    std::string known;
    for (ViewIndex i = 0; i < views_.size(); ++i) {
      if (name.empty() || views_[i].name == name) chosen.push_back(i);
      absl::StrAppend(&known, known.empty() ? "" : ", ", std::string(views_[i].name));
    }
    if (!chosen.empty() || name.empty()) return chosen;
    return base::Error(
        absl::StatusCode::kNotFound, "PROJECTION_NOT_FOUND",
        absl::StrCat("no projection is named ", std::string(name), "; there are ", known));
  }

  absl::StatusOr<ViewSet> Named(const Freshness& freshness) const {
    if (freshness.views.empty()) return AllViews();
    ViewSet named = 0;
    for (const std::string_view name : freshness.views) {
      ASSIGN_OR_RETURN(const std::vector<ViewIndex> chosen, Choose(name));
      for (const ViewIndex view : chosen) named |= ViewSet{1} << view;
    }
    return named;
  }

  // What a read of the tenant waits for; NOT_FOUND.
  absl::StatusOr<eventstore::Position> PositionOf(const eventstore::TenantId& tenant,
                                                  const Freshness& freshness) const {
    ASSIGN_OR_RETURN(const eventstore::TenantHead head, log_.Head(tenant));
    if (head.position.value == 0) return TenantNotFound(tenant);
    switch (freshness.kind) {
      case Freshness::Kind::kHead:
        return head.position;
      case Freshness::Kind::kAtLeast:
        return freshness.position;
      case Freshness::Kind::kAny:
        break;
    }
    return eventstore::Position{};
  }

  TenantRead TryRead(const eventstore::TenantId& id, ViewSet named, bool passing) const {
    TenantPtr tenant = tenants_.Find(id);
    if (tenant == nullptr) return nullptr;
    if (!passing) tenant->used_us = base::MonotonicMicros();
    return LockForRead(std::move(tenant), views_, named);
  }

  // ---- The loader's threads --------------------------------------------------------------------

  bool MayLoad(const TenantPtr& tenant) {
    const ViewSet behind = tenant->wanted & ~tenant->ready;
    if (behind == 0) return true;
    if (Reserve(shared_, *tenant, tenants_.LastBytes(tenant->id, behind))) return true;
    // A part of it is resident; the rest belongs to it. Were it to wait, two that hold each other's
    // room would wait for ever.
    return tenant->bytes > 0;
  }

  absl::Status Load(const TenantPtr& tenant) {
    if ((tenant->wanted & ~tenant->ready) == 0) return absl::OkStatus();
    ++shared_.loads;
    const absl::Status status = CatchUp(shared_, tenant).Run();
    if (!status.ok()) return status;
    const size_t budget = shared_.options.memory_bytes_max;
    if (budget != 0 && tenant->bytes > budget) {
      shared_.Say(absl::StrCat("the views of tenant ", tenant->id.value, " hold ",
                               tenant->bytes >> 20, " MiB, more than all tenants may together (",
                               budget >> 20, " MiB): it is served alone; raise the limit"));
    }
    return status;
  }

  // Who was only refreshed, or read in passing, leaves again; who was read stays while there is
  // room. False: it was to leave, but somebody holds it just now (a reader, or a flush of its
  // rows).
  bool Loaded(const TenantPtr& tenant) {
    const bool leaves = tenant->used_us == 0;
    const bool left = leaves && Evict(shared_, tenant);
    Trim(shared_);
    return left || !leaves;
  }

  // Constant after construction.
  eventstore::EventLog& log_;
  const std::vector<ViewDefinition> views_;
  const absl::Status checked_;
  // Synchronise themselves. Threads of the later ones use the earlier ones; Stop ends them.
  mutable Tenants tenants_;
  Loader loader_;
  std::vector<std::unique_ptr<Follower>> followers_;
  StoreWorker store_worker_;
  mutable Shared shared_;
  std::atomic<uint64_t> watch_count_{0};
  base::Mutex rebuild_mu_;  // One rebuild at a time.
  bool stopped_ ABSL_GUARDED_BY(rebuild_mu_) = false;
  base::Worker surveyor_;
};

}  // namespace

std::unique_ptr<Runner> StartRunner(eventstore::EventLog& log, ViewStore& store,
                                    std::vector<ViewDefinition> views, RunnerOptions options) {
  return std::make_unique<RunnerImpl>(log, store, std::move(views), options);
}

}  // namespace dealog::projections
