#pragma once

// The two independent instants of a question: which events were known, and which had occurred.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "projections/views/queries.h"

namespace dealog::projections {

// "Has not happened": later than every instant. Also the as_of that excludes nothing.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

struct Horizon {
  uint64_t known_position = std::numeric_limits<uint64_t>::max();  // Events up to and including it.
  int64_t as_of_us = kNever;  // Events that occurred strictly before it.

  static Horizon Of(const AsKnown& when) {
    Horizon horizon;
    if (when.known_position) horizon.known_position = when.known_position->value;
    if (when.as_of_us) horizon.as_of_us = *when.as_of_us;
    return horizon;
  }
  bool Knows(uint64_t position) const { return position <= known_position; }
  bool Includes(uint64_t position, int64_t occurred_us) const {
    return Knows(position) && occurred_us < as_of_us;
  }
  bool operator==(const Horizon&) const = default;
  // The same, taking everything known, whenever it occurred.
  Horizon WithoutAsOf() const { return {.known_position = known_position}; }
};

// Values of one field over time. A back-dated value takes its place in the past: at every instant
// the latest (occurred_at, revision) wins. An instant before the first value has the first value.
// Thread safety: const methods from many threads.
template <typename T>
class Timeline {
 public:
  // `set` false: the field was cleared.
  void Add(uint64_t position, int64_t occurred_us, bool set, T value) {
    const auto at = std::upper_bound(entries_.begin(), entries_.end(), occurred_us, Before());
    const auto place = static_cast<size_t>(at - entries_.begin());
    entries_.insert(at, {occurred_us, position, set, std::move(value)});
    newest_position_ = std::max(newest_position_, position);
    if (set && place <= first_set_) first_set_ = place;
    while (first_set_ < entries_.size() && !entries_[first_set_].set) ++first_set_;
  }
  // The value at `instant`, among those within the horizon; nullptr = none.
  const T* At(int64_t instant, const Horizon& horizon) const {
    return horizon.Knows(newest_position_) ? FindAt(instant, horizon.as_of_us)
                                           : WalkTo(instant, horizon);
  }
  const T* Latest(const Horizon& horizon) const { return At(kNever, horizon); }
  // How the thing is shown at the horizon: the latest value, or, for an instant before it was
  // known at all, its first one.
  const T* Shown(const Horizon& horizon) const {
    if (const T* latest = Latest(horizon)) return latest;
    return At(std::numeric_limits<int64_t>::min(), horizon.WithoutAsOf());
  }
  // True if it never had but one value: then every instant gives the same.
  bool constant() const { return entries_.size() < 2; }

 private:
  struct Entry {
    int64_t occurred_us;
    uint64_t position;
    bool set;
    T value;
  };
  struct Before {
    bool operator()(int64_t instant, const Entry& entry) const {
      return instant < entry.occurred_us;
    }
    bool operator()(const Entry& entry, int64_t instant) const {
      return entry.occurred_us < instant;
    }
  };

  // Where all entries are known: those before as_of stand at the front.
  const T* FindAt(int64_t instant, int64_t as_of_us) const {
    const auto first = entries_.begin() + static_cast<ptrdiff_t>(first_set_);
    const auto end = std::lower_bound(first, entries_.end(), as_of_us, Before());
    if (first == end) return nullptr;
    const auto after = std::upper_bound(first, end, instant, Before());
    const Entry& current = after == first ? *first : *(after - 1);
    return current.set ? &current.value : nullptr;
  }
  const T* WalkTo(int64_t instant, const Horizon& horizon) const {
    const Entry* current = nullptr;
    for (const Entry& entry : entries_) {
      if (!horizon.Includes(entry.position, entry.occurred_us)) continue;
      if (current == nullptr && !entry.set) continue;  // Not a first value.
      if (current != nullptr && entry.occurred_us > instant) break;
      current = &entry;
      if (entry.occurred_us > instant) break;
    }
    return current != nullptr && current->set ? &current->value : nullptr;
  }

  std::vector<Entry> entries_;  // By (occurred_us, position).
  size_t first_set_ = 0;        // How many entries at the front are not set.
  uint64_t newest_position_ = 0;
};

}  // namespace dealog::projections
