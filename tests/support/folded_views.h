#pragma once

// Views of one tenant, folded from events that a test writes, without a log or a runner:
//
//   FoldedViews views({ContactsViewDefinition(), ...});
//   events::v1::Event event; event.mutable_contact()->...;
//   views.Fold("contact", "contact_1", event);
//   EXPECT_EQ(GetContact(views, "contact_1")->email(), "ada@example.com");
//   views.Reload();   // The same answers must come from the rows.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/check.h"
#include "projections/projection.h"
#include "projections/tenant_views.h"

namespace dealog::projections {

class FoldedViews final : public TenantViews {
 public:
  static constexpr int64_t kStart = 1'500'000'000'000'000;
  static constexpr int64_t kSecond = 1'000'000;

  explicit FoldedViews(std::vector<ViewDefinition> definitions)
      : definitions_(std::move(definitions)) {
    for (const ViewDefinition& definition : definitions_) {
      states_.push_back(definition.make_state());
    }
    rows_.resize(states_.size());
  }

  // Folds the event as a commit of its own, or, between BeginCommit and EndCommit, as part of one.
  // Each is recorded a second after the one before; `occurred_us` 0 = when it is recorded.
  void Fold(const std::string& type, const std::string& id, const events::v1::Event& event,
            int64_t occurred_us = 0) {
    header_.Clear();
    header_.set_tenant("acme");
    header_.mutable_stream()->set_type(type);
    header_.mutable_stream()->set_id(id);
    header_.set_revision(++revisions_[type + "/" + id]);
    header_.set_position(++position_);
    header_.set_recorded_at_us(recorded_at_us());
    header_.set_occurred_at_us(occurred_us == 0 ? recorded_at_us() : occurred_us);
    header_.mutable_actor()->set_principal("user:test");
    log_.emplace_back(header_, event);
    for (const auto& state : states_) DEALOG_CHECK_OK(state->Fold({header_, event}));
    if (!in_commit_) EndCommit();
  }
  // Folds what another one folded, each event as a commit of its own.
  void Replay(const FoldedViews& other) {
    for (const auto& [header, event] : other.log_) {
      for (const auto& state : states_) DEALOG_CHECK_OK(state->Fold({header, event}));
      EndCommit();
    }
    position_ = other.position_;
  }
  void BeginCommit() { in_commit_ = true; }
  void EndCommit() {
    in_commit_ = false;
    for (const auto& state : states_) state->CommitDone();
  }

  // Flushes what changed into the rows, as the runner does.
  void Flush() {
    for (size_t i = 0; i < states_.size(); ++i) {
      Sink sink(rows_[i]);
      states_[i]->FlushRows(sink);
      DEALOG_CHECK(rows_[i].size() == states_[i]->RowCount());
    }
  }
  // Flushes, then replaces the states by new ones made of the rows.
  void Reload() {
    Flush();
    for (size_t i = 0; i < states_.size(); ++i) {
      states_[i] = definitions_[i].make_state();
      for (const auto& [key, value] : rows_[i]) {
        DEALOG_CHECK_OK(states_[i]->LoadRow(key, value));
      }
      states_[i]->CommitDone();
    }
  }
  // The rows flushed so far, by view name.
  const std::map<std::string, std::string>& rows(std::string_view view) const {
    return rows_[IndexOf(view)];
  }
  ViewState& state(std::string_view view) { return *states_[IndexOf(view)]; }

  eventstore::Position position() const override { return {position_}; }
  int64_t recorded_at_us() const override {
    return kStart + static_cast<int64_t>(position_) * kSecond;
  }

 private:
  class Sink final : public RowSink {
   public:
    explicit Sink(std::map<std::string, std::string>& rows) : rows_(rows) {}
    void Put(std::string_view key, std::string_view value) override {
      rows_[std::string(key)] = std::string(value);
    }
    void Delete(std::string_view key) override { rows_.erase(std::string(key)); }

   private:
    std::map<std::string, std::string>& rows_;
  };

  size_t IndexOf(std::string_view view) const {
    size_t i = 0;
    while (i < definitions_.size() && definitions_[i].name != view) ++i;
    DEALOG_CHECK(i < definitions_.size()) << view;
    return i;
  }
  absl::StatusOr<const ViewState*> Find(std::string_view name) const override {
    return states_[IndexOf(name)].get();
  }

  const std::vector<ViewDefinition> definitions_;
  std::vector<std::unique_ptr<ViewState>> states_;
  std::vector<std::map<std::string, std::string>> rows_;
  std::vector<std::pair<storage::v1::EventHeader, events::v1::Event>> log_;
  std::map<std::string, uint64_t> revisions_;
  storage::v1::EventHeader header_;
  uint64_t position_ = 0;
  bool in_commit_ = false;
};

}  // namespace dealog::projections
