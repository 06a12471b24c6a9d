#pragma once

// The fold of a deal's tape: a pure function of the tape and a horizon. Compensated events (undone
// moves, voided closings) leave every as_of once their compensator is known; what is left is cut
// at as_of. So a known_at answer is the answer of a log cut there, by construction.

#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "projections/views/deals_facts.h"
#include "projections/views/deals_tape.h"

namespace dealog::projections {

// What is known of one deal. Texts point into the tape. Meant to be reused: it keeps its memory.
struct DealFacts {
  struct TagChange {
    int64_t at_us;
    Symbol tag;
    bool added;
  };
  struct ContactChange {
    int64_t at_us;
    std::string_view contact_id;
    std::string_view role;
    bool added;
  };

  bool exists = false;
  Symbol pipeline = kNoSymbol;
  int64_t opened_us = kNever;
  uint32_t revision = 0;
  uint64_t last_position = 0;
  int64_t updated_us = 0;        // recorded_at of the last event.
  int64_t last_occurred_us = 0;  // The latest occurred_at of all events.
  bool retitled = false;         // The title changed since the opening.
  std::string_view title;
  std::string_view external_key;
  Standing standing;
  std::vector<Visit> visits;           // In order.
  std::vector<CycleSpan> spans;        // In order.
  std::vector<Change> changes;         // By (field, at), ties in stream order.
  std::vector<TagChange> tag_changes;  // By at, ties in stream order.
  std::vector<ContactChange> contact_changes;  // By at, ties in stream order.

  // The last value of a field.
  FieldValue Latest(DealField field) const;
  // The tags it has after all changes, sorted by symbol.
  std::vector<Symbol> Tags() const;
  // The contacts it has after all changes, in the order in which they were linked.
  std::vector<std::pair<std::string_view, std::string_view>> Contacts() const;
};

// Folds the tape; false if it is malformed.
bool FoldTape(std::string_view tape, const Horizon& horizon, DealFacts& facts);

// The value at an instant of a field's changes (sorted): the last one at or before it, else the
// first that is set; only changes before as_of count.
template <typename Changes>
FieldValue ValueAt(const Changes& changes, DealField field, int64_t instant, int64_t as_of) {
  FieldValue current;
  bool found = false;
  for (const Change& change : changes) {
    if (!change.Is(field)) continue;
    if (change.at_us >= as_of || (found && change.at_us > instant)) break;
    if (!found && change.value == kUnset) continue;
    current = change.field_value();
    found = true;
    if (change.at_us > instant) break;
  }
  return current;
}

}  // namespace dealog::projections
