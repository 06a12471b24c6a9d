#pragma once

// Filters over deals, evaluated on columns: each comparison once per distinct owner, stage, tag
// set, …, then by number per deal. A name matches by id and by display name.
//
//   ASSIGN_OR_RETURN(const DealFilter filter, DealFilter::Compile(text, snapshot.tenant()));
//   DealMarks marks = ...;        // Who is asked about.
//   filter.Narrow(snapshot, marks);  // Leaves those that match.

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/filter/filter.h"
#include "projections/views/deals_snapshot.h"

namespace dealog::projections {

// By deal: 1 = in, 0 = out.
using DealMarks = std::vector<uint8_t>;

// Thread safety: const methods from many threads.
class DealFilter {
 public:
  static absl::StatusOr<DealFilter> Compile(std::string_view text, const TenantView& tenant);
  void Narrow(const DealsSnapshot& snapshot, DealMarks& marks) const;
  // All deals match.
  bool all() const { return filter_.root().kind == filter::Node::Kind::kTrue; }

 private:
  filter::Filter filter_;
};

// Marks of the deals that exist at the snapshot, of one pipeline if it is given.
DealMarks ExistingDeals(const DealsSnapshot& snapshot, std::string_view pipeline_id);

}  // namespace dealog::projections
