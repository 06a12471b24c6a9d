#include "projections/views/deals_tape.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "projections/states/event_types.h"
#include "projections/views/deals_fields.h"

namespace dealog::projections {
namespace {

using events::v1::DealEvent;

constexpr uint8_t kNewerBit = 0x80;

// values = count { field value }, value by the field's form: symbol | 0, or 1 minor currency | 0,
// or 1 day | text
void EncodeValue(const DealFieldRow& row, const FieldReading& reading, Symbols& symbols,
                 RowWriter& out) {
  out.Unsigned(NumberOf(row.field));
  switch (row.form) {
    case FieldForm::kSymbol:
      return out.Unsigned(symbols.Intern(reading.text));
    case FieldForm::kText:
      return out.Text(reading.text);
    case FieldForm::kMoney:
    case FieldForm::kDay:
      out.Byte(reading.value == kUnset ? 0 : 1);
      if (reading.value == kUnset) return;
      out.Signed(reading.value);
      if (row.form == FieldForm::kMoney) out.Unsigned(reading.currency);
  }
}

void EncodeValues(const DealEvent& event, Symbols& symbols, RowWriter& out) {
  absl::InlinedVector<std::pair<const DealFieldRow*, FieldReading>, 8> values;
  for (const DealFieldRow& row : DealFieldRows()) {
    FieldReading reading;
    if (row.read(event, reading)) values.emplace_back(&row, reading);
  }
  out.Unsigned(values.size());
  for (const auto& [row, reading] : values) EncodeValue(*row, reading, symbols, out);
}

// removed count { symbol }
template <typename Tags>
void EncodeTags(const Tags& tags, bool removed, Symbols& symbols, RowWriter& out) {
  out.Byte(removed ? 1 : 0);
  out.Unsigned(static_cast<uint64_t>(tags.size()));
  for (const std::string& tag : tags) out.Unsigned(symbols.Intern(tag));
}

// removed count { id role }
template <typename Links>
void EncodeContacts(const Links& links, bool removed, RowWriter& out) {
  out.Byte(removed ? 1 : 0);
  out.Unsigned(static_cast<uint64_t>(links.size()));
  for (const events::v1::ContactLink& link : links) {
    out.Text(link.contact_id());
    out.Text(link.role());
  }
}

// pipeline pipeline_revision stage values external_key tags contacts
void EncodeOpened(const DealEvent& event, Symbols& symbols, RowWriter& out) {
  const events::v1::DealOpened& opened = event.deal_opened();
  out.Unsigned(symbols.Intern(opened.pipeline_id()));
  out.Unsigned(opened.pipeline_revision());
  out.Unsigned(symbols.Intern(opened.stage_id()));
  EncodeValues(event, symbols, out);
  out.Text(opened.external_key());
  EncodeTags(opened.tags(), false, symbols, out);
  EncodeContacts(opened.contacts(), false, out);
}

TapeKind KindOf(const DealEvent& event) {
  switch (event.kind_case()) {
    case DealEvent::kDealOpened:
      return TapeKind::kOpened;
    case DealEvent::kDealStageMoved:
      return TapeKind::kMoved;
    case DealEvent::kDealWon:
      return TapeKind::kWon;
    case DealEvent::kDealLost:
      return TapeKind::kLost;
    case DealEvent::kDealReopened:
      return TapeKind::kReopened;
    case DealEvent::kDealCloseVoided:
      return TapeKind::kCloseVoided;
    case DealEvent::kDealMoveUndone:
      return TapeKind::kMoveUndone;
    case DealEvent::kDealDetailsChanged:
    case DealEvent::kDealOwnerAssigned:
    case DealEvent::kDealAmountChanged:
    case DealEvent::kDealExpectedCloseChanged:
      return TapeKind::kAttributes;
    case DealEvent::kDealContactLinked:
    case DealEvent::kDealContactUnlinked:
      return TapeKind::kContacts;
    case DealEvent::kDealTagged:
    case DealEvent::kDealUntagged:
      return TapeKind::kTags;
    case DealEvent::KIND_NOT_SET:
      break;
  }
  return TapeKind::kUnknown;
}

void EncodeBody(const DealEvent& event, Symbols& symbols, RowWriter& out) {
  switch (event.kind_case()) {
    case DealEvent::kDealOpened:
      return EncodeOpened(event, symbols, out);
    case DealEvent::kDealStageMoved:
      out.Unsigned(symbols.Intern(event.deal_stage_moved().to_stage_id()));
      out.Unsigned(event.deal_stage_moved().pipeline_revision());
      out.Byte(static_cast<uint8_t>(event.deal_stage_moved().direction()));
      return out.Byte(static_cast<uint8_t>(event.deal_stage_moved().cause()));
    case DealEvent::kDealWon:
      out.Unsigned(symbols.Intern(event.deal_won().stage_id()));
      return out.Unsigned(event.deal_won().pipeline_revision());
    case DealEvent::kDealLost:
      out.Unsigned(symbols.Intern(event.deal_lost().stage_id()));
      out.Unsigned(event.deal_lost().pipeline_revision());
      return out.Unsigned(symbols.Intern(event.deal_lost().reason()));
    case DealEvent::kDealReopened:
      out.Unsigned(symbols.Intern(event.deal_reopened().stage_id()));
      out.Unsigned(event.deal_reopened().pipeline_revision());
      return out.Byte(static_cast<uint8_t>(event.deal_reopened().mode()));
    case DealEvent::kDealCloseVoided:
      out.Unsigned(symbols.Intern(event.deal_close_voided().stage_id()));
      return out.Unsigned(event.deal_close_voided().voided_revision());
    case DealEvent::kDealMoveUndone:
      out.Unsigned(symbols.Intern(event.deal_move_undone().stage_id()));
      return out.Unsigned(event.deal_move_undone().undone_revision());
    case DealEvent::kDealDetailsChanged:
    case DealEvent::kDealOwnerAssigned:
    case DealEvent::kDealAmountChanged:
    case DealEvent::kDealExpectedCloseChanged:
      return EncodeValues(event, symbols, out);
    case DealEvent::kDealTagged:
      return EncodeTags(event.deal_tagged().tags(), false, symbols, out);
    case DealEvent::kDealUntagged:
      return EncodeTags(event.deal_untagged().tags(), true, symbols, out);
    case DealEvent::kDealContactLinked:
      out.Byte(0);
      out.Unsigned(1);
      out.Text(event.deal_contact_linked().link().contact_id());
      return out.Text(event.deal_contact_linked().link().role());
    case DealEvent::kDealContactUnlinked:
      out.Byte(1);
      out.Unsigned(1);
      out.Text(event.deal_contact_unlinked().contact_id());
      return out.Text({});
    case DealEvent::KIND_NOT_SET:
      return;
  }
}

bool HoldsKnownSymbols(const TapeEvent& event, const Symbols& symbols) {
  const auto known = [&symbols](Symbol symbol) { return symbol < symbols.size(); };
  return known(event.actor) && known(event.stage) && known(event.pipeline) && known(event.reason) &&
         std::all_of(event.tags.begin(), event.tags.end(), known) &&
         std::all_of(event.values.begin(), event.values.end(), [&known](const TapeValue& value) {
           return NumberOf(value.field) >= kSymbolFieldCount || known(value.value.symbol());
         });
}

}  // namespace

absl::Status Tape::Append(const FoldedEvent& event, Symbols& symbols, TapeEvent* appended) {
  const storage::v1::EventHeader& header = event.header;
  const TapeKind kind = KindOf(event.event.deal());
  const bool opens = kind == TapeKind::kOpened;
  if (opens != empty() || header.revision() <= end_.revision ||
      header.position() <= end_.position) {
    return base::Error(
        absl::StatusCode::kInternal, "INTERNAL",
        absl::StrCat("deal ", header.stream().id(), ", revision ", header.revision(), ": expected ",
                     empty() ? "DealOpened" : "a later event than DealOpened",
                     " in stream order, found ", header.type()));
  }
  if (last_events_ == kTapeChunkEvents) {
    if (!full_) full_.emplace();
    last_.shrink_to_fit();
    full_->Edit().push_back(std::exchange(last_, std::string()));
    last_events_ = 0;
  }
  const size_t begin = last_.size();
  RowWriter out(last_);
  const bool newer = static_cast<bool>(states::FindNewerField(event.event));
  out.Byte(static_cast<uint8_t>(static_cast<uint8_t>(kind) | (newer ? kNewerBit : 0)));
  out.Unsigned(header.position() - end_.position);
  out.Signed(header.recorded_at_us() - end_.recorded_us);
  out.Signed(header.recorded_at_us() - header.occurred_at_us());
  out.Unsigned(header.revision() - end_.revision);
  out.Unsigned(symbols.Intern(header.actor().principal()));
  EncodeBody(event.event.deal(), symbols, out);
  ++last_events_;
  const TapeEnd before = end_;
  end_ = {.position = header.position(),
          .recorded_us = header.recorded_at_us(),
          .revision = static_cast<uint32_t>(header.revision())};
  if (appended == nullptr) return absl::OkStatus();
  TapeReader reader(std::string_view(last_).substr(begin), before);
  DEALOG_CHECK(reader.Next(*appended)) << "what was written can be read";
  return absl::OkStatus();
}

bool Tape::Load(size_t number, std::string_view bytes, const Symbols& symbols) {
  const bool follows =
      empty() ? number == 0 : number == chunk_count() && last_events_ == kTapeChunkEvents;
  if (!follows || bytes.empty()) return false;
  TapeReader reader(bytes, end_);
  TapeEvent event;
  uint32_t events = 0;
  while (reader.Next(event)) {
    const bool opens = number == 0 && events == 0;
    if ((event.kind == TapeKind::kOpened) != opens) return false;
    if (!HoldsKnownSymbols(event, symbols)) return false;
    ++events;
  }
  if (!reader.ok() || events > kTapeChunkEvents) return false;
  if (!empty()) {
    if (!full_) full_.emplace();
    full_->Edit().push_back(std::move(last_));
  }
  last_.assign(bytes);
  last_events_ = events;
  end_ = reader.end();
  return true;
}

bool TapeReader::Next(TapeEvent& event) {
  if (reader_.AtEnd()) {
    if (!ok() || tape_ == nullptr || ++chunk_ >= tape_->chunk_count()) return false;
    reader_ = RowReader(tape_->Chunk(chunk_));
  }
  const uint8_t kind = reader_.Byte();
  event.kind = static_cast<TapeKind>(kind & ~kNewerBit);
  event.newer = (kind & kNewerBit) != 0;
  event.position = end_.position += reader_.Unsigned();
  event.recorded_us = end_.recorded_us += reader_.Signed();
  event.occurred_us = event.recorded_us - reader_.Signed();
  event.revision = end_.revision += static_cast<uint32_t>(reader_.Unsigned());
  event.actor = ReadSymbol();
  ReadBody(event);
  return ok();
}

void TapeReader::ReadBody(TapeEvent& event) {
  switch (event.kind) {
    case TapeKind::kOpened:
      event.pipeline = ReadSymbol();
      event.pipeline_revision = static_cast<uint32_t>(reader_.Unsigned());
      event.stage = ReadSymbol();
      ReadValues(event);
      event.external_key = reader_.Text();
      ReadTags(event);
      return ReadContacts(event);
    case TapeKind::kMoved:
    case TapeKind::kWon:
    case TapeKind::kLost:
    case TapeKind::kReopened:
      event.stage = ReadSymbol();
      event.pipeline_revision = static_cast<uint32_t>(reader_.Unsigned());
      if (event.kind == TapeKind::kMoved) {
        event.direction = static_cast<events::v1::MoveDirection>(reader_.Byte());
        event.cause = static_cast<events::v1::MoveCause>(reader_.Byte());
      } else if (event.kind == TapeKind::kLost) {
        event.reason = ReadSymbol();
      } else if (event.kind == TapeKind::kReopened) {
        event.mode = static_cast<events::v1::ReopenMode>(reader_.Byte());
      }
      return;
    case TapeKind::kCloseVoided:
    case TapeKind::kMoveUndone:
      event.stage = ReadSymbol();
      event.target_revision = static_cast<uint32_t>(reader_.Unsigned());
      return;
    case TapeKind::kAttributes:
      return ReadValues(event);
    case TapeKind::kTags:
      return ReadTags(event);
    case TapeKind::kContacts:
      return ReadContacts(event);
    case TapeKind::kUnknown:
      return;
  }
  ok_ = false;
}

void TapeReader::ReadValues(TapeEvent& event) {
  event.values.clear();
  for (uint64_t left = reader_.Unsigned(); left > 0 && ok(); --left) {
    const DealFieldRow* row = FindDealField(reader_.Unsigned());
    if (row == nullptr) {
      ok_ = false;
      return;
    }
    TapeValue& value = event.values.emplace_back(TapeValue{.field = row->field});
    switch (row->form) {
      case FieldForm::kSymbol:
        if (const Symbol symbol = ReadSymbol(); symbol != kNoSymbol) value.value.value = symbol;
        break;
      case FieldForm::kText:
        value.text = reader_.Text();
        break;
      case FieldForm::kMoney:
      case FieldForm::kDay:
        if (reader_.Byte() == 0) break;
        value.value.value = reader_.Signed();
        if (row->form == FieldForm::kMoney) {
          value.value.currency = static_cast<Currency>(reader_.Unsigned());
        }
    }
  }
}

void TapeReader::ReadTags(TapeEvent& event) {
  event.tags.clear();
  event.removed = reader_.Byte() != 0;
  for (uint64_t left = reader_.Unsigned(); left > 0 && reader_.ok(); --left) {
    event.tags.push_back(static_cast<Symbol>(reader_.Unsigned()));
  }
}

void TapeReader::ReadContacts(TapeEvent& event) {
  event.contacts.clear();
  event.removed = reader_.Byte() != 0;
  for (uint64_t left = reader_.Unsigned(); left > 0 && reader_.ok(); --left) {
    const std::string_view id = reader_.Text();
    event.contacts.emplace_back(id, reader_.Text());
  }
}

}  // namespace dealog::projections
