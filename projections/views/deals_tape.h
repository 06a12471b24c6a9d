#pragma once

// A deal's tape: the essential facts of all its events, in stream order, in few bytes. It is the
// deal's rows in the view store, and what every fact about the deal is folded from (deals_fold.h).
//
//   tape  = { chunk }             all but the last hold kTapeChunkEvents events
//   chunk = { event }
//   event = kind position_delta recorded_delta occurred_lag revision_delta actor body
//   kind  = TapeKind, and kNewerBit if the event holds what this build does not know
//   body  = see Encode… in deals_tape.cc
//
// Deltas are to the event before, across chunks (0 for the first); occurred_lag = recorded_at -
// occurred_at; actor is a symbol.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "eventstore/base/cow.h"
#include "projections/projection.h"
#include "projections/views/deals_facts.h"
#include "projections/views/deals_symbols.h"
#include "projections/views/limits.h"
#include "projections/views/row_codec.h"

namespace dealog::projections {

enum class TapeKind : uint8_t {
  kOpened = 1,
  kMoved,
  kWon,
  kLost,
  kReopened,
  kCloseVoided,
  kMoveUndone,
  kAttributes,  // Owner, amount, expected close date and plain fields.
  kTags,
  kContacts,
  kUnknown,  // Of a newer release: it changes nothing but the revision.
};

// A field took a value.
struct TapeValue {
  DealField field{};
  FieldValue value;       // Symbols are numbers.
  std::string_view text;  // Of a field that is kept as text.
};

// One event. Only what its kind has is meaningful.
struct TapeEvent {
  TapeKind kind{};
  bool newer = false;  // It holds what this build does not know (states::FindNewerField).
  uint64_t position = 0;
  uint32_t revision = 0;
  int64_t recorded_us = 0;
  int64_t occurred_us = 0;
  Symbol actor = kNoSymbol;
  // Stage events. `stage` is the stage that the deal is in afterwards.
  Symbol stage = kNoSymbol;
  Symbol pipeline = kNoSymbol;  // kOpened.
  uint32_t pipeline_revision = 0;
  events::v1::MoveDirection direction{};
  events::v1::MoveCause cause{};
  events::v1::ReopenMode mode{};
  Symbol reason = kNoSymbol;
  uint32_t target_revision = 0;  // kCloseVoided, kMoveUndone: the event that never was true.
  absl::InlinedVector<TapeValue, 8> values;  // kOpened: every field's; kAttributes.
  std::string_view external_key;             // kOpened.
  // kOpened, kTags, kContacts.
  bool removed = false;
  absl::InlinedVector<Symbol, 4> tags;
  absl::InlinedVector<std::pair<std::string_view, std::string_view>, 2> contacts;  // Id, role.
};

// Where a tape ends: what the next event's deltas refer to.
struct TapeEnd {
  uint64_t position = 0;
  int64_t recorded_us = 0;
  uint32_t revision = 0;
};

class TapeReader;

// Thread safety: const methods from many threads.
// Invariants: a chunk ends after kTapeChunkEvents events, whenever it was flushed; only the last
// one changes, by growing.
class Tape {
 public:
  // Appends one event of the deal's stream; INTERNAL if it breaks the stream's order.
  // `appended`, unless null, becomes the event as a reader reads it; its texts point into the tape.
  absl::Status Append(const FoldedEvent& event, Symbols& symbols, TapeEvent* appended);
  // Takes the chunk of that number back, in order; false if it does not parse or holds a symbol
  // that is not known.
  bool Load(size_t number, std::string_view bytes, const Symbols& symbols);

  bool empty() const { return last_.empty(); }
  // More than one chunk.
  bool long_one() const { return full_.has_value(); }
  size_t chunk_count() const { return full_count() + (empty() ? 0 : 1); }
  size_t LastChunkBytes() const { return last_.size(); }
  std::string_view Chunk(size_t number) const {
    return number < full_count() ? std::string_view((**full_)[number]) : std::string_view(last_);
  }

 private:
  size_t full_count() const { return full_ ? (*full_)->size() : 0; }

  std::string last_;
  std::optional<base::Cow<std::vector<std::string>>> full_;  // The chunks before, if any.
  TapeEnd end_;
  uint32_t last_events_ = 0;  // In last_.
};

// Reads a tape from its start. Thread safety: none. Ownership: the tape must outlive it and stay as
// it is; texts point into it.
class TapeReader {
 public:
  explicit TapeReader(const Tape& tape) : TapeReader(tape.Chunk(0), {}) { tape_ = &tape; }
  // Reads events of one chunk that follow `end`.
  TapeReader(std::string_view chunk, const TapeEnd& end) : reader_(chunk), end_(end) {}
  // False at the end, or at a malformed event: then ok() is false.
  bool Next(TapeEvent& event);
  bool ok() const { return ok_ && reader_.ok(); }
  const TapeEnd& end() const { return end_; }

 private:
  void ReadBody(TapeEvent& event);
  void ReadValues(TapeEvent& event);
  void ReadTags(TapeEvent& event);
  void ReadContacts(TapeEvent& event);
  Symbol ReadSymbol() { return static_cast<Symbol>(reader_.Unsigned()); }

  const Tape* tape_ = nullptr;
  size_t chunk_ = 0;
  RowReader reader_;
  TapeEnd end_;
  bool ok_ = true;
};

}  // namespace dealog::projections
