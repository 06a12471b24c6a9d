#pragma once

// Deals in the order of an instant of theirs, such as when they entered their stage; deals of one
// instant in the order of their ids.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "projections/views/chunked_order.h"
#include "projections/views/deals_facts.h"
#include "projections/views/dictionary.h"

namespace dealog::projections {

// The ids of deals, by their numbers; shared by all who number deals that way. Ids stay.
// Thread safety: as Dictionary.
class DealIds {
 public:
  explicit DealIds(std::shared_ptr<const Dictionary> ids) : ids_(std::move(ids)) {}
  std::string_view operator()(DealIndex deal) const { return ids_->Text(deal); }

 private:
  std::shared_ptr<const Dictionary> ids_;
};

// Thread safety: const methods from many threads.
class OrderedDeals {
 public:
  struct Entry {
    int64_t at_us = 0;
    DealIndex deal = 0;
    bool operator==(const Entry&) const = default;
  };
  // Entries before an instant and an id.
  struct Before {
    int64_t at_us;
    std::string_view id;
    const DealIds& ids;
    bool operator()(const Entry& entry) const {
      return entry.at_us != at_us ? entry.at_us < at_us : ids(entry.deal) < id;
    }
  };

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  // The entry must not be in it.
  void Insert(const Entry& entry, const DealIds& ids) {
    entries_.Insert(entry, Before{entry.at_us, ids(entry.deal), ids});
  }
  // The entry must be in it.
  void Erase(const Entry& entry, const DealIds& ids) {
    entries_.Erase(entry, Before{entry.at_us, ids(entry.deal), ids});
  }
  // How many entries are of an earlier instant.
  size_t CountBefore(int64_t at_us) const {
    return entries_.CountBefore([at_us](const Entry& entry) { return entry.at_us < at_us; });
  }
  // In order, until the visitor returns false.
  template <typename Visitor>
  void ForEach(const Visitor& visitor) const {
    entries_.ForEach(visitor);
  }
  // From an instant and an id on, whether or not there is such a deal.
  template <typename Visitor>
  void ForEachFrom(int64_t at_us, std::string_view id, const DealIds& ids,
                   const Visitor& visitor) const {
    entries_.ForEachFrom(Before{at_us, id, ids}, visitor);
  }

 private:
  ChunkedOrder<Entry> entries_;
};

}  // namespace dealog::projections
