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
#include "projections/states/stream_types.h"
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
  if (event.header.stream().type() != states::kDealStream) return absl::OkStatus();
  // Of a newer release, and nothing is known of the deal: there is none to say it of.
  if (event.event.deal().kind_case() == events::v1::DealEvent::KIND_NOT_SET &&
      !Find(event.header.stream().id())) {
    return absl::OkStatus();
  }
  const DealIndex index = IndexOf(event.header.stream().id());
  Tape& tape = tapes_.Edit(index);
  const size_t chunks = tape.chunk_count();
  const size_t bytes = tape.LastChunkBytes();
  const bool kept = table_.Kept(index) != nullptr;
  RETURN_IF_ERROR(tape.Append(event, symbols_, kept ? &event_ : nullptr));
  if (kept) table_.EditKept(index).Take(event_);
  const size_t new_chunks = tape.chunk_count() - chunks;
  chunk_count_ += new_chunks;
  tape_bytes_ += tape.LastChunkBytes() - (new_chunks == 0 ? bytes : 0);
  if (!std::exchange(unwritten_[index].dirty, true)) dirty_.push_back(index);
  Touch(index);
  return absl::OkStatus();
}

DealsView::DealsView(const DealsView& other)
    : Copied(other),
      ids_(other.ids_),
      symbols_(other.symbols_),
      past_tables_(other.past_tables_),
      tapes_(other.tapes_),
      table_(other.table_),
      chunk_count_(other.chunk_count_),
      tape_bytes_(other.tape_bytes_) {}

DealIndex DealsView::IndexOf(std::string_view deal_id) {
  const DealIndex index = ids_->Intern(deal_id);
  if (index == tapes_.size()) {
    tapes_.Resize(index + 1);
    unwritten_.emplace_back();
  }
  return index;
}

void DealsView::Touch(DealIndex index) {
  if (!std::exchange(unwritten_[index].stale, true)) stale_.push_back(index);
}

void DealsView::CommitDone() {
  if (stale_.empty()) return;
  if (table_.deal_count() < deal_count()) table_.Resize(deal_count());
  // After a load all deals are new: it takes less to index them together.
  const bool together = stale_.size() > kIndexedTogether && stale_.size() > deal_count() / 2;
  if (together) table_.DropIndexes();
  for (const DealIndex index : stale_) {
    unwritten_[index].stale = false;
    if (table_.Kept(index) != nullptr) {
      table_.EditKept(index).Settle();
      table_.SetKept(index);
    } else {
      FoldInto(table_, index, {}, scratch_);
    }
  }
  stale_.clear();
  if (together) table_.MakeIndexes();
}

void DealsView::FactsOf(DealIndex deal, const Horizon& horizon, DealFacts& facts) const {
  DEALOG_CHECK(FoldTape(tapes_[deal], horizon, facts))
      << "tape of deal " << Id(deal) << " was checked when it was loaded";
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
  if (tapes_[deal].long_one()) {
    DealFacts facts(table.tag_sets());
    FactsOf(deal, horizon, facts);
    if (facts.exists) table.Keep(deal, std::move(facts));
  } else {
    FactsOf(deal, horizon, scratch);
    if (scratch.exists) table.Set(deal, scratch);
  }
}

FactTable DealsView::TableAt(uint64_t known_position) const {
  FactTable table{DealIds(ids_)};
  table.Resize(deal_count());
  DealFacts scratch(table.tag_sets());
  for (DealIndex deal = 0; deal < deal_count(); ++deal) {
    FoldInto(table, deal, {.known_position = known_position}, scratch);
  }
  return table;
}

PastTables::Shared DealsView::PastTableAt(uint64_t known_position) const {
  return past_tables_->Get(known_position, [&] { return TableAt(known_position); });
}

size_t DealsView::ApproximateBytes() const {
  // A text, and its place in the index.
  constexpr size_t kTextBytes = sizeof(std::string) + 32 + 2 * sizeof(std::string_view);
  return sizeof(*this) + deal_count() * (sizeof(Tape) + sizeof(Unwritten)) + tape_bytes_ +
         (ids_->size() + symbols_.size()) * kTextBytes + table_.ApproximateBytes() +
         past_tables_->ApproximateBytes();
}

std::optional<DealIndex> DealsView::Find(std::string_view deal_id) const {
  const std::optional<DealIndex> found = ids_->Lookup(deal_id);
  // Later than this copy.
  if (found && *found >= deal_count()) return std::nullopt;
  return found;
}

void DealsView::FlushRows(RowSink& sink) {
  for (; symbols_flushed_ < symbols_.size(); ++symbols_flushed_) {
    const auto symbol = static_cast<Symbol>(symbols_flushed_);
    sink.Put(SymbolKey(symbol), symbols_.Text(symbol));
  }
  for (const DealIndex index : dirty_) {
    const Tape& tape = tapes_[index];
    Unwritten& unwritten = unwritten_[index];
    unwritten.dirty = false;
    const size_t chunks = tape.chunk_count();
    for (size_t chunk = unwritten.flushed; chunk < chunks; ++chunk) {
      sink.Put(ChunkKey(Id(index), chunk), tape.Chunk(chunk));
    }
    unwritten.flushed = static_cast<uint32_t>(chunks - 1);  // The last one may still grow.
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
  Tape& tape = tapes_.Edit(index);
  if (!tape.Load(ParseNumber(key.substr(number_at)), value, symbols_)) return Corrupt(key);
  unwritten_[index].flushed = static_cast<uint32_t>(tape.chunk_count() - 1);
  ++chunk_count_;
  tape_bytes_ += value.size();
  Touch(index);
  return absl::OkStatus();
}

ViewDefinition DealsViewDefinition() {
  return {
      .name = kDealsView, .version = 3, .make_state = [] { return std::make_unique<DealsView>(); }};
}

}  // namespace dealog::projections
