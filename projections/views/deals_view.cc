#include "projections/views/deals_view.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

constexpr char kSymbolKey = '#';  // Sorts before kDealKey.
constexpr char kDealKey = 'd';

std::string SymbolKey(Symbol symbol) {
  std::string key(1, kSymbolKey);
  for (int shift = 24; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(symbol >> shift & 0xff));
  }
  return key;
}

bool HoldsKnownSymbols(const TapeEvent& event, const Symbols& symbols) {
  const auto known = [&symbols](Symbol symbol) { return symbol < symbols.size(); };
  return known(event.stage) && known(event.pipeline) && known(event.reason) &&
         known(event.source) && known(event.organization) && known(event.product) &&
         known(event.owner) && std::all_of(event.tags.begin(), event.tags.end(), known);
}

absl::Status Corrupt(std::string_view key) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     absl::StrCat("row ", absl::CEscape(base::View(key)),
                                  " of view deals does not parse; rebuild the view"));
}

}  // namespace

absl::Status DealsView::Fold(const FoldedEvent& event) {
  if (!event.event.has_deal()) return absl::OkStatus();
  const DealIndex index = IndexOf(event.header.stream().id());
  Deal& deal = deals_[index];
  RETURN_IF_ERROR(AppendToTape(event, symbols_, deal.end, deal.tape));
  if (!std::exchange(deal.dirty, true)) dirty_.push_back(index);
  Touch(index);
  return absl::OkStatus();
}

DealIndex DealsView::IndexOf(std::string_view deal_id) {
  const auto [found, is_new] =
      by_id_.try_emplace(base::View(deal_id), static_cast<DealIndex>(deals_.size()));
  if (is_new) deals_.push_back({.id = std::string(deal_id)});
  return found->second;
}

void DealsView::Touch(DealIndex index) {
  if (!std::exchange(deals_[index].stale, true)) stale_.push_back(index);
}

void DealsView::CommitDone() {
  if (stale_.empty()) return;
  if (table_.deal_count() < deals_.size()) table_.Resize(deals_.size());
  for (const DealIndex index : stale_) {
    deals_[index].stale = false;
    FactsOf(index, {}, scratch_);
    table_.Set(index, scratch_);
  }
  stale_.clear();
}

void DealsView::FactsOf(DealIndex deal, const Horizon& horizon, DealFacts& facts) const {
  DEALOG_CHECK(FoldTape(deals_[deal].tape, horizon, facts))
      << "tape of deal " << deals_[deal].id << " was checked when it was loaded";
}

FactTable DealsView::TableAt(uint64_t known_position) const {
  FactTable table;
  table.Resize(deals_.size());
  DealFacts facts;
  for (DealIndex deal = 0; deal < deals_.size(); ++deal) {
    FactsOf(deal, {.known_position = known_position}, facts);
    if (facts.exists) table.Set(deal, facts);
  }
  return table;
}

std::optional<DealIndex> DealsView::Find(std::string_view deal_id) const {
  const auto found = by_id_.find(base::View(deal_id));
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

void DealsView::FlushRows(RowSink& sink) {
  for (; symbols_flushed_ < symbols_.size(); ++symbols_flushed_) {
    const auto symbol = static_cast<Symbol>(symbols_flushed_);
    sink.Put(SymbolKey(symbol), symbols_.Text(symbol));
  }
  for (const DealIndex index : dirty_) {
    Deal& deal = deals_[index];
    deal.dirty = false;
    sink.Put(absl::StrCat(std::string(1, kDealKey), deal.id), deal.tape);
  }
  dirty_.clear();
}

absl::Status DealsView::LoadRow(std::string_view key, std::string_view value) {
  if (key.empty()) return Corrupt(key);
  if (key.front() == kSymbolKey) {
    const Symbol symbol = symbols_.Intern(value);
    symbols_flushed_ = symbols_.size();
    return key == SymbolKey(symbol) ? absl::OkStatus() : Corrupt(key);
  }
  if (key.front() != kDealKey || value.empty()) return Corrupt(key);
  const DealIndex index = IndexOf(key.substr(1));
  Deal& deal = deals_[index];
  deal.tape.assign(value);
  TapeReader reader(deal.tape);
  TapeEvent event;
  while (reader.Next(event)) {
    if (!HoldsKnownSymbols(event, symbols_)) return Corrupt(key);
  }
  if (!reader.ok()) return Corrupt(key);
  deal.end = reader.end();
  Touch(index);
  return absl::OkStatus();
}

ViewDefinition DealsViewDefinition() {
  return {
      .name = kDealsView, .version = 1, .make_state = [] { return std::make_unique<DealsView>(); }};
}

}  // namespace dealog::projections
