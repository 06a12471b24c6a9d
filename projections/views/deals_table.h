#pragma once

// The fact table of one tenant: all deals' attributes in columns, their visits and cycle spans in
// arrays. Answers of any as_of come from the one table; a known_at in the past has a table of its
// own, folded from tapes cut there.
//
// Visits and spans are arrays of 24 and 72 byte rows, not one array per column: a KPI reads most of
// a row's columns, and a fold writes one row at one place. Of a deal with many events the table
// keeps the fold itself, so that one more event costs the same however many there are; its rows lie
// there.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "projections/views/cow_column.h"
#include "projections/views/deals_changes.h"
#include "projections/views/deals_facts.h"
#include "projections/views/deals_fold.h"
#include "projections/views/deals_index.h"
#include "projections/views/deals_standing.h"
#include "projections/views/kept_folds.h"
#include "projections/views/slot_pool.h"
#include "projections/views/tag_sets.h"

namespace dealog::projections {

// Thread safety: const methods from many threads; a table may be written while its copies are read.
// Invariants: SetColumns is the only writer of columns; indexes follow each of its calls.
class FactTable {
 public:
  // The deals' ids, which may be more than the table's deals.
  explicit FactTable(DealIds ids) : ids_(std::move(ids)) {}
  // Shares what it holds with the original, until one of both is written. A copy is for reading: it
  // has no indexes.
  FactTable(const FactTable& other);
  FactTable(FactTable&&) = default;
  FactTable& operator=(FactTable&&) = default;

  // Makes room for deals [0, count).
  void Resize(size_t count);
  // Replaces all facts of one deal, which is not kept.
  void Set(DealIndex deal, const DealFacts& facts);
  // The fold of a deal that is kept; nullptr if it is not.
  const DealFacts* Kept(DealIndex deal) const { return kept_.Find(deal); }
  // To take more events; then SetKept.
  DealFacts& EditKept(DealIndex deal) { return kept_.Edit(deal); }
  // Keeps the deal's fold from now on, which must be made with tag_sets().
  void Keep(DealIndex deal, DealFacts facts);
  // Takes over what a kept fold took since.
  void SetKept(DealIndex deal);
  // Makes the indexes of all deals, which are kept up from then on. Of the table of all that is
  // known now only: questions about a past go through its columns. The table must stay where it is.
  void MakeIndexes();
  void DropIndexes() { indexes_.reset(); }
  // nullptr: none were made.
  const DealIndexes* indexes() const { return indexes_.get(); }
  // What the indexes' orders compare by.
  DealKeys keys() const { return DealKeys(*this, ids_); }
  // For folds whose facts this table takes.
  TagSets* tag_sets() { return tag_sets_.get(); }

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
  // True if all events of the deal occurred before as_of.
  bool IsWhole(DealIndex deal, int64_t as_of) const { return last_occurred_us[deal] < as_of; }
  // The last value before as_of.
  FieldValue Latest(DealIndex deal, DealField field, int64_t as_of) const;
  // The value at an instant: the last one at or before it, else the first that is set; only what
  // occurred before as_of counts.
  FieldValue At(DealIndex deal, DealField field, int64_t instant, int64_t as_of) const;
  // The column of a field whose values are symbols or tag sets: from kOwner to kTags.
  const CowColumn<uint32_t>& SymbolColumn(DealField field) const {
    return symbols_[NumberOf(field)];
  }
  // The set of tags of a value of kTags, sorted by symbol.
  const std::vector<Symbol>& TagSet(FieldValue value) const {
    return tag_sets_->Set(value.symbol());
  }
  size_t tag_set_count() const { return tag_sets_->size(); }
  // The latest move between closed stages before as_of; kNoSymbol if there is none after the
  // closing.
  Change ClosedStage(DealIndex deal, int64_t closed_us, int64_t as_of) const;

  // About how much memory it takes, bytes.
  size_t ApproximateBytes() const;

  // Columns, by deal. opened_us is kNever where the deal is not known.
  CowColumn<int64_t> opened_us;
  CowColumn<Symbol> pipeline;
  CowColumn<DealFieldMask> changing;
  CowColumn<uint32_t> revision;
  CowColumn<uint64_t> last_position;
  CowColumn<int64_t> updated_us;
  CowColumn<int64_t> last_occurred_us;
  CowColumn<std::string> title;
  CowColumn<std::string> external_key;
  StandingColumns standing;

 private:
  FieldValue Now(DealIndex deal, DealField field) const;
  void SetColumns(DealIndex deal, const DealFacts& facts);
  DealPlace PlaceOf(DealIndex deal) const;
  PostedValues PostedOf(DealIndex deal) const;
  ChangeSpan ChangesOf(DealIndex deal, DealField field) const;

  // Columns of fields, by their number.
  std::array<CowColumn<uint32_t>, kSymbolFieldCount> symbols_;
  std::array<CowColumn<int64_t>, kNumberFieldCount> numbers_;  // kUnset: none.
  CowColumn<Currency> currency_;                               // Of kAmount.
  SlotPool<Visit> visits_;
  SlotPool<CycleSpan> spans_;
  // Assigned together with visits_ and spans_: places are the same.
  SlotPool<AttributeValues> visit_attributes_;
  SlotPool<SpanAttributes> span_attributes_;
  SlotPool<Change> changes_;  // By (field, at); of changing fields only, and not of kept deals.
  std::shared_ptr<TagSets> tag_sets_ = std::make_shared<TagSets>();  // Copies' as well.
  KeptFolds kept_;
  std::unique_ptr<DealIndexes> indexes_;
  DealIds ids_;
  std::vector<Change> scratch_;  // Reused by Set.
};

// In the header, because boards and KPIs ask for every deal, of a field known when compiling.
inline FieldValue FactTable::Now(DealIndex deal, DealField field) const {
  const size_t number = NumberOf(field);
  if (number < kSymbolFieldCount) {
    const uint32_t symbol = symbols_[number][deal];
    return {.value = symbol == kNoSymbol ? kUnset : static_cast<int64_t>(symbol)};
  }
  if (number >= kSymbolFieldCount + kNumberFieldCount) return {};
  return {.value = numbers_[number - kSymbolFieldCount][deal],
          .currency = field == DealField::kAmount ? currency_[deal] : 0};
}

inline FieldValue FactTable::Latest(DealIndex deal, DealField field, int64_t as_of) const {
  if (as_of == kNever || IsWhole(deal, as_of) || !Changes(deal, field)) return Now(deal, field);
  return At(deal, field, kNever, as_of);
}

}  // namespace dealog::projections
