#include "projections/views/deals_orders.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "eventstore/base/check.h"

namespace dealog::projections {
namespace {

constexpr int64_t kUnsetLast = UnsetNumber(/*descending=*/false);

// What sorts deals mostly: the number, or the first bytes of the text, as numbers that rise.
struct Head {
  uint64_t high = 0;
  uint64_t low = 0;
  auto operator<=>(const Head&) const = default;
};
struct Row {
  Head head;
  DealIndex deal = 0;
};

uint64_t BigEndian(std::string_view text, size_t from) {
  uint64_t number = 0;
  for (size_t i = from; i < from + sizeof(number); ++i) {
    number = number << 8 | (i < text.size() ? static_cast<uint8_t>(text[i]) : 0);
  }
  return number;
}

Head HeadOf(const OrderKey& key, bool by_text) {
  if (by_text) {
    return {.high = BigEndian(key.text, 0), .low = BigEndian(key.text, sizeof(uint64_t))};
  }
  // The sign flipped: numbers below zero come first.
  return {.high = static_cast<uint64_t>(key.number) ^ uint64_t{1} << 63};
}

}  // namespace

void DealOrders::Replace(DealIndex deal, const DealPlace& before, const DealPlace& after,
                         const DealKeys& keys) {
  if (!made_.load(std::memory_order_relaxed)) return;  // Who makes them holds up the writer.
  const std::string_view id = keys.Id(deal);
  for (size_t place = 0; place < kOrdered.size(); ++place) {
    const Id by = kOrdered[place];
    const OrderKey key = DealKeys::KeyAt(by, after, id);
    if (before.exists) {
      const OrderKey old_key = DealKeys::KeyAt(by, before, id);
      if (old_key == key) continue;
      // The deal's own columns say where it will be, not where it is.
      orders_[place].Erase(deal, [&](DealIndex other) {
        return other != deal && keys.IsBefore(by, other, old_key);
      });
    }
    orders_[place].Insert(deal, [&](DealIndex other) { return keys.IsBefore(by, other, key); });
  }
}

DealOrders::Orders DealOrders::Sorted(const std::vector<DealIndex>& by_id, const DealKeys& keys) {
  Orders orders;
  std::vector<Row> rows(by_id.size());
  std::vector<DealIndex> sorted(by_id.size());
  for (size_t place = 0; place < kOrdered.size(); ++place) {
    const Id by = kOrdered[place];
    if (by == Id::kDealId) {
      orders[place].Assign(by_id);
      continue;
    }
    const bool by_text = by == Id::kTitle;
    for (size_t i = 0; i < by_id.size(); ++i) {
      rows[i] = {.head = HeadOf(keys.ValueOf(by, by_id[i]), by_text), .deal = by_id[i]};
    }
    // Stable: what is equal stays by id.
    std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
      if (a.head != b.head || !by_text) return a.head < b.head;
      return keys.ValueOf(by, a.deal).text < keys.ValueOf(by, b.deal).text;
    });
    std::transform(rows.begin(), rows.end(), sorted.begin(),
                   [](const Row& row) { return row.deal; });
    orders[place].Assign(sorted);
  }
  return orders;
}

void DealOrders::Make(const std::vector<DealIndex>& by_id, const DealKeys& keys) {
  orders_ = Sorted(by_id, keys);
  made_.store(true, std::memory_order_release);
}

const DealOrders::Order& DealOrders::OrderOf(Id by, const DealKeys& keys) const {
  if (!made_.load(std::memory_order_acquire)) {
    base::MutexLock lock(making_);
    if (!made_.load(std::memory_order_relaxed)) {
      orders_ = Sorted(keys.DealsById(), keys);
      made_.store(true, std::memory_order_release);
    }
  }
  const auto* const found = std::find(kOrdered.begin(), kOrdered.end(), by);
  DEALOG_CHECK(found != kOrdered.end()) << "no order by field " << static_cast<size_t>(by);
  return orders_[static_cast<size_t>(found - kOrdered.begin())];
}

void DealOrders::ForEach(Id by, bool descending, const OrderKey* after, const DealKeys& keys,
                         const Visitor& visitor) const {
  const Order& order = OrderOf(by, keys);
  if (!descending) {
    return order.ForEachFrom(
        [&](DealIndex deal) {
          return after != nullptr &&
                 (keys.IsBefore(by, deal, *after) || keys.KeyOf(by, deal) == *after);
        },
        visitor);
  }
  // First those with a number, from the last one on; then those without, likewise.
  const bool among_unset = after != nullptr && after->number == UnsetNumber(descending);
  bool more = true;
  if (!among_unset) {
    const OrderKey end = after != nullptr ? *after : OrderKey{.number = kUnsetLast};
    order.ForEachBack([&](DealIndex deal) { return keys.IsBefore(by, deal, end); },
                      [&](DealIndex deal) { return more = visitor(deal); });
  }
  if (!more) return;
  const OrderKey end{.number = kUnsetLast, .id = among_unset ? after->id : std::string_view()};
  order.ForEachBack(
      [&](DealIndex deal) { return !among_unset || keys.IsBefore(by, deal, end); },
      [&](DealIndex deal) { return keys.ValueOf(by, deal).number == kUnsetLast && visitor(deal); });
}

}  // namespace dealog::projections
