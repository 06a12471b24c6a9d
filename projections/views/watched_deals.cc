#include "projections/views/watched_deals.h"

#include <utility>

#include "absl/hash/hash.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/views/deals_filter.h"
#include "projections/views/deals_snapshot.h"
#include "projections/views/queries.h"

namespace dealog::projections {
namespace {

uint64_t PrintOf(std::string_view id) { return absl::HashOf(base::View(id)); }

}  // namespace

absl::Status WatchedDeals::Begin(const TenantViews& views) {
  matched_.clear();
  ASSIGN_OR_RETURN(DealsSnapshot snapshot,
                   DealsSnapshot::Make(views, {}, views.recorded_at_us()));
  ASSIGN_OR_RETURN(const DealFilter filter, DealFilter::Compile(filter_, snapshot.tenant()));
  if (filter.all()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const PipelineAt pipeline, FindPipeline(views, pipeline_, {}));
  ASSIGN_OR_RETURN(const MatchedDeals deals, filter.Match(snapshot, pipeline.pipeline_id));
  deals.ForEach(
      [&](DealIndex deal) { matched_.insert(PrintOf(snapshot.view().Id(deal))); });
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::vector<v1::Deal>>> WatchedDeals::ChangedAfter(
    const TenantViews& views, eventstore::Position after, size_t limit) {
  ASSIGN_OR_RETURN(std::vector<v1::Deal> changed,
                   DealsChangedAfter(views, pipeline_, after, limit + 1));
  if (changed.size() > limit) {
    RETURN_IF_ERROR(Begin(views));
    return std::nullopt;
  }
  ASSIGN_OR_RETURN(const DealsSnapshot snapshot,
                   DealsSnapshot::Make(views, {}, views.recorded_at_us()));
  ASSIGN_OR_RETURN(const DealFilter filter, DealFilter::Compile(filter_, snapshot.tenant()));
  if (filter.all()) return changed;
  std::vector<DealIndex> matching;
  for (const v1::Deal& deal : changed) {
    const std::optional<DealIndex> index = snapshot.view().Find(deal.deal_id());
    DEALOG_CHECK(index.has_value()) << "a deal that has just been found";
    matching.push_back(*index);
  }
  filter.Narrow(snapshot, matching);  // They stay in their order.
  auto next = matching.begin();
  std::erase_if(changed, [&](const v1::Deal& deal) {
    const uint64_t print = PrintOf(deal.deal_id());
    const bool matches = next != matching.end() && snapshot.view().Id(*next) == deal.deal_id();
    if (!matches) return matched_.erase(print) == 0;
    ++next;
    matched_.insert(print);
    return false;
  });
  return changed;
}

}  // namespace dealog::projections
