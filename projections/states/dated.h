#pragma once

// What the aggregates' states are made of: values of which the latest by business time wins.

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dealog::states {

// A value that may be back-dated: the change with the latest (occurred_at, revision) wins. Changes
// must be set in the order of their revisions.
template <typename T>
struct Dated {
  T value{};
  int64_t occurred_at_us = std::numeric_limits<int64_t>::min();

  void Set(T new_value, int64_t at_us) {
    if (at_us < occurred_at_us) return;
    value = std::move(new_value);
    occurred_at_us = at_us;
  }
};

// Values by key, each dated by itself; a removed key is remembered, so that a back-dated addition
// does not bring it back.
template <typename T>
class DatedMap {
 public:
  void Set(const std::string& key, T value, int64_t at_us) {
    entries_[key].Set(std::make_pair(true, std::move(value)), at_us);
  }
  void Erase(const std::string& key, int64_t at_us) {
    entries_[key].Set(std::make_pair(false, T()), at_us);
  }
  // The value now; nullptr if there is none.
  const T* Find(const std::string& key) const {
    const auto it = entries_.find(key);
    return it == entries_.end() || !it->second.value.first ? nullptr : &it->second.value.second;
  }
  bool Has(const std::string& key) const { return Find(key) != nullptr; }
  // Keys that have a value now, sorted.
  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : entries_) {
      if (entry.value.first) keys.push_back(key);
    }
    return keys;
  }
  // Keys ever set: what ApproximateBytes counts.
  size_t entry_count() const { return entries_.size(); }

 private:
  std::map<std::string, Dated<std::pair<bool, T>>> entries_;
};

// A set of labels.
struct Present {};
using TagSet = DatedMap<Present>;

// Rough size of one DatedMap entry, bytes: node, key and value.
inline constexpr size_t kDatedEntryBytes = 128;

}  // namespace dealog::states
