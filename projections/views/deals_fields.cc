#include "projections/views/deals_fields.h"

#include <algorithm>
#include <array>
#include <optional>

#include "projections/views/instants.h"

namespace dealog::projections {
namespace {

using Id = states::DealFieldId;
using events::v1::DealEvent;

bool ReadTitle(const DealEvent& event, FieldReading& reading) {
  if (event.has_deal_opened()) {
    reading.text = event.deal_opened().title();
  } else if (event.deal_details_changed().has_title()) {
    reading.text = event.deal_details_changed().title();
  } else {
    return false;
  }
  return true;
}

bool ReadSource(const DealEvent& event, FieldReading& reading) {
  if (event.has_deal_opened()) {
    reading.text = event.deal_opened().source();
  } else if (event.deal_details_changed().has_source()) {
    reading.text = event.deal_details_changed().source();
  } else {
    return false;
  }
  return true;
}

bool ReadOrganization(const DealEvent& event, FieldReading& reading) {
  if (event.has_deal_opened()) {
    reading.text = event.deal_opened().organization_id();
  } else if (event.deal_details_changed().has_organization_id()) {
    reading.text = event.deal_details_changed().organization_id();
  } else {
    return false;
  }
  return true;
}

bool ReadProduct(const DealEvent& event, FieldReading& reading) {
  if (event.has_deal_opened()) {
    reading.text = event.deal_opened().product_id();
  } else if (event.deal_details_changed().has_product_id()) {
    reading.text = event.deal_details_changed().product_id();
  } else {
    return false;
  }
  return true;
}

bool ReadOwner(const DealEvent& event, FieldReading& reading) {
  if (event.has_deal_opened()) {
    reading.text = event.deal_opened().owner_id();
  } else if (event.has_deal_owner_assigned()) {
    reading.text = event.deal_owner_assigned().owner_id();
  } else {
    return false;
  }
  return true;
}

template <typename Message>
bool ReadAmountOf(const Message& message, FieldReading& reading) {
  if (!message.has_amount()) return true;  // Set to nothing.
  reading.value = message.amount().amount_minor();
  reading.currency = PackCurrency(message.amount().currency_code());
  return true;
}

bool ReadAmount(const DealEvent& event, FieldReading& reading) {
  if (event.has_deal_opened()) return ReadAmountOf(event.deal_opened(), reading);
  return event.has_deal_amount_changed() && ReadAmountOf(event.deal_amount_changed(), reading);
}

template <typename Message>
bool ReadExpectedCloseOf(const Message& message, FieldReading& reading) {
  if (!message.has_expected_close_date()) return true;  // Set to nothing.
  const std::optional<int32_t> day = DayOfDate(message.expected_close_date());
  if (day) reading.value = *day;
  return true;
}

bool ReadExpectedClose(const DealEvent& event, FieldReading& reading) {
  if (event.has_deal_opened()) return ReadExpectedCloseOf(event.deal_opened(), reading);
  return event.has_deal_expected_close_changed() &&
         ReadExpectedCloseOf(event.deal_expected_close_changed(), reading);
}

constexpr std::array<DealFieldRow, 7> kRows = {{
    {DealField::kTitle, Id::kTitle, FieldForm::kText, ReadTitle},
    {DealField::kSource, Id::kSource, FieldForm::kSymbol, ReadSource},
    {DealField::kOrganization, Id::kOrganization, FieldForm::kSymbol, ReadOrganization},
    {DealField::kProduct, Id::kProduct, FieldForm::kSymbol, ReadProduct},
    {DealField::kOwner, Id::kOwner, FieldForm::kSymbol, ReadOwner},
    {DealField::kAmount, Id::kAmount, FieldForm::kMoney, ReadAmount},
    {DealField::kExpectedClose, Id::kExpectedCloseDate, FieldForm::kDay, ReadExpectedClose},
}};

// Tags have events of their own, and moves between closed stages are stage events.
static_assert(kRows.size() + 2 == kDealFieldCount, "Every other field has a row.");
static_assert(
    [] {
      for (const DealFieldRow& row : kRows) {
        const size_t number = NumberOf(row.field);
        const bool symbol = number < kSymbolFieldCount;
        const bool value = !symbol && number < kSymbolFieldCount + kNumberFieldCount;
        if (symbol != (row.form == FieldForm::kSymbol)) return false;
        if (value != (row.form == FieldForm::kMoney || row.form == FieldForm::kDay)) return false;
      }
      return true;
    }(),
    "A field's form decides its column.");

// Rows by number.
constexpr auto kRowOf = [] {
  std::array<const DealFieldRow*, kDealFieldCount> rows{};
  for (const DealFieldRow& row : kRows) rows[NumberOf(row.field)] = &row;
  return rows;
}();

}  // namespace

std::span<const DealFieldRow> DealFieldRows() { return kRows; }

const DealFieldRow* FindDealField(uint64_t number) {
  return number < kRowOf.size() ? kRowOf[number] : nullptr;
}

const DealFieldRow* FindDealField(states::DealFieldId id) {
  for (const DealFieldRow& row : kRows) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

}  // namespace dealog::projections
