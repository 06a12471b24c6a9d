#pragma once

// What lists of deals sort by, read from the columns as they are now.

#include <cstdint>
#include <string_view>
#include <vector>

#include "projections/states/deal_fields.h"
#include "projections/views/deal_place.h"
#include "projections/views/deals_order.h"
#include "projections/views/order_key.h"

namespace dealog::projections {

class FactTable;

// Keys are those of a list that rises: of one that falls, unset numbers are others (UnsetNumber).
// Thread safety: const methods from many threads. Ownership: the table and the ids must outlive it;
// keys point into them.
class DealKeys {
 public:
  DealKeys(const FactTable& table, const DealIds& ids) : table_(&table), ids_(&ids) {}

  const DealIds& ids() const { return *ids_; }
  std::string_view Id(DealIndex deal) const { return (*ids_)(deal); }
  uint64_t LastPosition(DealIndex deal) const;
  int64_t UpdatedMicros(DealIndex deal) const;
  // All deals that there are.
  std::vector<DealIndex> DealsById() const;

  // By a field that sorts; of ValueOf without the id.
  OrderKey KeyOf(states::DealFieldId by, DealIndex deal) const;
  OrderKey ValueOf(states::DealFieldId by, DealIndex deal) const;
  // The deal's key is before the key: looks no further than where they differ.
  bool IsBefore(states::DealFieldId by, DealIndex deal, const OrderKey& key) const;
  // The key that a deal had or has at a place.
  static OrderKey KeyAt(states::DealFieldId by, const DealPlace& place, std::string_view id);

 private:
  int64_t NumberOf(states::DealFieldId by, DealIndex deal) const;
  std::string_view TextOf(states::DealFieldId by, DealIndex deal) const;

  const FactTable* table_;
  const DealIds* ids_;
};

}  // namespace dealog::projections
