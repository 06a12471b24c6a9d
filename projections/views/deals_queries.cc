// Questions about single deals and lists of them: GetDeal, GetFieldHistory, ListDeals,
// DealsChangedAfter, DealsInStage.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/deal_fields.h"
#include "projections/views/deals_filter.h"
#include "projections/views/deals_history.h"
#include "projections/views/deals_message.h"
#include "projections/views/deals_snapshot.h"
#include "projections/views/deals_walk.h"
#include "projections/views/instants.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

// A deal that exists at the snapshot's horizon.
absl::StatusOr<DealIndex> FindDeal(const DealsSnapshot& snapshot, std::string_view deal_id) {
  const std::optional<DealIndex> deal = snapshot.view().Find(deal_id);
  DealFacts scratch;
  if (deal && snapshot.FactsOf(*deal, scratch).exists) return *deal;
  return base::Error(absl::StatusCode::kNotFound, "DEAL_NOT_FOUND",
                     absl::StrCat("expected a deal's id, found ", Quoted(deal_id),
                                  deal ? ", a deal that did not exist at the instant asked about"
                                       : ", which no deal has"));
}

}  // namespace

absl::StatusOr<v1::Deal> GetDeal(const TenantViews& views, std::string_view deal_id,
                                 const AsKnown& when, int64_t now_us) {
  ASSIGN_OR_RETURN(const DealsSnapshot snapshot, DealsSnapshot::MakeForOne(views, when, now_us));
  ASSIGN_OR_RETURN(const DealIndex deal, FindDeal(snapshot, deal_id));
  return DealMessages(snapshot).Make(deal);
}

absl::StatusOr<v1::GetFieldHistoryResponse> GetFieldHistory(
    const TenantViews& views, const v1::GetFieldHistoryRequest& request, const AsKnown& when,
    int64_t now_us) {
  ASSIGN_OR_RETURN(const DealsSnapshot snapshot, DealsSnapshot::MakeForOne(views, when, now_us));
  ASSIGN_OR_RETURN(const DealIndex deal, FindDeal(snapshot, request.resource_id()));
  ASSIGN_OR_RETURN(const std::vector<FieldInterval> intervals,
                   FieldIntervals(snapshot, deal, request.field()));
  v1::GetFieldHistoryResponse response;
  for (const FieldInterval& interval : intervals) {
    v1::FieldValue& out = *response.add_intervals();
    out.set_value(interval.value);
    SetTimestamp(interval.start_us, *out.mutable_start_time());
    if (interval.end_us != kNever) SetTimestamp(interval.end_us, *out.mutable_end_time());
    out.set_actor(std::string(snapshot.symbols().Text(interval.actor)));
    out.set_position(static_cast<int64_t>(interval.position));
  }
  response.set_position(static_cast<int64_t>(snapshot.position()));
  return response;
}

absl::StatusOr<Page<v1::Deal>> ListDeals(const TenantViews& views, const ListQuery& query) {
  ASSIGN_OR_RETURN(DealsSnapshot snapshot,
                   DealsSnapshot::Make(views, {}, views.recorded_at_us()));
  ASSIGN_OR_RETURN(const DealFilter filter, DealFilter::Compile(query.filter, snapshot.tenant()));
  ASSIGN_OR_RETURN(const auto order, ParseOrderBy(query.order_by, states::DealFields()));
  ASSIGN_OR_RETURN(auto builder, PageBuilder<DealIndex>::Make(query.page, order.descending));
  const auto offer = [&](DealIndex deal) {
    OrderKey key = snapshot.table().keys().KeyOf(order.field->id, deal);
    if (key.number == UnsetNumber(false)) key.number = UnsetNumber(order.descending);
    return builder.Offer(key, deal);
  };
  const auto along = [&](const DealWalk::Visitor& visitor) {
    snapshot.indexes()->ForEachInOrder(order.field->id, order.descending, builder.after(),
                                       snapshot.table().keys(), visitor);
  };
  if (!DealWalk(snapshot, filter).Find(along, query.page.size + 1, offer)) {
    ASSIGN_OR_RETURN(const MatchedDeals deals, filter.Match(snapshot, {}));
    deals.ForEach(offer);
  }
  DealMessages messages(snapshot);
  return builder.Finish([&messages](DealIndex deal) { return messages.Make(deal); });
}

absl::StatusOr<std::vector<v1::Deal>> DealsChangedAfter(const TenantViews& views,
                                                        std::string_view pipeline,
                                                        eventstore::Position after, size_t limit) {
  ASSIGN_OR_RETURN(const DealsSnapshot snapshot,
                   DealsSnapshot::Make(views, {}, views.recorded_at_us()));
  ASSIGN_OR_RETURN(const PipelineAt found, FindPipeline(views, pipeline, {}));
  const Symbol symbol = snapshot.symbols().Find(found.pipeline_id);
  const FactTable& table = snapshot.table();
  std::vector<v1::Deal> deals;
  if (symbol == kNoSymbol || limit == 0) return deals;
  DealMessages messages(snapshot);
  const auto add = [&](DealIndex deal) {
    if (table.pipeline[deal] == symbol) deals.push_back(messages.Make(deal));
    return deals.size() < limit;
  };
  if (snapshot.indexes() != nullptr) {
    snapshot.indexes()->changes().ForEachAfter(after.value, table.keys(), add);
    return deals;
  }
  // The views were detached by a question before.
  std::vector<std::pair<uint64_t, DealIndex>> changed;
  for (DealIndex deal = 0; deal < table.deal_count(); ++deal) {
    const uint64_t position = table.last_position[deal];
    if (position > after.value) changed.emplace_back(position, deal);
  }
  std::sort(changed.begin(), changed.end());
  for (const auto& [position, deal] : changed) {
    if (!add(deal)) break;
  }
  return deals;
}

absl::StatusOr<std::vector<std::string>> DealsInStage(const TenantViews& views,
                                                      std::string_view stage_id, size_t limit) {
  ASSIGN_OR_RETURN(const DealsView* view, views.Get<DealsView>(kDealsView));
  const Symbol stage = view->symbols().Find(stage_id);
  std::vector<std::string> ids;
  if (stage == kNoSymbol) return ids;
  for (const auto& [pipeline, index] : view->table().indexes()->pipelines()) {
    const auto group = index.stages.find(stage);
    if (group == index.stages.end()) continue;
    group->second.deals().ForEach([&](const OrderedDeals::Entry& entry) {
      if (ids.size() == limit) return false;
      ids.emplace_back(view->Id(entry.deal));
      return true;
    });
  }
  return ids;
}

}  // namespace dealog::projections
