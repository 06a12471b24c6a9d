#pragma once

// Values of one field of a reference record (a member, a product, an organization) over time. What
// an event sets is what Evolve of that event alone sets; which of two values holds is the field's
// own rule (projections/states/dated.h).
//
//   const auto set = SetBy<states::MemberState>(event);
//   record.team.Take(set.team, event.meta);
//   const std::string* team = record.team.At(instant, horizon);

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "projections/states/aggregate.h"
#include "projections/states/dated.h"
#include "projections/views/horizon.h"

namespace dealog::projections {

enum class TimelineRule {
  kBusiness,  // As states::Dated: the latest (occurred_at, revision) at the instant.
  kRecorded,  // As states::Recorded: the newest revision of those that occurred by the instant.
};

// The first value holds at every earlier instant, also under an as_of before the record was
// entered: a reference record is asked about as far back as there are deals, and its first value is
// the best answer there is. A value that was cleared is none from there on.
// Thread safety: const methods from many threads.
template <typename T>
class Timeline {
 public:
  Timeline() = default;
  explicit Timeline(TimelineRule rule) : rule_(rule) {}

  // `set` false: the field was cleared. In the order of positions.
  void Add(uint64_t position, int64_t occurred_us, bool set, T value) {
    const auto at = std::upper_bound(entries_.begin(), entries_.end(), occurred_us, Before());
    const auto place = static_cast<size_t>(at - entries_.begin());
    entries_.insert(at, {occurred_us, position, set, std::move(value), 0});
    newest_position_ = std::max(newest_position_, position);
    if (set && place <= first_set_) first_set_ = place;
    while (first_set_ < entries_.size() && !entries_[first_set_].set) ++first_set_;
    for (size_t i = place; i < entries_.size(); ++i) {
      const bool stands = rule_ == TimelineRule::kRecorded && i > 0 &&
                          entries_[entries_[i - 1].holder].position > entries_[i].position;
      entries_[i].holder = stands ? entries_[i - 1].holder : i;
    }
  }
  // What an event alone set of a field; nothing if it did not. An empty text is a cleared one.
  void Take(const states::Dated<T>& field, const states::EventMeta& meta) {
    rule_ = TimelineRule::kBusiness;
    if (field.is_set()) {
      Add(meta.position, meta.occurred_at_us, !field.value.empty(), field.value);
    }
  }
  void Take(const states::Recorded<T>& field, const states::EventMeta& meta) {
    rule_ = TimelineRule::kRecorded;
    if (field.is_set()) {
      Add(meta.position, meta.occurred_at_us, !field.value.empty(), field.value);
    }
  }
  // The value at `instant`, among those within the horizon; nullptr = none.
  const T* At(int64_t instant, const Horizon& horizon) const {
    return horizon.Knows(newest_position_) ? FindAt(instant, horizon.as_of_us)
                                           : WalkTo(instant, horizon);
  }
  const T* Latest(const Horizon& horizon) const { return At(kNever, horizon); }
  // True if it never had but one value: then every instant gives the same.
  bool constant() const { return entries_.size() < 2; }

 private:
  struct Entry {
    int64_t occurred_us;
    uint64_t position;
    bool set;
    T value;
    size_t holder;  // The entry whose value holds from here to the next, all being known.
  };
  struct Before {
    bool operator()(int64_t instant, const Entry& entry) const {
      return instant < entry.occurred_us;
    }
    bool operator()(const Entry& entry, int64_t instant) const {
      return entry.occurred_us < instant;
    }
  };

  // Where all entries are known.
  const T* FindAt(int64_t instant, int64_t as_of_us) const {
    const auto first = entries_.begin() + static_cast<ptrdiff_t>(first_set_);
    if (first == entries_.end()) return nullptr;
    const auto end = std::lower_bound(first, entries_.end(), as_of_us, Before());
    const auto after = std::upper_bound(first, end, instant, Before());
    const Entry& current = after == first ? *first : entries_[(after - 1)->holder];
    return current.set ? &current.value : nullptr;
  }
  const T* WalkTo(int64_t instant, const Horizon& horizon) const {
    const Entry* first = nullptr;
    const Entry* current = nullptr;
    for (const Entry& entry : entries_) {
      if (!horizon.Knows(entry.position)) continue;
      if (first == nullptr && !entry.set) continue;  // Not a first value.
      if (first == nullptr) first = &entry;
      if (entry.occurred_us >= horizon.as_of_us || entry.occurred_us > instant) break;
      const bool stands = rule_ == TimelineRule::kRecorded && current != nullptr &&
                          current->position > entry.position;
      if (!stands) current = &entry;
    }
    if (current == nullptr) current = first;
    return current != nullptr && current->set ? &current->value : nullptr;
  }

  TimelineRule rule_ = TimelineRule::kBusiness;
  std::vector<Entry> entries_;  // By (occurred_us, position).
  size_t first_set_ = 0;        // How many entries at the front are not set.
  uint64_t newest_position_ = 0;
};

// What an event alone sets: its Evolve on an empty state.
template <typename State>
State SetBy(const events::v1::Event& event, const states::EventMeta& meta) {
  State state("");
  state.Apply(event, meta);
  return state;
}

}  // namespace dealog::projections
