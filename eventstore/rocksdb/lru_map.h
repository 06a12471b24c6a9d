#pragma once

// A bounded map that forgets what was used longest ago. Internal to this folder.

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/string_view.h"

namespace dealog::eventstore {

// Thread safety: yes.
// Invariant: at most `capacity` entries.
template <typename Value>
class LruMap {
 public:
  explicit LruMap(size_t capacity) : capacity_(capacity) {}

  std::optional<Value> Get(std::string_view key) const {
    base::MutexLock lock(mu_);
    const auto found = entries_.find(base::View(key));
    if (found == entries_.end()) return std::nullopt;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }

  void Put(std::string_view key, Value value) {
    base::MutexLock lock(mu_);
    if (capacity_ == 0) return;
    const auto found = entries_.find(base::View(key));
    if (found != entries_.end()) {
      found->second->second = std::move(value);
      order_.splice(order_.begin(), order_, found->second);
      return;
    }
    if (entries_.size() == capacity_) {
      entries_.erase(absl::string_view(order_.back().first));
      order_.pop_back();
    }
    order_.emplace_front(std::string(key), std::move(value));
    // The key of the map is the text in the list, whose nodes never move.
    entries_.emplace(absl::string_view(order_.front().first), order_.begin());
  }

 private:
  using Order = std::list<std::pair<std::string, Value>>;
  const size_t capacity_;
  mutable base::Mutex mu_;
  mutable Order order_ ABSL_GUARDED_BY(mu_);  // Newest first.
  absl::flat_hash_map<absl::string_view, typename Order::iterator> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::eventstore
