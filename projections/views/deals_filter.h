#pragma once

// Filters over deals. Where the question is about now and the filter names an owner, a tag, a
// status, …, the deals that have it are looked at, and no others. Else all deals are, on columns:
// each comparison once per distinct owner, stage, tag set, …, then by number per deal. A name
// matches by id and by display name.
//
//   ASSIGN_OR_RETURN(const DealFilter filter, DealFilter::Compile(text, snapshot.tenant()));
//   filter.Match(snapshot, pipeline_id).ForEach([](DealIndex deal) { ... });

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/filter/filter.h"
#include "projections/views/deals_candidates.h"
#include "projections/views/deals_snapshot.h"

namespace dealog::projections {

// By deal: 1 = in, 0 = out.
using DealMarks = std::vector<uint8_t>;

// Deals that match a filter: marks after a scan, a list where only candidates were looked at.
class MatchedDeals {
 public:
  explicit MatchedDeals(DealMarks marks) : marks_(std::move(marks)) {}
  explicit MatchedDeals(std::vector<DealIndex> deals) : deals_(std::move(deals)) {}

  // About how many, for who makes room for them; never too few.
  size_t size_max() const { return marks_.size() + deals_.size(); }
  // In the order of their numbers.
  template <typename Visitor>
  void ForEach(Visitor visitor) const {
    for (size_t deal = 0; deal < marks_.size(); ++deal) {
      if (marks_[deal]) visitor(static_cast<DealIndex>(deal));
    }
    for (const DealIndex deal : deals_) visitor(deal);
  }

 private:
  DealMarks marks_;  // One of both is empty.
  std::vector<DealIndex> deals_;
};

// Thread safety: const methods from many threads.
class DealFilter {
 public:
  static absl::StatusOr<DealFilter> Compile(std::string_view text, const TenantView& tenant);
  // Who exists at the snapshot, in the pipeline if it is given, and matches. Detaches the snapshot
  // if more than kDealsUnderLockMax deals are to be looked at.
  absl::StatusOr<MatchedDeals> Match(DealsSnapshot& snapshot, std::string_view pipeline_id) const;
  // Leaves those that match.
  void Narrow(const DealsSnapshot& snapshot, DealMarks& marks) const;
  void Narrow(const DealsSnapshot& snapshot, std::vector<DealIndex>& deals) const;
  // Who can match at most, however many; nullopt: any deal, as far as the indexes know. The
  // snapshot must have them.
  std::optional<Candidates> BoundIn(const DealsSnapshot& snapshot) const {
    return BoundOf(snapshot, filter_.root());
  }
  // What Match looks at; nullopt: all deals, because the question is about a past, or the filter
  // says nothing that is posted, or more than a quarter of all deals remain.
  std::optional<Candidates> CandidatesIn(const DealsSnapshot& snapshot,
                                         std::string_view pipeline_id) const;
  // All deals match.
  bool all() const { return filter_.root().kind == filter::Node::Kind::kTrue; }

 private:
  filter::Filter filter_;
};

// Marks of the deals that exist at the snapshot, of one pipeline if it is given.
DealMarks ExistingDeals(const DealsSnapshot& snapshot, std::string_view pipeline_id);

}  // namespace dealog::projections
