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

constexpr size_t kNumberBytes = 4;

// More deals than this in one commit are a load's.
constexpr size_t kIndexedTogether = 1'000;

// Big-endian, so that keys are in the order of numbers.
void AppendNumber(size_t number, std::string& key) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(number >> shift & 0xff));
  }
}

size_t ParseNumber(std::string_view bytes) {
  size_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

std::string SymbolKey(Symbol symbol) {
  std::string key(1, kSymbolKey);
  AppendNumber(symbol, key);
  return key;
}

std::string ChunkKey(std::string_view deal_id, size_t chunk) {
  std::string key(1, kDealKey);
  key.append(deal_id);
  AppendNumber(chunk, key);
  return key;
}

absl::Status Corrupt(std::string_view key) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     absl::StrCat("row ", absl::CEscape(base::View(key)),
                                  " of view deals does not parse; rebuild the view"));
}

}  // namespace

absl::Status DealsView::Fold(const FoldedEvent& event) {
  if (!event.event.has_deal()) return absl::OkStatus();
  // A kind of a newer release, which the runner counts.
  if (event.event.deal().kind_case() == events::v1::DealEvent::KIND_NOT_SET) {
    return absl::OkStatus();
  }
  const DealIndex index = IndexOf(event.header.stream().id());
  Deal& deal = deals_[index];
  const size_t chunks = deal.tape.chunk_count();
  const size_t bytes = deal.tape.LastChunkBytes();
  DealFacts* kept = index < table_.deal_count() ? table_.Kept(index) : nullptr;
  RETURN_IF_ERROR(deal.tape.Append(event, symbols_, kept == nullptr ? nullptr : &event_));
  if (kept != nullptr) kept->Take(event_);
  const size_t new_chunks = deal.tape.chunk_count() - chunks;
  chunk_count_ += new_chunks;
  tape_bytes_ += deal.tape.LastChunkBytes() - (new_chunks == 0 ? bytes : 0);
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
  // After a load all deals are new: it takes less to index them together.
  const bool together = stale_.size() > kIndexedTogether && stale_.size() > deals_.size() / 2;
  if (together) table_.DropIndexes();
  for (const DealIndex index : stale_) {
    deals_[index].stale = false;
    if (DealFacts* kept = table_.Kept(index)) {
      kept->Settle();
      table_.SetKept(index);
    } else {
      FoldInto(table_, index, {}, scratch_);
    }
  }
  stale_.clear();
  if (together) MakeIndexes();
}

void DealsView::FactsOf(DealIndex deal, const Horizon& horizon, DealFacts& facts) const {
  DEALOG_CHECK(FoldTape(deals_[deal].tape, horizon, facts))
      << "tape of deal " << deals_[deal].id << " was checked when it was loaded";
}

const DealFacts& DealsView::FindFacts(DealIndex deal, const Horizon& horizon,
                                      DealFacts& scratch) const {
  if (horizon == Horizon{}) {
    if (const DealFacts* kept = table_.Kept(deal)) return *kept;
  }
  FactsOf(deal, horizon, scratch);
  return scratch;
}

// A short tape is folded anew whenever it grows; the fold of a long one is kept.
void DealsView::FoldInto(FactTable& table, DealIndex deal, const Horizon& horizon,
                         DealFacts& scratch) const {
  if (deals_[deal].tape.long_one()) {
    auto facts = std::make_unique<DealFacts>(table.tag_sets());
    FactsOf(deal, horizon, *facts);
    if (facts->exists) table.Keep(deal, std::move(facts));
  } else {
    FactsOf(deal, horizon, scratch);
    if (scratch.exists) table.Set(deal, scratch);
  }
}

FactTable DealsView::TableAt(uint64_t known_position) const {
  FactTable table;
  table.Resize(deals_.size());
  DealFacts scratch(table.tag_sets());
  for (DealIndex deal = 0; deal < deals_.size(); ++deal) {
    FoldInto(table, deal, {.known_position = known_position}, scratch);
  }
  return table;
}

PastTables::Shared DealsView::PastTableAt(uint64_t known_position) const {
  return past_tables_.Get(known_position, [&] { return TableAt(known_position); });
}

size_t DealsView::ApproximateBytes() const {
  // An id has its text twice: here and in the index.
  constexpr size_t kIdBytes = 2 * (sizeof(std::string) + 48);
  constexpr size_t kSymbolBytes = sizeof(std::string) + 64;
  return sizeof(*this) + deals_.capacity() * sizeof(Deal) + deals_.size() * kIdBytes + tape_bytes_ +
         symbols_.size() * kSymbolBytes + table_.ApproximateBytes() +
         past_tables_.ApproximateBytes();
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
    const size_t chunks = deal.tape.chunk_count();
    for (size_t chunk = deal.flushed; chunk < chunks; ++chunk) {
      sink.Put(ChunkKey(deal.id, chunk), deal.tape.Chunk(chunk));
    }
    deal.flushed = static_cast<uint32_t>(chunks - 1);  // The last one may still grow.
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
  if (key.front() != kDealKey || key.size() <= 1 + kNumberBytes) return Corrupt(key);
  const size_t number_at = key.size() - kNumberBytes;
  const DealIndex index = IndexOf(key.substr(1, number_at - 1));
  Deal& deal = deals_[index];
  if (!deal.tape.Load(ParseNumber(key.substr(number_at)), value, symbols_)) return Corrupt(key);
  deal.flushed = static_cast<uint32_t>(deal.tape.chunk_count() - 1);
  ++chunk_count_;
  tape_bytes_ += value.size();
  Touch(index);
  return absl::OkStatus();
}

ViewDefinition DealsViewDefinition() {
  return {
      .name = kDealsView, .version = 2, .make_state = [] { return std::make_unique<DealsView>(); }};
}

}  // namespace dealog::projections
