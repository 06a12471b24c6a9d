#pragma once

// The fact table of one tenant: all deals' attributes in columns, their visits and cycle spans in
// arrays. Answers of any as_of come from the one table; a known_at in the past has a table of its
// own, folded from tapes cut there.
//
// Visits and spans are arrays of 24 and 72 byte rows, not one array per column: a KPI reads most of
// a row's columns, and a fold writes one row at one place.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "projections/views/deals_facts.h"
#include "projections/views/deals_fold.h"
#include "projections/views/deals_standing.h"
#include "projections/views/slot_pool.h"

namespace dealog::projections {

// Thread safety: const methods from many threads.
class FactTable {
 public:
  FactTable() = default;
  FactTable(FactTable&&) = default;
  FactTable& operator=(FactTable&&) = default;

  // Makes room for deals [0, count).
  void Resize(size_t count);
  // Replaces all facts of one deal.
  void Set(DealIndex deal, const DealFacts& facts);

  size_t deal_count() const { return opened_us.size(); }
  std::span<const Visit> VisitsOf(DealIndex deal) const { return visits_.Of(deal); }
  std::span<const CycleSpan> SpansOf(DealIndex deal) const { return spans_.Of(deal); }
  // At the same places as the deal's visits and spans.
  std::span<const AttributeValues> VisitAttributesOf(DealIndex deal) const {
    return visit_attributes_.Of(deal);
  }
  std::span<const SpanAttributes> SpanAttributesOf(DealIndex deal) const {
    return span_attributes_.Of(deal);
  }

  // True if the field has more than one value over time: else its column holds for every instant.
  bool Changes(DealIndex deal, DealField field) const { return changing[deal] & MaskOf(field); }
  // Changes of the fields that do, by (field, at).
  std::span<const Change> ChangesOf(DealIndex deal) const { return changes_.Of(deal); }
  // True if all events of the deal occurred before as_of.
  bool IsWhole(DealIndex deal, int64_t as_of) const { return last_occurred_us[deal] < as_of; }
  // The last value before as_of.
  FieldValue Latest(DealIndex deal, DealField field, int64_t as_of) const;
  // The column of a field whose values are symbols or tag sets: from kOwner to kTags.
  const std::vector<uint32_t>& SymbolColumn(DealField field) const;
  // The set of tags of a value of kTags, sorted by symbol.
  const std::vector<Symbol>& TagSet(FieldValue value) const { return *tag_sets_[value.symbol()]; }
  size_t tag_set_count() const { return tag_sets_.size(); }
  // The latest move between closed stages before as_of; kNoSymbol if there is none after the
  // closing.
  Change ClosedStage(DealIndex deal, int64_t closed_us, int64_t as_of) const;

  // Columns, by deal. opened_us is kNever where the deal is not known.
  std::vector<int64_t> opened_us;
  std::vector<Symbol> pipeline;
  std::vector<Symbol> owner;
  std::vector<Symbol> source;
  std::vector<Symbol> organization;
  std::vector<Symbol> product;
  std::vector<uint32_t> tags;
  std::vector<int64_t> amount_minor;  // kUnset: none.
  std::vector<Currency> currency;
  std::vector<int64_t> expected_close_day;  // kUnset: none.
  std::vector<DealFieldMask> changing;
  std::vector<uint32_t> revision;
  std::vector<uint64_t> last_position;
  std::vector<int64_t> updated_us;
  std::vector<int64_t> last_occurred_us;
  std::vector<uint8_t> retitled;  // 1: the title at an as_of may be another one.
  std::vector<std::string> title;
  std::vector<std::string> external_key;
  StandingColumns standing;

 private:
  FieldValue Column(DealIndex deal, DealField field) const;
  void SetColumn(DealIndex deal, DealField field, FieldValue value);
  void AppendTagChanges(const DealFacts& facts);
  void SetAttributes(DealIndex deal, const DealFacts& facts);
  uint32_t InternTagSet(const std::vector<Symbol>& tags);

  SlotPool<Visit> visits_;
  SlotPool<CycleSpan> spans_;
  // Assigned together with visits_ and spans_: places are the same.
  SlotPool<AttributeValues> visit_attributes_;
  SlotPool<SpanAttributes> span_attributes_;
  SlotPool<Change> changes_;  // Of changing fields only.
  std::map<std::vector<Symbol>, uint32_t> tag_set_codes_{{{}, 0}};
  std::vector<const std::vector<Symbol>*> tag_sets_{&tag_set_codes_.begin()->first};
  // Reused by Set.
  std::vector<Change> scratch_;
  std::vector<Symbol> tag_scratch_;
  std::vector<AttributeValues> visit_scratch_;
  std::vector<SpanAttributes> span_scratch_;
};

// In the header, because boards and KPIs ask for every deal, of a field known when compiling.
inline FieldValue FactTable::Column(DealIndex deal, DealField field) const {
  const auto symbol = [](uint32_t number) {
    return FieldValue{.value = number == kNoSymbol ? kUnset : static_cast<int64_t>(number)};
  };
  switch (field) {
    case DealField::kOwner:
      return symbol(owner[deal]);
    case DealField::kSource:
      return symbol(source[deal]);
    case DealField::kOrganization:
      return symbol(organization[deal]);
    case DealField::kProduct:
      return symbol(product[deal]);
    case DealField::kTags:
      return symbol(tags[deal]);
    case DealField::kAmount:
      return {.value = amount_minor[deal], .currency = currency[deal]};
    case DealField::kExpectedClose:
      return {.value = expected_close_day[deal]};
    case DealField::kClosedStage:
      break;
  }
  return {};
}

inline FieldValue FactTable::Latest(DealIndex deal, DealField field, int64_t as_of) const {
  if (as_of == kNever || IsWhole(deal, as_of) || !Changes(deal, field)) return Column(deal, field);
  return ValueAt(changes_.Of(deal), field, kNever, as_of);
}

}  // namespace dealog::projections
