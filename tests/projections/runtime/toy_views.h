#pragma once

// Small views and a log to fold: the runner is tested without the real ones.

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "eventstore/base/ids.h"
#include "eventstore/event_log.h"
#include "projections/projection.h"

namespace dealog::projections {

// Counts the notes of each stream; row: stream id -> count in decimal. A note whose body is
// "poison" fails it if it is fragile; one whose body is "forget" deletes the stream's row.
class CountView final : public ViewState {
 public:
  explicit CountView(bool fragile) : fragile_(fragile) {}

  absl::Status Fold(const FoldedEvent& event) override {
    const std::string& id = event.header.stream().id();
    const std::string& body = event.event.note().note_written().body();
    if (fragile_ && body == "poison") return absl::InternalError("found poison");
    if (body == "forget") {
      counts_.erase(id);
    } else {
      ++counts_[id];
    }
    ++total_;
    last_position_ = event.header.position();
    changed_.insert(id);
    return absl::OkStatus();
  }
  void CommitDone() override { settled_ = total_; }
  void FlushRows(RowSink& sink) override {
    for (const std::string& id : changed_) {
      const auto found = counts_.find(id);
      if (found == counts_.end()) {
        sink.Delete(id);
      } else {
        sink.Put(id, std::to_string(found->second));
      }
    }
    changed_.clear();
  }
  absl::Status LoadRow(std::string_view key, std::string_view value) override {
    if (value.empty() || value[0] < '0' || value[0] > '9') return absl::DataLossError("bad row");
    counts_[std::string(key)] = std::stoi(std::string(value));
    return absl::OkStatus();
  }
  size_t RowCount() const override { return counts_.size(); }

  const std::map<std::string, int>& counts() const { return counts_; }
  // Events folded since it was made, and of these the ones whose commit was done.
  uint64_t total() const { return total_; }
  uint64_t settled() const { return settled_; }
  uint64_t last_position() const { return last_position_; }

 private:
  const bool fragile_;
  std::map<std::string, int> counts_;
  std::set<std::string> changed_;
  uint64_t total_ = 0;
  uint64_t settled_ = 0;
  uint64_t last_position_ = 0;
};

inline ViewDefinition SturdyDefinition(int version = 1) {
  return {"sturdy", version, [] { return std::make_unique<CountView>(false); }};
}
inline ViewDefinition FragileDefinition(int version = 1) {
  return {"fragile", version, [] { return std::make_unique<CountView>(true); }};
}

// One commit of notes with those bodies, all in one stream.
inline eventstore::NewCommit NotesCommit(const std::string& tenant, const std::string& stream,
                                         const std::vector<std::string>& bodies) {
  static std::atomic<int> count{0};
  eventstore::NewCommit commit;
  commit.tenant = eventstore::TenantId{tenant};
  commit.recorded_at_us = 1'700'000'000'000'000;
  commit.origin.principal = "user:test";
  for (const std::string& body : bodies) {
    events::v1::Event event;
    event.mutable_note()->mutable_note_written()->set_body(body);
    eventstore::NewEvent added;
    added.stream = {"note", stream};
    added.type = "NoteWritten";
    added.event_id = base::UuidBytes(base::DeriveUuid7(1, std::to_string(++count)));
    added.payload = event.SerializeAsString();
    commit.events.push_back(std::move(added));
  }
  return commit;
}

}  // namespace dealog::projections
