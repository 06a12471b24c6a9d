#include "projections/views/deals_table.h"

#include <algorithm>
#include <tuple>

namespace dealog::projections {
namespace {

// The value at an instant as AttributeValues hold it; changes are of one field, sorted.
uint32_t ValueThen(std::span<const Change> changes, int64_t instant) {
  const Change* current = nullptr;
  for (const Change& change : changes) {
    if (current == nullptr && change.value == kUnset) continue;  // Not a first value.
    if (change.at_us > instant) {
      return current != nullptr ? current->field_value().symbol()
                                : change.field_value().symbol() | kSetLater;
    }
    current = &change;
  }
  return current != nullptr ? current->field_value().symbol() : kNoSymbol;
}

}  // namespace

void FactTable::Resize(size_t count) {
  opened_us.resize(count, kNever);
  pipeline.resize(count);
  owner.resize(count);
  source.resize(count);
  organization.resize(count);
  product.resize(count);
  tags.resize(count);
  amount_minor.resize(count, kUnset);
  currency.resize(count);
  expected_close_day.resize(count, kUnset);
  changing.resize(count);
  revision.resize(count);
  last_position.resize(count);
  updated_us.resize(count);
  last_occurred_us.resize(count);
  retitled.resize(count);
  title.resize(count);
  external_key.resize(count);
  standing.Resize(count);
  visits_.Resize(count);
  visit_attributes_.Resize(count);
  spans_.Resize(count);
  span_attributes_.Resize(count);
  changes_.Resize(count);
}

void FactTable::Set(DealIndex deal, const DealFacts& facts) {
  opened_us[deal] = facts.exists ? facts.opened_us : kNever;
  pipeline[deal] = facts.pipeline;
  revision[deal] = facts.revision;
  last_position[deal] = facts.last_position;
  updated_us[deal] = facts.updated_us;
  last_occurred_us[deal] = facts.last_occurred_us;
  retitled[deal] = facts.retitled ? 1 : 0;
  title[deal].assign(facts.title);
  external_key[deal].assign(facts.external_key);
  standing.Set(deal, facts.standing);
  visits_.Assign(deal, facts.visits);
  spans_.Assign(deal, facts.spans);

  scratch_.assign(facts.changes.begin(), facts.changes.end());
  AppendTagChanges(facts);
  changing[deal] = 0;
  size_t kept = 0;
  for (size_t begin = 0, end = 0; begin < scratch_.size(); begin = end) {
    while (end < scratch_.size() && scratch_[end].field == scratch_[begin].field) ++end;
    const auto field = static_cast<DealField>(scratch_[begin].field);
    SetColumn(deal, field,
              ValueAt(std::span(scratch_).subspan(begin, end - begin), field, kNever, kNever));
    if (end - begin == 1 && field != DealField::kClosedStage) continue;
    changing[deal] |= MaskOf(field);
    for (size_t i = begin; i < end; ++i) scratch_[kept++] = scratch_[i];
  }
  scratch_.resize(kept);
  changes_.Assign(deal, scratch_);
  SetAttributes(deal, facts);
}

void FactTable::SetAttributes(DealIndex deal, const DealFacts& facts) {
  visit_scratch_.assign(facts.visits.size(), {});
  span_scratch_.assign(facts.spans.size(), {});
  for (size_t number = 0; number < std::tuple_size_v<AttributeValues>; ++number) {
    const auto field = static_cast<DealField>(number);
    const auto is = [field](const Change& change) { return change.Is(field); };
    const auto begin = std::find_if(scratch_.begin(), scratch_.end(), is);
    const std::span<const Change> changes(begin, std::find_if_not(begin, scratch_.end(), is));
    const Symbol constant = Column(deal, field).symbol();
    const auto value_at = [&](int64_t instant) {
      return changes.empty() ? constant : ValueThen(changes, instant);
    };
    for (size_t i = 0; i < facts.visits.size(); ++i) {
      visit_scratch_[i][number] = value_at(facts.visits[i].entered_us);
    }
    for (size_t i = 0; i < facts.spans.size(); ++i) {
      span_scratch_[i].opened[number] = value_at(facts.spans[i].cycle_opened_us);
      span_scratch_[i].closed[number] = value_at(facts.spans[i].closed_us);
    }
  }
  visit_attributes_.Assign(deal, visit_scratch_);
  span_attributes_.Assign(deal, span_scratch_);
}

// One change per instant at which tags changed, holding the set of all tags then.
void FactTable::AppendTagChanges(const DealFacts& facts) {
  const auto append = [this](int64_t at_us, int64_t value) {
    Change change{.at_us = at_us, .value = value};
    change.field = static_cast<uint32_t>(DealField::kTags);
    scratch_.push_back(change);
  };
  const std::vector<DealFacts::TagChange>& changes = facts.tag_changes;
  if (changes.empty() || changes.front().at_us > facts.opened_us) append(facts.opened_us, kUnset);
  std::vector<Symbol>& set = tag_scratch_;
  set.clear();
  for (size_t i = 0; i < changes.size(); ++i) {
    const auto at = std::lower_bound(set.begin(), set.end(), changes[i].tag);
    const bool has = at != set.end() && *at == changes[i].tag;
    if (changes[i].added && !has) set.insert(at, changes[i].tag);
    if (!changes[i].added && has) set.erase(at);
    if (i + 1 < changes.size() && changes[i + 1].at_us == changes[i].at_us) continue;
    append(changes[i].at_us, set.empty() ? kUnset : InternTagSet(set));
  }
}

uint32_t FactTable::InternTagSet(const std::vector<Symbol>& set) {
  const auto [found, is_new] =
      tag_set_codes_.try_emplace(set, static_cast<uint32_t>(tag_sets_.size()));
  if (is_new) tag_sets_.push_back(&found->first);
  return found->second;
}

void FactTable::SetColumn(DealIndex deal, DealField field, FieldValue value) {
  switch (field) {
    case DealField::kOwner:
      owner[deal] = value.symbol();
      return;
    case DealField::kSource:
      source[deal] = value.symbol();
      return;
    case DealField::kOrganization:
      organization[deal] = value.symbol();
      return;
    case DealField::kProduct:
      product[deal] = value.symbol();
      return;
    case DealField::kTags:
      tags[deal] = value.symbol();
      return;
    case DealField::kAmount:
      amount_minor[deal] = value.value;
      currency[deal] = value.currency;
      return;
    case DealField::kExpectedClose:
      expected_close_day[deal] = value.value;
      return;
    case DealField::kClosedStage:
      return;  // The standing has it.
  }
}

const std::vector<uint32_t>& FactTable::SymbolColumn(DealField field) const {
  switch (field) {
    case DealField::kSource:
      return source;
    case DealField::kOrganization:
      return organization;
    case DealField::kProduct:
      return product;
    case DealField::kTags:
      return tags;
    default:
      return owner;
  }
}

Change FactTable::ClosedStage(DealIndex deal, int64_t closed_us, int64_t as_of) const {
  Change latest;
  for (const Change& change : changes_.Of(deal)) {
    if (!change.Is(DealField::kClosedStage)) continue;
    if (change.at_us >= closed_us && change.at_us < as_of) latest = change;
  }
  return latest;
}

}  // namespace dealog::projections
