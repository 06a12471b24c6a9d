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
#include "projections/views/instants.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

// Unset values come last, whichever way the list runs.
OrderKey PlaceOf(const DealsSnapshot& snapshot, DealIndex deal,
                 const ListOrder<states::DealFieldRow>& order) {
  using states::DealFieldId;
  const FactTable& table = snapshot.table();
  OrderKey key{.id = snapshot.view().Id(deal)};
  const auto number = [&](DealField field) {
    const FieldValue value = table.Latest(deal, field, kNever);
    if (value.set()) return value.value;
    return order.descending ? std::numeric_limits<int64_t>::min()
                            : std::numeric_limits<int64_t>::max();
  };
  switch (order.field->id) {
    case DealFieldId::kDealId:
      break;
    case DealFieldId::kTitle:
      key.text = table.title[deal];
      break;
    case DealFieldId::kCreateTime:
      key.number = table.opened_us[deal];
      break;
    case DealFieldId::kUpdateTime:
      key.number = table.updated_us[deal];
      break;
    case DealFieldId::kAmount:
      key.number = number(DealField::kAmount);
      break;
    case DealFieldId::kExpectedCloseDate:
      key.number = number(DealField::kExpectedClose);
      break;
    default:  // deals_queries_test sorts by every field of the table that sorts.
      DEALOG_CHECK(false) << "no column sorts by " << order.field->name;
  }
  return key;
}

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
  ASSIGN_OR_RETURN(const DealsSnapshot snapshot,
                   DealsSnapshot::Make(views, {}, views.recorded_at_us()));
  ASSIGN_OR_RETURN(const DealFilter filter, DealFilter::Compile(query.filter, snapshot.tenant()));
  ASSIGN_OR_RETURN(const auto order, ParseOrderBy(query.order_by, states::DealFields()));
  ASSIGN_OR_RETURN(auto builder, PageBuilder<DealIndex>::Make(query.page, order.descending));
  filter.Match(snapshot, {}).ForEach([&](DealIndex deal) {
    builder.Offer(PlaceOf(snapshot, deal, order), deal);
  });
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
  const DealIndexes::Pipeline* const index =
      symbol == kNoSymbol ? nullptr : snapshot.indexes()->Find(symbol);
  std::vector<v1::Deal> deals;
  if (index == nullptr || limit == 0) return deals;
  DealMessages messages(snapshot);
  index->changes.ForEachAfter(
      after.value, [&snapshot](DealIndex deal) { return snapshot.table().last_position[deal]; },
      [&](DealIndex deal) {
        deals.push_back(messages.Make(deal));
        return deals.size() < limit;
      });
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
