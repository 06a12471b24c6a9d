#pragma once

// The fields of a deal that change over time, as the fact store numbers them. Masks, tapes, columns
// and changes are sized by this list; deals_fields.h says how each is read and written.

#include <cstddef>
#include <cstdint>

namespace dealog::projections {

enum class DealField : uint8_t {
  // Symbols: columns that KPIs group by.
  kOwner,
  kSource,
  kOrganization,
  kProduct,
  kTags,  // Values are codes of tag sets.
  // Numbers.
  kAmount,
  kExpectedClose,  // Days since 1970-01-01.
  // Without a column.
  kClosedStage,  // Moves between closed stages of one kind.
  kTitle,        // Its changes are on the tape only; the mask says whether there are any.
};
inline constexpr size_t NumberOf(DealField field) { return static_cast<size_t>(field); }
inline constexpr size_t kDealFieldCount = NumberOf(DealField::kTitle) + 1;
inline constexpr size_t kSymbolFieldCount = NumberOf(DealField::kTags) + 1;
inline constexpr size_t kNumberFieldCount =
    NumberOf(DealField::kExpectedClose) + 1 - kSymbolFieldCount;

// Which fields: one bit each.
using DealFieldMask = uint64_t;
static_assert(kDealFieldCount <= 64, "A mask has one bit per field.");
constexpr DealFieldMask MaskOf(DealField field) { return DealFieldMask{1} << NumberOf(field); }

}  // namespace dealog::projections
