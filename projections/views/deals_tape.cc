#include "projections/views/deals_tape.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/views/instants.h"

namespace dealog::projections {
namespace {

using events::v1::DealEvent;

// attributes = sets, then per bit set, from the lowest: title text | source | organization |
// product | owner symbol | amount: 0, or 1 minor currency | expected close: 0, or 1 day.
class AttributesWriter {
 public:
  AttributesWriter(Symbols& symbols, RowWriter& out, uint8_t sets) : symbols_(symbols), out_(out) {
    out_.Byte(sets);
  }
  void Text(std::string_view text) { out_.Text(text); }
  void Name(std::string_view name) { out_.Unsigned(symbols_.Intern(name)); }
  void Amount(bool set, const events::v1::Money& amount) {
    out_.Byte(set ? 1 : 0);
    if (!set) return;
    out_.Signed(amount.amount_minor());
    out_.Unsigned(PackCurrency(amount.currency_code()));
  }
  void ExpectedClose(bool set, const events::v1::Date& date) {
    const std::optional<int32_t> day = set ? DayOfDate(date) : std::nullopt;
    out_.Byte(day ? 1 : 0);
    if (day) out_.Signed(*day);
  }

 private:
  Symbols& symbols_;
  RowWriter& out_;
};

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

// pipeline pipeline_revision stage attributes external_key tags contacts
void EncodeOpened(const events::v1::DealOpened& event, Symbols& symbols, RowWriter& out) {
  out.Unsigned(symbols.Intern(event.pipeline_id()));
  out.Unsigned(event.pipeline_revision());
  out.Unsigned(symbols.Intern(event.stage_id()));
  AttributesWriter attributes(symbols, out, kSetsAll);
  attributes.Text(event.title());
  attributes.Name(event.source());
  attributes.Name(event.organization_id());
  attributes.Name(event.product_id());
  attributes.Name(event.owner_id());
  attributes.Amount(event.has_amount(), event.amount());
  attributes.ExpectedClose(event.has_expected_close_date(), event.expected_close_date());
  out.Text(event.external_key());
  EncodeTags(event.tags(), false, symbols, out);
  EncodeContacts(event.contacts(), false, out);
}

void EncodeDetails(const events::v1::DealDetailsChanged& event, Symbols& symbols, RowWriter& out) {
  AttributesWriter attributes(
      symbols, out,
      static_cast<uint8_t>((event.has_title() ? kSetsTitle : 0) |
                           (event.has_source() ? kSetsSource : 0) |
                           (event.has_organization_id() ? kSetsOrganization : 0) |
                           (event.has_product_id() ? kSetsProduct : 0)));
  if (event.has_title()) attributes.Text(event.title());
  if (event.has_source()) attributes.Name(event.source());
  if (event.has_organization_id()) attributes.Name(event.organization_id());
  if (event.has_product_id()) attributes.Name(event.product_id());
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
  return TapeKind{};
}

void EncodeBody(const DealEvent& event, Symbols& symbols, RowWriter& out) {
  switch (event.kind_case()) {
    case DealEvent::kDealOpened:
      return EncodeOpened(event.deal_opened(), symbols, out);
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
      return EncodeDetails(event.deal_details_changed(), symbols, out);
    case DealEvent::kDealOwnerAssigned:
      return AttributesWriter(symbols, out, kSetsOwner)
          .Name(event.deal_owner_assigned().owner_id());
    case DealEvent::kDealAmountChanged:
      return AttributesWriter(symbols, out, kSetsAmount)
          .Amount(event.deal_amount_changed().has_amount(), event.deal_amount_changed().amount());
    case DealEvent::kDealExpectedCloseChanged:
      return AttributesWriter(symbols, out, kSetsExpectedClose)
          .ExpectedClose(event.deal_expected_close_changed().has_expected_close_date(),
                         event.deal_expected_close_changed().expected_close_date());
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

}  // namespace

absl::Status AppendToTape(const FoldedEvent& event, Symbols& symbols, TapeEnd& end,
                          std::string& tape) {
  const storage::v1::EventHeader& header = event.header;
  const TapeKind kind = KindOf(event.event.deal());
  const bool opens = kind == TapeKind::kOpened;
  if (kind == TapeKind{} || opens != tape.empty() || header.revision() <= end.revision ||
      header.position() <= end.position) {
    return base::Error(
        absl::StatusCode::kInternal, "INTERNAL",
        absl::StrCat("deal ", header.stream().id(), ", revision ", header.revision(), ": expected ",
                     tape.empty() ? "DealOpened" : "a later event than DealOpened",
                     " in stream order, found ", header.type()));
  }
  RowWriter out(tape);
  out.Byte(static_cast<uint8_t>(kind));
  out.Unsigned(header.position() - end.position);
  out.Signed(header.recorded_at_us() - end.recorded_us);
  out.Signed(header.recorded_at_us() - header.occurred_at_us());
  out.Unsigned(header.revision() - end.revision);
  EncodeBody(event.event.deal(), symbols, out);
  end = {.position = header.position(),
         .revision = static_cast<uint32_t>(header.revision()),
         .recorded_us = header.recorded_at_us()};
  return absl::OkStatus();
}

bool TapeReader::Next(TapeEvent& event) {
  if (reader_.AtEnd()) return false;
  const auto symbol = [this] { return static_cast<Symbol>(reader_.Unsigned()); };
  event.kind = static_cast<TapeKind>(reader_.Byte());
  event.position = end_.position += reader_.Unsigned();
  event.recorded_us = end_.recorded_us += reader_.Signed();
  event.occurred_us = event.recorded_us - reader_.Signed();
  event.revision = end_.revision += static_cast<uint32_t>(reader_.Unsigned());
  switch (event.kind) {
    case TapeKind::kOpened:
      event.pipeline = symbol();
      event.pipeline_revision = static_cast<uint32_t>(reader_.Unsigned());
      event.stage = symbol();
      ReadAttributes(event);
      event.external_key = reader_.Text();
      ReadTags(event);
      ReadContacts(event);
      break;
    case TapeKind::kMoved:
    case TapeKind::kWon:
    case TapeKind::kLost:
    case TapeKind::kReopened:
      event.stage = symbol();
      event.pipeline_revision = static_cast<uint32_t>(reader_.Unsigned());
      if (event.kind == TapeKind::kMoved) {
        event.direction = static_cast<events::v1::MoveDirection>(reader_.Byte());
        event.cause = static_cast<events::v1::MoveCause>(reader_.Byte());
      } else if (event.kind == TapeKind::kLost) {
        event.reason = symbol();
      } else if (event.kind == TapeKind::kReopened) {
        event.mode = static_cast<events::v1::ReopenMode>(reader_.Byte());
      }
      break;
    case TapeKind::kCloseVoided:
    case TapeKind::kMoveUndone:
      event.stage = symbol();
      event.target_revision = static_cast<uint32_t>(reader_.Unsigned());
      break;
    case TapeKind::kAttributes:
      ReadAttributes(event);
      break;
    case TapeKind::kTags:
      ReadTags(event);
      break;
    case TapeKind::kContacts:
      ReadContacts(event);
      break;
    default:
      ok_ = false;
  }
  return ok();
}

void TapeReader::ReadAttributes(TapeEvent& event) {
  const auto symbol = [this] { return static_cast<Symbol>(reader_.Unsigned()); };
  event.sets = reader_.Byte();
  if (event.sets & kSetsTitle) event.title = reader_.Text();
  if (event.sets & kSetsSource) event.source = symbol();
  if (event.sets & kSetsOrganization) event.organization = symbol();
  if (event.sets & kSetsProduct) event.product = symbol();
  if (event.sets & kSetsOwner) event.owner = symbol();
  if (event.sets & kSetsAmount) {
    event.has_amount = reader_.Byte() != 0;
    event.amount_minor = event.has_amount ? reader_.Signed() : 0;
    event.currency = event.has_amount ? static_cast<Currency>(reader_.Unsigned()) : 0;
  }
  if (event.sets & kSetsExpectedClose) {
    event.has_expected_close = reader_.Byte() != 0;
    event.expected_close_day =
        event.has_expected_close ? static_cast<int32_t>(reader_.Signed()) : 0;
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
