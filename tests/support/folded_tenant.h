#pragma once

// A tenant's views folded from events in memory, for tests and benchmarks of views:
//
//   FoldedTenant tenant;
//   tenant.Append("deal", "deal_1", event, occurred_us);       // One commit.
//   auto board = GetBoard(tenant, request, {}, now_us);

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dealog/events/v1/event.pb.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/base/check.h"
#include "projections/tenant_views.h"
#include "projections/views/registry.h"

namespace dealog::testing {

// An event as the log would hold it.
struct LoggedEvent {
  storage::v1::EventHeader header;
  events::v1::Event event;
};

// Collects rows as a view store would.
class RowMap final : public projections::RowSink {
 public:
  void Put(std::string_view key, std::string_view value) override {
    rows[std::string(key)] = std::string(value);
  }
  void Delete(std::string_view key) override { rows.erase(std::string(key)); }

  std::map<std::string, std::string> rows;
};

// Copies of a tenant's views, at one position. Thread safety: const methods from many threads.
class CopiedTenant final : public projections::TenantViews {
 public:
  using Copies = std::map<std::string, std::shared_ptr<const projections::ViewState>, std::less<>>;

  CopiedTenant(Copies copies, eventstore::Position position, int64_t recorded_us)
      : copies_(std::move(copies)), position_(position), recorded_us_(recorded_us) {}
  eventstore::Position position() const override { return position_; }
  int64_t recorded_at_us() const override { return recorded_us_; }
  // By name; nullptr where a view can't be copied.
  const Copies& copies() const { return copies_; }

 protected:
  absl::StatusOr<const projections::ViewState*> Find(std::string_view name) const override {
    const auto found = copies_.find(name);
    DEALOG_CHECK(found != copies_.end() && found->second != nullptr) << "no copy of " << name;
    return found->second.get();
  }

 private:
  // Constant after construction.
  Copies copies_;
  eventstore::Position position_;
  int64_t recorded_us_;
};

// Thread safety: none. Fails the program where a fold fails.
class FoldedTenant final : public projections::TenantViews {
 public:
  FoldedTenant() {
    for (const projections::ViewDefinition& definition : projections::AllViews()) {
      views_.emplace(definition.name, definition.make_state());
    }
  }

  eventstore::Position position() const override { return {position_}; }
  int64_t recorded_at_us() const override { return recorded_us_; }

  // Folds an event into all views. `settles`: it is the last one of its commit.
  void Fold(const LoggedEvent& logged, bool settles = true) {
    for (auto& [name, view] : views_) {
      DEALOG_CHECK_OK(view->Fold({.header = logged.header, .event = logged.event}));
      if (settles) view->CommitDone();
    }
    position_ = std::max<uint64_t>(position_, logged.header.position());
    recorded_us_ = std::max<int64_t>(recorded_us_, logged.header.recorded_at_us());
  }

  // Makes the next event of a stream and folds it. recorded_at: one second after the event before,
  // or as soon as it occurred.
  const LoggedEvent& Append(std::string_view type, std::string_view id, events::v1::Event event,
                            int64_t occurred_us) {
    storage::v1::EventHeader header;
    header.mutable_stream()->set_type(std::string(type));
    header.mutable_stream()->set_id(std::string(id));
    header.set_position(position_ + 1);
    header.set_revision(++revisions_[std::string(type) + "/" + std::string(id)]);
    header.set_occurred_at_us(occurred_us);
    header.set_recorded_at_us(std::max(recorded_us_ + 1'000'000, occurred_us));
    log.push_back({std::move(header), std::move(event)});
    Fold(log.back());
    return log.back();
  }

  // All rows that changed since the last call, by view.
  std::map<std::string, RowMap> FlushRows() {
    std::map<std::string, RowMap> rows;
    for (auto& [name, view] : views_) view->FlushRows(rows[name]);
    return rows;
  }
  // Takes rows back, in key order, as after a restart at `position`.
  void LoadRows(const std::map<std::string, RowMap>& rows, const FoldedTenant& at) {
    for (const auto& [name, map] : rows) {
      for (const auto& [key, value] : map.rows) {
        DEALOG_CHECK_OK(views_.at(name)->LoadRow(key, value));
      }
      views_.at(name)->CommitDone();
    }
    position_ = at.position_;
    recorded_us_ = at.recorded_us_;
  }
  projections::ViewState& View(const std::string& name) { return *views_.at(name); }
  CopiedTenant Copy() const {
    CopiedTenant::Copies copies;
    for (const auto& [name, view] : views_) copies.emplace(name, view->Copy());
    return CopiedTenant(std::move(copies), position(), recorded_us_);
  }

  std::vector<LoggedEvent> log;  // What Append made.

 protected:
  absl::StatusOr<const projections::ViewState*> Find(std::string_view name) const override {
    const auto found = views_.find(std::string(name));
    DEALOG_CHECK(found != views_.end()) << "no view " << std::string(name);
    return found->second.get();
  }

 private:
  std::map<std::string, std::unique_ptr<projections::ViewState>> views_;
  std::map<std::string, uint64_t> revisions_;
  uint64_t position_ = 0;
  int64_t recorded_us_ = 0;
};

}  // namespace dealog::testing
