#pragma once

// Pages of lists over resident rows: a page is the best `size` rows after the cursor, kept in a
// heap while every row passes by once, so that nothing is sorted that nobody asked for.
//
//   ASSIGN_OR_RETURN(const auto order, ParseOrderBy(query.order_by, states::DealFields()));
//   ASSIGN_OR_RETURN(PageBuilder<const DealRow*> builder,
//                    PageBuilder<const DealRow*>::Make(query.page, order.descending));
//   for (const DealRow& deal : deals) {
//     if (filter.Matches(deal)) builder.Offer({.text = deal.title, .id = deal.id}, &deal);
//   }
//   return builder.Finish([](const DealRow* deal) { return ToProto(*deal); });

#include <algorithm>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/status.h"
#include "projections/states/fields.h"
#include "projections/views/order_key.h"
#include "projections/views/queries.h"

namespace dealog::projections {

// Which field of its table orders a list.
template <typename Row>
struct ListOrder {
  const Row* field = nullptr;
  bool descending = false;
};

// "field", "field asc" or "field desc" in parts; without a name if it is nothing of that.
struct OrderText {
  std::string_view name;
  bool descending = false;
};
OrderText SplitOrderBy(std::string_view text);
// INVALID_ARGUMENT that names order_by and what is allowed.
absl::Status OrderByRefused(std::string_view text, const std::string& allowed);

// The order that `text` asks for; of "": by the first field, which is the record's id.
template <typename Row>
absl::StatusOr<ListOrder<Row>> ParseOrderBy(std::string_view text, std::span<const Row> fields) {
  if (text.empty()) return ListOrder<Row>{.field = &fields[0]};
  const OrderText order = SplitOrderBy(text);
  const Row* field = states::FindField(fields, order.name, states::kSortable);
  if (field == nullptr) {
    return OrderByRefused(text, states::FieldNames(fields, states::kSortable));
  }
  return ListOrder<Row>{.field = field, .descending = order.descending};
}

// The cursor that stands right after a row.
std::string EncodeCursor(const OrderKey& key);
// The row's key, pointing into `cursor`; PAGE_TOKEN_INVALID if it is none.
absl::StatusOr<OrderKey> DecodeCursor(std::string_view cursor);

// Thread safety: none needed. What the offered keys point to must live until Finish.
template <typename Item>
class PageBuilder {
 public:
  static absl::StatusOr<PageBuilder> Make(const PageRequest& page, bool descending) {
    PageBuilder builder(std::max<size_t>(page.size, 1), descending);
    if (!page.after.empty()) {
      builder.cursor_ = std::make_shared<const std::string>(page.after);
      ASSIGN_OR_RETURN(builder.after_, DecodeCursor(*builder.cursor_));
    }
    return builder;
  }

  // The key that the page comes after; nullptr: it is the first page. Points into this.
  const OrderKey* after() const { return after_ ? &*after_ : nullptr; }
  // False: the page is full, and neither this row nor one that comes after it belongs to it.
  bool Offer(const OrderKey& key, Item item) {
    if (after_ && !Before(*after_, key)) return true;
    if (kept_.size() > size_) {  // One more than the page tells whether there is a next one.
      if (!Before(key, kept_.front().first)) return false;
      std::pop_heap(kept_.begin(), kept_.end(), HeapOrder());
      kept_.pop_back();
    }
    kept_.emplace_back(key, std::move(item));
    std::push_heap(kept_.begin(), kept_.end(), HeapOrder());
    return true;
  }

  // Renders the page's rows, in order.
  template <typename Render>
  auto Finish(Render render) {
    std::sort_heap(kept_.begin(), kept_.end(), HeapOrder());
    Page<std::decay_t<decltype(render(kept_.front().second))>> page;
    const size_t count = std::min(size_, kept_.size());
    if (kept_.size() > size_) page.next = EncodeCursor(kept_[count - 1].first);
    for (size_t i = 0; i < count; ++i) page.items.push_back(render(kept_[i].second));
    return page;
  }

 private:
  PageBuilder(size_t size, bool descending) : size_(size), descending_(descending) {}

  bool Before(const OrderKey& a, const OrderKey& b) const { return descending_ ? b < a : a < b; }
  auto HeapOrder() const {
    return [this](const auto& a, const auto& b) { return Before(a.first, b.first); };
  }

  // Constant after construction.
  size_t size_;
  bool descending_;
  std::shared_ptr<const std::string> cursor_;  // Shared, so that moves leave `after_` valid.
  std::optional<OrderKey> after_;
  // The best rows so far, the last of them in front.
  std::vector<std::pair<OrderKey, Item>> kept_;
};

}  // namespace dealog::projections
