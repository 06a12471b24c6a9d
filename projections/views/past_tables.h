#pragma once

// Fact tables of past positions that were asked about lately. What was known at a position never
// changes, whatever is folded later, so that a table is made once and asked by many: by all copies
// of a view.

#include <cstdint>
#include <functional>
#include <list>
#include <memory>

#include "eventstore/base/mutex.h"
#include "projections/views/deals_table.h"

namespace dealog::projections {

// Thread safety: yes.
// Invariants: at most kPastTablesMax tables, the one that was asked for last in front.
class PastTables {
 public:
  using Shared = std::shared_ptr<const FactTable>;

  // The table of what was known at a position; `make` is called if it is not at hand. Who asks for
  // a table while another is made waits: two at once would take twice the memory.
  Shared Get(uint64_t known_position, const std::function<FactTable()>& make);
  // About how much memory the tables take, bytes. Waits for none that is being made.
  size_t ApproximateBytes() const;

 private:
  struct Entry {
    uint64_t known_position = 0;
    Shared table;
  };
  Shared Find(uint64_t known_position);

  base::Mutex making_;  // Held while a table is made; taken before mu_.
  mutable base::Mutex mu_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::projections
