#pragma once

// The values of one field of one deal over time, and what it was at an instant.

#include <cstdint>
#include <span>
#include <vector>

#include "projections/views/deals_facts.h"
#include "projections/views/time_list.h"

namespace dealog::projections {

// Thread safety: const methods from many threads.
class ChangeList {
 public:
  bool empty() const { return list_.empty(); }
  size_t size() const { return list_.size(); }
  const Change& back() const { return list_.back(); }
  // The first change that sets a value; nullptr if none does.
  const Change* FirstSet() const { return has_first_ ? &first_ : nullptr; }
  const Change* LastBefore(int64_t end_us) const { return list_.LastBefore(end_us); }
  // The first change after an instant; nullptr if there is none.
  const Change* FirstAfter(int64_t instant) const {
    const auto place = list_.FirstFrom(instant + 1);
    return list_.AtEnd(place) ? nullptr : &list_[place];
  }
  void Insert(const Change& change) {
    list_.Insert(change);
    if (change.value == kUnset || (has_first_ && first_.at_us <= change.at_us)) return;
    first_ = change;
    has_first_ = true;
  }
  // Makes it the one change of its instant.
  void Put(const Change& change);
  template <typename Visitor>
  void ForEach(Visitor visitor) const {
    list_.ForEach(visitor);
  }
  void Clear() {
    list_.Clear();
    has_first_ = false;
  }

 private:
  TimeList<Change> list_;
  bool has_first_ = false;
  Change first_;  // A copy.
};

// The same questions, of sorted changes that lie side by side.
class ChangeSpan {
 public:
  explicit ChangeSpan(std::span<const Change> changes) : changes_(changes) {}
  const Change* FirstSet() const {
    for (const Change& change : changes_) {
      if (change.value != kUnset) return &change;
    }
    return nullptr;
  }
  const Change* LastBefore(int64_t end_us) const {
    const auto after =
        std::partition_point(changes_.begin(), changes_.end(),
                             [end_us](const Change& change) { return change.at_us < end_us; });
    return after == changes_.begin() ? nullptr : &*(after - 1);
  }

 private:
  std::span<const Change> changes_;
};

// The value at an instant: the last one at or before it, else the first that is set (`later`); only
// changes before as_of count.
struct ValueThen {
  FieldValue value;
  bool later = false;
};
template <typename Changes>
ValueThen ValueAt(const Changes& changes, int64_t instant, int64_t as_of) {
  const Change* first = changes.FirstSet();
  if (first == nullptr || first->at_us >= as_of) return {};
  const int64_t end = instant < as_of ? instant + 1 : as_of;
  const Change* last = changes.LastBefore(end);
  if (last == nullptr || last->at_us < first->at_us) return {first->field_value(), true};
  return {last->field_value(), false};
}

}  // namespace dealog::projections
