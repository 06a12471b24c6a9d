#include "projections/views/past_tables.h"

#include <algorithm>
#include <utility>

#include "projections/views/limits.h"

namespace dealog::projections {

PastTables::Shared PastTables::Find(uint64_t known_position) {
  base::MutexLock lock(mu_);
  const auto found = std::find_if(
      entries_.begin(), entries_.end(),
      [known_position](const Entry& entry) { return entry.known_position == known_position; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->table;
}

PastTables::Shared PastTables::Get(uint64_t known_position,
                                   const std::function<FactTable()>& make) {
  if (Shared found = Find(known_position)) return found;
  base::MutexLock making(making_);
  if (Shared found = Find(known_position)) return found;  // Made meanwhile.
  {
    // Room first: a table is as large as the present one.
    base::MutexLock lock(mu_);
    while (entries_.size() >= kPastTablesMax) entries_.pop_back();
  }
  auto table = std::make_shared<const FactTable>(make());
  base::MutexLock lock(mu_);
  entries_.push_front({.known_position = known_position, .table = table});
  return table;
}

size_t PastTables::ApproximateBytes() const {
  base::MutexLock lock(mu_);
  size_t bytes = 0;
  for (const Entry& entry : entries_) bytes += entry.table->ApproximateBytes();
  return bytes;
}

}  // namespace dealog::projections
