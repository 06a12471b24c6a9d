#pragma once

// Folded states at hand, least recently used ones leave first.
//
//   StateCache::Entry* entry = cache.Find(tenant, stream);       // nullptr: fold it, then Insert
//   cache.Trim();                                                // Between batches only.

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "eventstore/base/mutex.h"
#include "eventstore/types.h"
#include "services/domain/decider.h"

namespace dealog::commands {

// Names a state, without owning the text; also the key of the maps below.
struct StateKeyView {
  std::string_view tenant;
  std::string_view type;
  std::string_view id;
  bool operator==(const StateKeyView&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const StateKeyView& key) {
    return H::combine(std::move(h), key.tenant, key.type, key.id);
  }
};

// A cache of states for the sequencer's thread, beside a place where other threads leave states
// that they folded in advance ("warm").
// Thread safety: Warm and Has from any thread; everything else from the owner's thread.
// Invariants: nothing leaves but by Trim and Clear, so entries found during a batch stay valid.
class StateCache {
 public:
  struct Entry {
    std::string tenant;
    domain::StreamRef stream;
    std::unique_ptr<domain::AggregateState> state;
    size_t bytes = 0;            // As last measured.
    uint64_t read_by = 0;        // Number of the last command that read it.
    uint64_t read_revision = 0;  // What that command saw.
    std::list<Entry*>::iterator recency;
    StateKeyView key() const { return {tenant, stream.type, stream.id}; }
  };

  explicit StateCache(size_t bytes_max);

  // The entry, now the most recently used; nullptr if it is not at hand.
  Entry* Find(std::string_view tenant, const domain::StreamRef& stream);
  // Adds a state that is not there yet.
  Entry& Insert(std::string_view tenant, const domain::StreamRef& stream,
                std::unique_ptr<domain::AggregateState> state);
  // To be called after a state grew or shrank.
  void Measure(Entry& entry);
  // Evicts the least recently used until the budget is kept.
  void Trim();
  void Clear();
  size_t bytes() const { return bytes_; }

  // True if the state is at hand or warm.
  bool Has(std::string_view tenant, const domain::StreamRef& stream) const;
  // Leaves a folded state to be picked up; dropped where there is no room or the state is there.
  void Warm(std::string_view tenant, const domain::StreamRef& stream,
            std::unique_ptr<domain::AggregateState> state);
  // Takes a warm state; nullptr if there is none. It may be older than its stream.
  std::unique_ptr<domain::AggregateState> TakeWarm(std::string_view tenant,
                                                   const domain::StreamRef& stream);

 private:
  struct KeyOf {
    using is_transparent = void;
    StateKeyView operator()(const StateKeyView& key) const { return key; }
    StateKeyView operator()(const std::unique_ptr<Entry>& entry) const { return entry->key(); }
  };
  struct Hash : KeyOf {
    template <typename T>
    size_t operator()(const T& key) const {
      return absl::Hash<StateKeyView>()(KeyOf()(key));
    }
  };
  struct Equal : KeyOf {
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return KeyOf()(a) == KeyOf()(b);
    }
  };
  using EntrySet = absl::flat_hash_set<std::unique_ptr<Entry>, Hash, Equal>;

  // Constant after construction.
  const size_t bytes_max_;

  // Owner's thread only.
  std::list<Entry*> recency_;  // Front: most recently used.
  size_t bytes_ = 0;

  // The owner alone changes entries_, under mu_; it reads it without.
  mutable base::Mutex mu_;
  EntrySet entries_;
  EntrySet warm_ ABSL_GUARDED_BY(mu_);
  size_t warm_bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace dealog::commands
