#include "projections/views/deals_table.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"

namespace dealog::projections {

FactTable::FactTable(const FactTable& other)
    : opened_us(other.opened_us),
      pipeline(other.pipeline),
      changing(other.changing),
      revision(other.revision),
      last_position(other.last_position),
      updated_us(other.updated_us),
      last_occurred_us(other.last_occurred_us),
      title(other.title),
      external_key(other.external_key),
      standing(other.standing),
      symbols_(other.symbols_),
      numbers_(other.numbers_),
      currency_(other.currency_),
      visits_(other.visits_),
      spans_(other.spans_),
      visit_attributes_(other.visit_attributes_),
      span_attributes_(other.span_attributes_),
      changes_(other.changes_),
      tag_sets_(other.tag_sets_),
      kept_(other.kept_),
      ids_(other.ids_) {}

void FactTable::Resize(size_t count) {
  opened_us.Resize(count, kNever);
  pipeline.Resize(count);
  for (auto& column : symbols_) column.Resize(count);
  for (auto& column : numbers_) column.Resize(count, kUnset);
  currency_.Resize(count);
  changing.Resize(count);
  revision.Resize(count);
  last_position.Resize(count);
  updated_us.Resize(count);
  last_occurred_us.Resize(count);
  title.Resize(count);
  external_key.Resize(count);
  standing.Resize(count);
  visits_.Resize(count);
  visit_attributes_.Resize(count);
  spans_.Resize(count);
  span_attributes_.Resize(count);
  changes_.Resize(count);
}

void FactTable::Set(DealIndex deal, const DealFacts& facts) {
  SetColumns(deal, facts);
  visits_.Assign(deal, facts.visits);
  spans_.Assign(deal, facts.spans);
  visit_attributes_.Assign(deal, facts.visit_attributes);
  span_attributes_.Assign(deal, facts.span_attributes);
  scratch_.clear();
  for (size_t number = 0; number < kDealFieldCount; ++number) {
    if (!Changes(deal, static_cast<DealField>(number))) continue;
    facts.changes[number].ForEach([this](const Change& change) { scratch_.push_back(change); });
  }
  changes_.Assign(deal, scratch_);
}

void FactTable::Keep(DealIndex deal, DealFacts facts) {
  kept_.Add(deal, std::move(facts));
  changes_.Assign(deal, {});
  SetKept(deal);
}

void FactTable::SetKept(DealIndex deal) {
  const DealFacts& facts = *kept_.Find(deal);
  SetColumns(deal, facts);
  visits_.Refer(deal, facts.visits);
  spans_.Refer(deal, facts.spans);
  visit_attributes_.Refer(deal, facts.visit_attributes);
  span_attributes_.Refer(deal, facts.span_attributes);
}

void FactTable::SetColumns(DealIndex deal, const DealFacts& facts) {
  DEALOG_CHECK(facts.visits.size() == facts.visit_attributes.size() &&
               facts.spans.size() == facts.span_attributes.size())
      << "facts of a table have attributes at hand";
  DealPlace before = indexes_ ? PlaceOf(deal) : DealPlace();
  std::string title_before;  // For the column is about to hold another one.
  if (before.title != facts.title) before.title = title_before = before.title;
  opened_us.Set(deal, facts.exists ? facts.opened_us : kNever);
  pipeline.Set(deal, facts.pipeline);
  revision.Set(deal, facts.revision);
  last_position.Set(deal, facts.last_position);
  updated_us.Set(deal, facts.updated_us);
  last_occurred_us.Set(deal, facts.last_occurred_us);
  title.Set(deal, facts.title);
  external_key.Set(deal, facts.external_key);
  standing.Set(deal, facts.standing);
  changing.Set(deal, facts.changing());
  for (size_t i = 0; i < symbols_.size(); ++i) {
    symbols_[i].Set(deal, facts.Latest(static_cast<DealField>(i)).symbol());
  }
  for (size_t i = 0; i < numbers_.size(); ++i) {
    numbers_[i].Set(deal, facts.Latest(static_cast<DealField>(kSymbolFieldCount + i)).value);
  }
  currency_.Set(deal, facts.Latest(DealField::kAmount).currency);
  // The place for whatever is kept of all deals: less what it was, plus what it is. Aggregates of
  // KPIs belong here as well. The visits and spans of before are still those of VisitsOf and
  // SpansOf, and `facts` has those of after; of a kept deal both are the same, for its fold changed
  // them where they lie.
  if (indexes_) indexes_->Replace(deal, before, PlaceOf(deal), keys());
}

DealPlace FactTable::PlaceOf(DealIndex deal) const {
  return {.exists = opened_us[deal] != kNever,
          .outcome = standing.outcome[deal],
          .pipeline = pipeline[deal],
          .stage = standing.stage[deal],
          .entered_us = standing.entered_us[deal],
          .opened_us = opened_us[deal],
          .amount = Now(deal, DealField::kAmount),
          .expected_day = Now(deal, DealField::kExpectedClose).value,
          .last_position = last_position[deal],
          .title = title[deal],
          .posted = PostedOf(deal)};
}

PostedValues FactTable::PostedOf(DealIndex deal) const {
  const auto symbol = [&](DealField field) { return Now(deal, field).symbol(); };
  PostedValues posted{.tags = &TagSet(Now(deal, DealField::kTags))};
  posted[Posted::kOwner] = symbol(DealField::kOwner);
  posted[Posted::kSource] = symbol(DealField::kSource);
  posted[Posted::kOrganization] = symbol(DealField::kOrganization);
  posted[Posted::kProduct] = symbol(DealField::kProduct);
  posted[Posted::kTags] = symbol(DealField::kTags);
  posted[Posted::kPipeline] = pipeline[deal];
  posted[Posted::kStage] = standing.stage[deal];
  posted[Posted::kLastOpenStage] = standing.last_open_stage[deal];
  posted[Posted::kStatus] = StatusNumber(standing.outcome[deal]);
  posted[Posted::kLostReason] = standing.reason[deal];
  return posted;
}

void FactTable::MakeIndexes() {
  indexes_ = std::make_unique<DealIndexes>();
  indexes_->AddAll(
      deal_count(), [this](DealIndex deal) { return PlaceOf(deal); }, keys());
}

size_t FactTable::ApproximateBytes() const {
  // Columns of one deal: numbers, symbols, two texts with what they hold outside, five slots.
  constexpr size_t kDealBytes = 12 * sizeof(int64_t) + (kSymbolFieldCount + 9) * sizeof(Symbol) +
                                kNumberFieldCount * sizeof(int64_t) + 2 * sizeof(std::string) + 64 +
                                5 * 12;
  // A kept fold: its lists, and what it holds of more than kTapeChunkEvents events.
  constexpr size_t kKeptBytes = sizeof(DealFacts) + 16'384;
  // Places in the orders of its stage, of its day and of changes; of its posted values, few of
  // which are rare enough to take a number.
  constexpr size_t kIndexedBytes =
      3 * 2 * sizeof(OrderedDeals::Entry) + kPostedCount * sizeof(DealIndex);
  return deal_count() * (kDealBytes + (indexes_ ? kIndexedBytes : 0)) +
         visits_.capacity() * sizeof(Visit) + spans_.capacity() * sizeof(CycleSpan) +
         visit_attributes_.capacity() * sizeof(AttributeValues) +
         span_attributes_.capacity() * sizeof(SpanAttributes) +
         changes_.capacity() * sizeof(Change) + kept_.count() * kKeptBytes;
}

ChangeSpan FactTable::ChangesOf(DealIndex deal, DealField field) const {
  const std::span<const Change> all = changes_.Of(deal);
  const auto number = static_cast<uint32_t>(field);
  const auto begin = std::partition_point(
      all.begin(), all.end(), [number](const Change& change) { return change.field < number; });
  const auto end = std::partition_point(
      begin, all.end(), [number](const Change& change) { return change.field == number; });
  return ChangeSpan({begin, end});
}

FieldValue FactTable::At(DealIndex deal, DealField field, int64_t instant, int64_t as_of) const {
  if (!Changes(deal, field)) {  // Its one value was there from the opening on.
    return opened_us[deal] < as_of ? Now(deal, field) : FieldValue();
  }
  if (const DealFacts* const facts = Kept(deal)) {
    return ValueAt(facts->ChangesOf(field), instant, as_of).value;
  }
  return ValueAt(ChangesOf(deal, field), instant, as_of).value;
}

Change FactTable::ClosedStage(DealIndex deal, int64_t closed_us, int64_t as_of) const {
  const DealFacts* const facts = Kept(deal);
  const Change* last = facts != nullptr
                           ? facts->ChangesOf(DealField::kClosedStage).LastBefore(as_of)
                           : ChangesOf(deal, DealField::kClosedStage).LastBefore(as_of);
  return last != nullptr && last->at_us >= closed_us ? *last : Change();
}

}  // namespace dealog::projections
