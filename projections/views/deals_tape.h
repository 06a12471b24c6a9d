#pragma once

// A deal's tape: the essential facts of all its events, in stream order, in few bytes. It is the
// deal's row in the view store, and what every fact about the deal is folded from (deals_fold.h).
//
//   tape  = { event }
//   event = kind position_delta recorded_delta occurred_lag revision_delta body
//   body  = see Encode… in deals_tape.cc
//
// Deltas are to the event before (0 for the first); occurred_lag = recorded_at - occurred_at.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "projections/projection.h"
#include "projections/views/deals_symbols.h"
#include "projections/views/money.h"
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
};

// Which attributes an event sets.
enum TapeAttribute : uint8_t {
  kSetsTitle = 1,
  kSetsSource = 2,
  kSetsOrganization = 4,
  kSetsProduct = 8,
  kSetsOwner = 16,
  kSetsAmount = 32,
  kSetsExpectedClose = 64,
  kSetsAll = 127,
};

// One event. Only what its kind has is meaningful.
struct TapeEvent {
  TapeKind kind{};
  uint64_t position = 0;
  uint32_t revision = 0;
  int64_t recorded_us = 0;
  int64_t occurred_us = 0;
  // Stage events. `stage` is the stage that the deal is in afterwards.
  Symbol stage = kNoSymbol;
  Symbol pipeline = kNoSymbol;  // kOpened.
  uint32_t pipeline_revision = 0;
  events::v1::MoveDirection direction{};
  events::v1::MoveCause cause{};
  events::v1::ReopenMode mode{};
  Symbol reason = kNoSymbol;
  uint32_t target_revision = 0;  // kCloseVoided, kMoveUndone: the event that never was true.
  // kOpened and kAttributes.
  uint8_t sets = 0;  // TapeAttribute.
  std::string_view title;
  Symbol source = kNoSymbol;
  Symbol organization = kNoSymbol;
  Symbol product = kNoSymbol;
  Symbol owner = kNoSymbol;
  bool has_amount = false;
  int64_t amount_minor = 0;
  Currency currency = 0;
  bool has_expected_close = false;
  int32_t expected_close_day = 0;
  std::string_view external_key;  // kOpened.
  // kOpened, kTags, kContacts.
  bool removed = false;
  absl::InlinedVector<Symbol, 4> tags;
  absl::InlinedVector<std::pair<std::string_view, std::string_view>, 2> contacts;  // Id, role.
};

// Where a tape ends: what the next event's deltas refer to.
struct TapeEnd {
  uint64_t position = 0;
  uint32_t revision = 0;
  int64_t recorded_us = 0;
};

// Appends one event of the deal; INTERNAL if it is no deal event or breaks the stream's order.
absl::Status AppendToTape(const FoldedEvent& event, Symbols& symbols, TapeEnd& end,
                          std::string& tape);

// Reads a tape from its start. Thread safety: none. Ownership: texts point into the tape.
class TapeReader {
 public:
  explicit TapeReader(std::string_view tape) : reader_(tape) {}
  // False at the end, or at a malformed event: then ok() is false.
  bool Next(TapeEvent& event);
  bool ok() const { return ok_ && reader_.ok(); }
  const TapeEnd& end() const { return end_; }

 private:
  void ReadAttributes(TapeEvent& event);
  void ReadTags(TapeEvent& event);
  void ReadContacts(TapeEvent& event);

  RowReader reader_;
  TapeEnd end_;
  bool ok_ = true;
};

}  // namespace dealog::projections
