#pragma once

// The facts that KPIs count: visits, cycle spans and attribute changes of deals.

#include <array>
#include <cstdint>
#include <limits>

#include "projections/views/deal_field.h"
#include "projections/views/deals_symbols.h"
#include "projections/views/horizon.h"
#include "projections/views/money.h"

namespace dealog::projections {

// Number of a deal within its tenant's view, dense from 0; means nothing outside of it.
using DealIndex = uint32_t;
inline constexpr DealIndex kNoDeal = std::numeric_limits<DealIndex>::max();

// How a visit began.
enum class EntryKind : uint8_t {
  kCreated,
  kForward,
  kSkipForward,
  kBackward,
  kReopened,
  kPipelineChange,
  kAdmin,
};

// How a visit ended.
enum class ExitKind : uint8_t {
  kStillOpen,
  kForward,
  kSkipForward,
  kBackward,
  kWon,
  kLost,
  kPipelineChange,
  kAdmin,
  kDeleted,
  kMerged,
};

enum class Outcome : uint8_t { kOpen, kWon, kLost };

// A stay of a deal in an OPEN stage. Corrected (undone) visits are never made.
struct Visit {
  int64_t entered_us = 0;
  int64_t exited_us = kNever;
  Symbol stage = kNoSymbol;
  uint16_t cycle = 1;
  EntryKind entry = EntryKind::kCreated;
  ExitKind exit = ExitKind::kStillOpen;

  bool operator==(const Visit&) const = default;
};
static_assert(sizeof(Visit) == 24, "Small: KPIs read all visits.");

// A cycle from its opening, or from a resumption, to the next closing. A cycle that was closed and
// resumed twice has three spans; at every instant exactly one of them is its current one, so that
// counting current spans counts every cycle once, by its last closing as of then.
struct CycleSpan {
  int64_t cycle_opened_us = 0;
  int64_t begin_us = 0;              // When the cycle opened or resumed.
  int64_t closed_us = kNever;        // kNever: open.
  int64_t reopened_us = kNever;      // When the deal was reopened after this closing.
  int64_t amount_minor = 0;          // At the closing, see has_amount.
  int64_t amount_since_us = kNever;  // Since when the amount was set; kNever: there was none.
  Symbol first_stage = kNoSymbol;    // Of the cycle.
  Symbol last_open_stage = kNoSymbol;
  Symbol closed_stage = kNoSymbol;
  Symbol reason = kNoSymbol;  // Why it was lost.
  Currency currency = 0;
  uint16_t cycle = 1;
  Outcome outcome = Outcome::kOpen;
  bool resumed = false;  // Reopened within the same cycle.

  bool operator==(const CycleSpan&) const = default;
  // Everything as of T counts what is strictly before T.
  bool IsCyclesCurrent(int64_t as_of) const {
    return begin_us < as_of && !(resumed && reopened_us < as_of);
  }
  bool IsDealsCurrent(int64_t as_of) const { return begin_us < as_of && reopened_us >= as_of; }
  Outcome OutcomeAt(int64_t as_of) const { return closed_us < as_of ? outcome : Outcome::kOpen; }
  bool HasAmount(int64_t as_of) const { return amount_since_us < as_of; }
};

// A field's value is the number of a symbol or tag set, an amount or a day.
inline constexpr int64_t kUnset = std::numeric_limits<int64_t>::min();
struct FieldValue {
  int64_t value = kUnset;
  Currency currency = 0;
  bool operator==(const FieldValue&) const = default;
  bool set() const { return value != kUnset; }
  Symbol symbol() const { return set() ? static_cast<Symbol>(value) : kNoSymbol; }
};

// A field took a value.
struct Change {
  int64_t at_us = 0;
  int64_t value = kUnset;
  Currency currency : 24 = 0;
  uint32_t field : 8 = 0;
  static_assert(kDealFieldCount <= 256, "A field's number has 8 bits.");

  bool operator==(const Change&) const = default;
  bool Is(DealField asked) const { return field == static_cast<uint32_t>(asked); }
  FieldValue field_value() const { return {.value = value, .currency = currency}; }
};

// A deal's symbols and the code of its tag set at an instant, for grouping by them; by the fields
// that are grouped by.
using AttributeValues = std::array<uint32_t, kSymbolFieldCount>;
// Set in a value that is the deal's first one, set after the instant: it counts only as of later
// than that.
inline constexpr uint32_t kSetLater = 1U << 31;

// Attributes of a span.
struct SpanAttributes {
  AttributeValues opened{};  // At the opening of its cycle.
  AttributeValues closed{};  // At its closing; of an open one, the last ones.

  bool operator==(const SpanAttributes&) const = default;
};

// Where a deal stands at an instant.
struct Standing {
  int64_t entered_us = 0;      // Its stage.
  int64_t closed_us = kNever;  // kNever: open.
  Symbol stage = kNoSymbol;
  Symbol last_open_stage = kNoSymbol;
  Symbol reason = kNoSymbol;
  uint16_t cycle = 1;
  Outcome outcome = Outcome::kOpen;

  bool operator==(const Standing&) const = default;
};

}  // namespace dealog::projections
