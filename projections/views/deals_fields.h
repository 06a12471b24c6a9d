#pragma once

// One row per field of a deal that an event sets to a value: the only place in the fact store that
// names a field's events. A field added here (and to DealField) is on the tape, in its column, in
// changes and in field history. What it is called and what may be done with it says its row in
// projections/states/deal_fields.h.

#include <span>
#include <string_view>

#include "dealog/events/v1/deal.pb.h"
#include "projections/states/deal_fields.h"
#include "projections/views/deal_field.h"
#include "projections/views/deals_facts.h"

namespace dealog::projections {

// How a field's values are kept.
enum class FieldForm : uint8_t {
  kSymbol,  // A text that deals share.
  kMoney,
  kDay,
  kText,  // A text of this deal's own.
};

// The value that an event gives to a field. Texts point into the event.
struct FieldReading {
  std::string_view text;   // kSymbol, kText.
  int64_t value = kUnset;  // kMoney: minor units; kDay.
  Currency currency = 0;   // kMoney.
};

struct DealFieldRow {
  DealField field;
  states::DealFieldId id;
  FieldForm form;
  // False if the event leaves the field alone. DealOpened sets every field.
  bool (*read)(const events::v1::DealEvent& event, FieldReading& reading);
};

// In the order in which tapes hold them.
std::span<const DealFieldRow> DealFieldRows();
// nullptr if the number is no field's that has a row.
const DealFieldRow* FindDealField(uint64_t number);
const DealFieldRow* FindDealField(states::DealFieldId id);

}  // namespace dealog::projections
