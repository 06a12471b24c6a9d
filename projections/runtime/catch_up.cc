#include "projections/runtime/catch_up.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/runtime/flush.h"
#include "projections/runtime/limits.h"

namespace dealog::projections {

// Nothing of what it takes is still on its way to the store: a tenant leaves once all is written,
// and the rows of a slot's earlier life are dropped before the slot may be taken.
absl::Status CatchUp::Run() {
  while (!shared_.stopping && Take()) {
    for (Part& part : parts_) RETURN_IF_ERROR(LoadRows(part));
    RETURN_IF_ERROR(Follow());
  }
  return absl::OkStatus();
}

bool CatchUp::Take() {
  parts_.clear();
  base::ReaderLock lock(tenant_->mu);
  for (ViewIndex i = 0; i < tenant_->slots.size(); ++i) {
    const Slot& slot = tenant_->slots[i];
    if (slot.phase != Slot::Phase::kBehind || slot.droppings > 0) continue;
    parts_.push_back({.view = i, .life = slot.life});
  }
  return !parts_.empty();
}

// ---- Rows ------------------------------------------------------------------------------------

absl::Status CatchUp::LoadRows(Part& part) {
  const std::string_view name = shared_.views[part.view].name;
  const absl::Status read = ReadRows(part);
  if (read.ok()) return absl::OkStatus();
  shared_.Say(absl::StrCat("the view ", std::string(name), " of tenant ", tenant_->id.value,
                           " is rebuilt: ", std::string(read.message())));
  absl::Status dropped;
  shared_.store_worker.RunAndWait([&] { dropped = shared_.store.DropTenant(name, tenant_->id); });
  RETURN_IF_ERROR(dropped);
  part.state = shared_.views[part.view].make_state();
  part.state->CommitDone();
  part.point = {};
  return absl::OkStatus();
}

// An error says why the rows are of no use.
absl::Status CatchUp::ReadRows(Part& part) const {
  const std::string_view name = shared_.views[part.view].name;
  part.state = shared_.views[part.view].make_state();
  ASSIGN_OR_RETURN(part.point, shared_.store.ReadApplied(name, tenant_->id));
  if (part.point.position.value > tenant_->reached) {
    return absl::DataLossError("its stored rows are newer than the log");
  }
  if (KnowsOneOf(part.point.unknown)) {
    return absl::FailedPreconditionError(
        "it was folded by a release that did not know all of its events");
  }
  const absl::Status scanned =
      shared_.store.Scan(name, tenant_->id, [&](std::string_view key, std::string_view value) {
        return part.state->LoadRow(key, value);
      });
  if (!scanned.ok()) {
    return absl::DataLossError(
        absl::StrCat("its stored rows can't be read: ", std::string(scanned.message())));
  }
  part.state->CommitDone();
  return absl::OkStatus();
}

// ---- Events ----------------------------------------------------------------------------------

absl::Status CatchUp::Follow() {
  const auto last = std::min_element(
      parts_.begin(), parts_.end(),
      [](const Part& a, const Part& b) { return a.point.position < b.point.position; });
  ASSIGN_OR_RETURN(const auto commits, shared_.log.Subscribe(tenant_->id, last->point.position));
  while (!shared_.stopping && !HandOver()) {
    ASSIGN_OR_RETURN(const auto page, commits->Poll(shared_.options.poll_bytes));
    for (const eventstore::CommitPtr& commit : page.items) {
      // The log may be ahead of the follower, who takes over right here.
      if (commit->last_position().value > tenant_->reached && HandOver()) return absl::OkStatus();
      if (shared_.stopping) return absl::OkStatus();
      Fold(*commit);
      if (dirty_events_ >= shared_.options.flush_rows_max) Flush();
    }
    Report();
  }
  return absl::OkStatus();
}

void CatchUp::Fold(const eventstore::StoredCommit& commit) {
  const ParsedCommit& parsed = parser_.Parse(commit);
  std::erase_if(parts_, [&](Part& part) {
    if (part.point.position >= commit.last_position()) return false;  // Ahead of other parts.
    const absl::Status folded = FoldInto(*part.state, part.point, parsed);
    if (folded.ok()) {
      shared_.events_folded[part.view] += parsed.events.size();
      return false;
    }
    shared_.tenants.Fail(*tenant_, part.view, part.life, folded);
    return true;
  });
  dirty_events_ += parsed.events.size();
}

bool CatchUp::HandOver() {
  // The follower flushes what is left: to wait for the disk with nothing left would never end where
  // commits come as fast.
  if (dirty_events_ > kHandOverEventsMax) Flush();
  {
    base::WriterLock lock(tenant_->mu);
    std::erase_if(parts_, [&](const Part& part) ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return tenant_->slots[part.view].life != part.life;
    });
    for (const Part& part : parts_) {
      DEALOG_CHECK(part.point.position <= tenant_->position) << tenant_->id.value;
      if (part.point.position != tenant_->position) return false;
    }
    for (Part& part : parts_) {
      Slot& slot = tenant_->slots[part.view];
      DEALOG_CHECK(slot.phase == Slot::Phase::kBehind && slot.state == nullptr);
      slot.phase = Slot::Phase::kLive;
      slot.state = std::move(part.state);
      slot.point = std::move(part.point);
    }
    parts_.clear();
    tenant_->dirty |= dirty_events_ > 0;
    tenant_->Settle();
  }
  shared_.tenants.SetBytes(*tenant_, Measure(*tenant_));
  shared_.changed(tenant_, std::exchange(dirty_events_, 0));
  return true;
}

// ---- Flushes ---------------------------------------------------------------------------------

void CatchUp::Flush() {
  ViewWrite write;
  for (Part& part : parts_) {
    CollectSlot(shared_.views[part.view].name, tenant_->id, *part.state, part.point, write);
  }
  dirty_events_ = 0;
  bool written = false;
  base::Mutex mu;
  base::CondVar changed;
  {
    // A slot that begins another life drops its rows behind whatever is in the store's queue by
    // then: nothing of the earlier life may come after that.
    base::ReaderLock lock(tenant_->mu);
    for (const Part& part : parts_) {
      if (tenant_->slots[part.view].life == part.life) continue;
      const std::string_view name = shared_.views[part.view].name;
      std::erase_if(write.rows, [&](const auto& row) { return row.view == name; });
      std::erase_if(write.applied, [&](const auto& applied) { return applied.view == name; });
    }
    shared_.store_worker.Write(std::move(write), [&] {
      base::MutexLock inner(mu);
      written = true;
      changed.NotifyAll();
    });
  }
  base::MutexLock lock(mu);
  while (!written) changed.Wait(mu);
}

void CatchUp::Report() {
  size_t bytes = 0;
  for (const Part& part : parts_) bytes += part.state->ApproximateBytes();
  shared_.tenants.SetBytes(*tenant_, bytes + Measure(*tenant_));
  base::WriterLock lock(tenant_->mu);
  std::erase_if(parts_, [&](const Part& part) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    Slot& slot = tenant_->slots[part.view];
    if (slot.life != part.life) return true;
    slot.point = part.point;
    return false;
  });
}

}  // namespace dealog::projections
