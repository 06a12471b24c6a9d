#pragma once

// For every value of a field that is a number of a dictionary (an owner, a tag, a stage, …) the
// deals that have it now. A filter that names such a value looks at these deals only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "projections/views/deal_set.h"
#include "projections/views/deals_symbols.h"

namespace dealog::projections {

// Fields that are posted. Values are symbols but for kStatus, see StatusNumber.
enum class Posted : uint8_t {
  kOwner,
  kSource,
  kOrganization,
  kProduct,
  kTags,  // One value per tag.
  kPipeline,
  kStage,
  kLastOpenStage,
  kStatus,
  kLostReason,
};
inline constexpr size_t kPostedCount = static_cast<size_t>(Posted::kLostReason) + 1;

// 0 is the number of nothing everywhere.
constexpr uint32_t StatusNumber(Outcome outcome) { return static_cast<uint32_t>(outcome) + 1; }
constexpr Outcome OutcomeOf(uint32_t status) { return static_cast<Outcome>(status - 1); }

// What is posted of one deal.
struct PostedValues {
  std::array<uint32_t, kPostedCount> values{};  // kNoSymbol: none; of kTags the code of the set.
  const std::vector<Symbol>* tags = nullptr;    // The set. Stays where it is.

  uint32_t& operator[](Posted field) { return values[static_cast<size_t>(field)]; }
  uint32_t operator[](Posted field) const { return values[static_cast<size_t>(field)]; }
};

// Thread safety: const methods from many threads. Invariants: equal to a scan of all deals; no set
// is empty.
class DealPostings {
 public:
  // -before +after; of a deal that is new, before has no values.
  void Replace(DealIndex deal, const PostedValues& before, const PostedValues& after);

  // nullptr: no deal has the value.
  const DealSet* Find(Posted field, uint32_t value) const;
  // visitor(value, deals), in no order.
  template <typename Visitor>
  void ForEach(Posted field, Visitor visitor) const {
    for (const auto& [value, deals] : sets_[static_cast<size_t>(field)]) visitor(value, deals);
  }
  // Looks at every set.
  size_t ApproximateBytes() const;

 private:
  using Sets = absl::flat_hash_map<uint32_t, DealSet>;

  static void Put(Sets& sets, uint32_t value, DealIndex deal);
  static void Take(Sets& sets, uint32_t value, DealIndex deal);

  std::array<Sets, kPostedCount> sets_;
};

}  // namespace dealog::projections
