#include "projections/views/deals_keys.h"

#include <algorithm>

#include "eventstore/base/check.h"
#include "projections/views/deals_table.h"

namespace dealog::projections {
namespace {

using states::DealFieldId;

int64_t OrUnset(int64_t value) {
  return value == kUnset ? UnsetNumber(/*descending=*/false) : value;
}

}  // namespace

uint64_t DealKeys::LastPosition(DealIndex deal) const { return table_->last_position[deal]; }

int64_t DealKeys::UpdatedMicros(DealIndex deal) const { return table_->updated_us[deal]; }

std::vector<DealIndex> DealKeys::DealsById() const {
  std::vector<DealIndex> deals;
  for (DealIndex deal = 0; deal < table_->deal_count(); ++deal) {
    if (table_->opened_us[deal] != kNever) deals.push_back(deal);
  }
  // Rows are loaded by id, mostly.
  const auto by_id = [this](DealIndex a, DealIndex b) { return Id(a) < Id(b); };
  if (!std::is_sorted(deals.begin(), deals.end(), by_id)) {
    std::sort(deals.begin(), deals.end(), by_id);
  }
  return deals;
}

int64_t DealKeys::NumberOf(DealFieldId by, DealIndex deal) const {
  switch (by) {
    case DealFieldId::kDealId:
    case DealFieldId::kTitle:
      return 0;
    case DealFieldId::kCreateTime:
      return table_->opened_us[deal];
    case DealFieldId::kUpdateTime:
      return table_->updated_us[deal];
    case DealFieldId::kAmount:
      return OrUnset(table_->Latest(deal, DealField::kAmount, kNever).value);
    case DealFieldId::kExpectedCloseDate:
      return OrUnset(table_->Latest(deal, DealField::kExpectedClose, kNever).value);
    default:  // deals_queries_test sorts by every field of the table that sorts.
      DEALOG_CHECK(false) << "no column sorts by field " << static_cast<size_t>(by);
  }
  return 0;
}

std::string_view DealKeys::TextOf(DealFieldId by, DealIndex deal) const {
  if (by == DealFieldId::kTitle) return table_->title[deal];
  return {};
}

OrderKey DealKeys::ValueOf(DealFieldId by, DealIndex deal) const {
  return {.number = NumberOf(by, deal), .text = TextOf(by, deal)};
}

OrderKey DealKeys::KeyOf(DealFieldId by, DealIndex deal) const {
  OrderKey key = ValueOf(by, deal);
  key.id = Id(deal);
  return key;
}

bool DealKeys::IsBefore(DealFieldId by, DealIndex deal, const OrderKey& key) const {
  if (const int64_t number = NumberOf(by, deal); number != key.number) return number < key.number;
  if (const int text = TextOf(by, deal).compare(key.text); text != 0) return text < 0;
  return Id(deal) < key.id;
}

OrderKey DealKeys::KeyAt(DealFieldId by, const DealPlace& place, std::string_view id) {
  switch (by) {
    case DealFieldId::kTitle:
      return {.text = place.title, .id = id};
    case DealFieldId::kCreateTime:
      return {.number = place.opened_us, .id = id};
    case DealFieldId::kAmount:
      return {.number = OrUnset(place.amount.value), .id = id};
    case DealFieldId::kExpectedCloseDate:
      return {.number = OrUnset(place.expected_day), .id = id};
    default:  // By id alone.
      return {.id = id};
  }
}

}  // namespace dealog::projections
