#pragma once

// What states are made of, and the one place that says which time a field follows when a change is
// back-dated. Decisions, replies, reads and timelines all take it from the field's type.
//
//   Dated<T>     business time: the change with the latest (occurred_at, revision) wins. What is
//                true of the thing itself: names of people and companies, owners, teams, amounts;
//                also each key of DatedMap (tags, attributes) and DatedList (links).
//   Recorded<T>  recorded time: the newest revision wins, whenever it occurred. What holds a unique
//                key, for the key is held from the commit on: a contact's email, an organization's
//                domain, the display names of members, products, pipelines and workflows.
//   plain        stream order. Set once by the first event (external keys, creation times), or a
//                step that deciders refuse out of order: stages of deals and of pipelines, states
//                of activities, workflows and imports.

#include <algorithm>
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
  bool is_set() const { return occurred_at_us != std::numeric_limits<int64_t>::min(); }
};

// A value that is never back-dated in effect: the newest revision wins.
template <typename T>
struct Recorded {
  T value{};
  bool was_set = false;

  void Set(T new_value) {
    value = std::move(new_value);
    was_set = true;
  }
  bool is_set() const { return was_set; }
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
  // Calls visit(key, value) for each key that has a value now, sorted.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& [key, entry] : entries_) {
      if (entry.value.first) visit(key, entry.value.second);
    }
  }
  // The same for each key ever set; nullptr for a value that was removed.
  template <typename Visit>
  void ForEachEver(Visit visit) const {
    for (const auto& [key, entry] : entries_) {
      visit(key, entry.value.first ? &entry.value.second : nullptr);
    }
  }
  // Keys that have a value now, sorted.
  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    ForEach([&](const std::string& key, const T&) { keys.push_back(key); });
    return keys;
  }
  // Keys ever set: what ApproximateBytes counts.
  size_t entry_count() const { return entries_.size(); }

 private:
  std::map<std::string, Dated<std::pair<bool, T>>> entries_;
};

// The same where the order in which keys came matters: a key stands where it was set first since it
// was last removed, in business time. Keeps all its changes, for a back-dated one can turn the
// order of others.
template <typename T>
class DatedList {
 public:
  void Set(const std::string& key, T value, int64_t at_us) {
    Insert({at_us, key, true, std::move(value)});
  }
  void Erase(const std::string& key, int64_t at_us) { Insert({at_us, key, false, T()}); }
  // The value now; nullptr if there is none.
  const T* Find(const std::string& key) const {
    const auto last = std::find_if(changes_.rbegin(), changes_.rend(),
                                   [&](const Change& change) { return change.key == key; });
    return last == changes_.rend() || !last->present ? nullptr : &last->value;
  }
  bool Has(const std::string& key) const { return Find(key) != nullptr; }
  // Keys that have a value now, in order.
  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    for (const Change& change : changes_) {
      const auto at = std::find(keys.begin(), keys.end(), change.key);
      if (change.present && at == keys.end()) keys.push_back(change.key);
      if (!change.present && at != keys.end()) keys.erase(at);
    }
    return keys;
  }
  // Changes kept: what ApproximateBytes counts.
  size_t entry_count() const { return changes_.size(); }

 private:
  struct Change {
    int64_t at_us;
    std::string key;
    bool present;
    T value;
  };
  void Insert(Change change) {
    const auto at =
        std::upper_bound(changes_.begin(), changes_.end(), change.at_us,
                         [](int64_t at_us, const Change& other) { return at_us < other.at_us; });
    changes_.insert(at, std::move(change));
  }

  std::vector<Change> changes_;  // By time, then in the order of their revisions.
};

// A set of labels.
struct Present {};
using TagSet = DatedMap<Present>;

// Rough size of one entry, bytes: node, key and value.
inline constexpr size_t kDatedEntryBytes = 128;

}  // namespace dealog::states
