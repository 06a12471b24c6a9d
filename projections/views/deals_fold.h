#pragma once

// The fold of a deal's tape: a pure function of the tape and a horizon. Compensated events (undone
// moves, voided closings) leave every as_of once their compensator is known; what is left is cut
// at as_of. So a known_at answer is the answer of a log cut there, by construction.
//
// Events are taken one by one, and each costs about the same however long the tape is: an event at
// the head appends, a back-dated value is inserted at its place and touches the visits and spans up
// to the next value. Only a compensation walks all stage events again, once per Settle.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "projections/views/deals_changes.h"
#include "projections/views/deals_facts.h"
#include "projections/views/deals_tape.h"
#include "projections/views/tag_sets.h"
#include "projections/views/time_list.h"

namespace dealog::projections {

// A stage event that holds.
struct StageStep {
  TapeKind kind{};
  uint32_t revision = 0;
  uint64_t position = 0;
  int64_t occurred_us = 0;
  Symbol stage = kNoSymbol;
  Symbol reason = kNoSymbol;
  Symbol actor = kNoSymbol;
  events::v1::MoveDirection direction{};
  bool administrative = false;
  bool new_cycle = false;
};

// What is known of one deal. Meant to be reused: it keeps its memory.
// Thread safety: const methods from many threads. Ownership: `tag_sets` must outlive it.
// Invariants: after Settle, it is what a new one is that took the same events, and settled once.
class DealFacts {
 public:
  struct TagChange {
    int64_t at_us = 0;
    Symbol tag = kNoSymbol;  // kNoSymbol: none, the deal was opened.
    bool added = false;
  };
  struct ContactChange {
    int64_t at_us = 0;
    std::string contact_id;
    std::string role;
    bool added = false;
  };

  // With `tag_sets`, tags have changes of their own (codes of its sets), and visits and spans have
  // attributes at hand; without, neither.
  explicit DealFacts(TagSets* tag_sets = nullptr) : tag_sets_(tag_sets) { Clear(kNever); }

  // Nothing is known; of what will be taken, what occurred before the instant counts.
  void Clear(int64_t as_of_us);
  // Takes the tape's next event.
  void Take(const TapeEvent& event);
  // Brings visits, spans, standing, tags and attributes up to the events taken.
  void Settle();
  // Nothing that follows on the tape will count: the deal was opened at or after as_of.
  bool ended() const { return ended_; }

  bool exists = false;
  bool newer = false;  // Some event holds what this build does not know.
  Symbol pipeline = kNoSymbol;
  int64_t opened_us = kNever;
  uint32_t revision = 0;
  uint64_t last_position = 0;
  int64_t updated_us = 0;        // recorded_at of the last event.
  int64_t last_occurred_us = 0;  // The latest occurred_at of all events.
  bool retitled = false;         // The title changed since the opening.
  std::string title;
  std::string external_key;
  Standing standing;
  std::vector<Visit> visits;                        // In order.
  std::vector<CycleSpan> spans;                     // In order.
  std::vector<AttributeValues> visit_attributes;    // At the same places as visits.
  std::vector<SpanAttributes> span_attributes;      // At the same places as spans.
  std::array<ChangeList, kDealFieldCount> changes;  // By field.
  TimeList<TagChange> tag_changes;
  TimeList<ContactChange> contact_changes;

  const ChangeList& ChangesOf(DealField field) const { return changes[NumberOf(field)]; }
  // The last value of a field; not of kTags.
  FieldValue Latest(DealField field) const;
  // Fields with more than one value over time.
  DealFieldMask changing() const;
  // The tags it has after all changes, sorted by symbol.
  std::vector<Symbol> Tags() const;
  // The contacts it has after all changes, in the order in which they were linked. Valid until the
  // facts change.
  std::vector<std::pair<std::string_view, std::string_view>> Contacts() const;
  // Where the deal stood after each stage event that holds and took effect before as_of, in order.
  void ForEachStanding(
      int64_t as_of_us,
      const std::function<void(const StageStep& step, const Standing& standing)>& visitor) const;

 private:
  friend class StageWalk;

  void TakeValues(const TapeEvent& event);
  void TakeTags(const TapeEvent& event);
  void Compensate(const TapeEvent& event);
  void AddStep(const TapeEvent& event);
  void AddChange(DealField field, int64_t at_us, const FieldValue& value);
  void SettleTags();
  void SettleSteps();
  // Recomputes what visits and spans hold of a field at the instants [begin, last].
  void Refresh(DealField field, int64_t begin_us, int64_t last_us);
  void SetAttributesOfVisit(size_t visit);
  void SetAttributesOfSpan(size_t span);
  void SetAmountOfSpan(CycleSpan& span) const;

  TagSets* tag_sets_;
  int64_t as_of_us_ = kNever;
  bool ended_ = false;
  int64_t titled_us_ = 0;
  std::vector<StageStep> steps_;
  size_t walked_ = 0;          // How many steps visits and spans show.
  int64_t walked_us_ = 0;      // When the last of them took effect.
  bool compensated_ = false;   // A step that was walked is gone.
  bool tags_pending_ = false;  // Tags changed at instants of [tags_first_us_, tags_last_us_].
  int64_t tags_first_us_ = 0;
  int64_t tags_last_us_ = 0;
};

// Folds the tape from its start; false if it is malformed.
bool FoldTape(const Tape& tape, const Horizon& horizon, DealFacts& facts);

}  // namespace dealog::projections
