#pragma once

// Which of the deals that changed a watched board is told of: those that match its filter, and
// those that did before they changed. Others are none of its business.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "dealog/v1/deals.pb.h"
#include "eventstore/types.h"
#include "projections/tenant_views.h"

namespace dealog::projections {

// Remembers eight bytes per deal that matches a filter; of a board without one, nothing.
// Thread safety: none, one board's, which asks along the log.
class WatchedDeals {
 public:
  WatchedDeals(std::string pipeline, std::string filter)
      : pipeline_(std::move(pipeline)), filter_(std::move(filter)) {}

  // Remembers who matches now.
  absl::Status Begin(const TenantViews& views);
  // Of the deals that changed after a position, which is where it was asked last: those that match
  // or did; oldest change first. nullopt: more than `limit` changed; it has begun anew.
  absl::StatusOr<std::optional<std::vector<v1::Deal>>> ChangedAfter(const TenantViews& views,
                                                                    eventstore::Position after,
                                                                    size_t limit);

 private:
  const std::string pipeline_;
  const std::string filter_;
  // Of their ids: numbers of deals do not outlive a rebuild of the view.
  absl::flat_hash_set<uint64_t> matched_;
};

}  // namespace dealog::projections
