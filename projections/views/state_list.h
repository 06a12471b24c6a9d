#pragma once

// Lists of records of which a view holds the states: filtered, sorted and paged by the table of
// their fields (projections/states).
//
//   ASSIGN_OR_RETURN(auto list, StateList<states::ContactState>::Make(views, query,
//                                                                     states::ContactFields()));
//   list.OfferAll(view->contacts());
//   return list.Finish([](const states::ContactState* contact) { return ToContact(*contact); });

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "eventstore/base/status.h"
#include "projections/filter/filter.h"
#include "projections/states/fields.h"
#include "projections/views/limits.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/record_map.h"
#include "projections/views/tenant_view.h"

namespace dealog::projections {

class CatalogView;
class OrganizationsView;

// Present display names of what fields refer to. Ownership: the views must outlive it.
class Names {
 public:
  // Asks for no view that the fields do not refer to.
  template <typename Field>
  static absl::StatusOr<Names> Make(const TenantViews& views, std::span<const Field> fields) {
    Names names;
    for (const Field& field : fields) RETURN_IF_ERROR(names.Need(field.refers, views));
    return names;
  }
  // Empty if there is none. Points into the views.
  std::string_view Of(states::Refers refers, std::string_view id) const;

 private:
  absl::Status Need(states::Refers refers, const TenantViews& views);

  const CatalogView* catalog_ = nullptr;
  const OrganizationsView* organizations_ = nullptr;
};

// One record, as a filter sees it. Thread safety: none.
template <typename Field, typename State>
class StateRow final : public filter::Row {
 public:
  StateRow(std::span<const Field> fields, const State& state, const Names& names)
      : fields_(fields), state_(state), names_(names) {}

  filter::Value Get(int field_id, std::string_view member) const override {
    const Field& field = fields_[states::PlaceOfField(field_id)];
    const filter::Value value = field.get(state_, member, scratch_);
    if (field.refers == states::Refers::kNothing || states::IsIdAlone(field_id)) return value;
    return filter::Value::Reference(value.text, names_.Of(field.refers, value.text));
  }

 private:
  const std::span<const Field> fields_;
  const State& state_;
  const Names& names_;
  mutable states::FieldScratch scratch_;  // What the last answer points to.
};

// Thread safety: none. Ownership: `views` and what is offered must outlive it.
template <typename State, typename Row>
class StateList {
 public:
  static absl::StatusOr<StateList> Make(const TenantViews& views, const ListQuery& query,
                                        std::span<const Row> fields) {
    ASSIGN_OR_RETURN(const absl::TimeZone zone, TenantTimeZone(views));
    ASSIGN_OR_RETURN(Names names, Names::Make(views, fields));
    filter::Schema schema;
    states::AddToSchema(fields, "", /*of_state=*/true, schema);
    ASSIGN_OR_RETURN(filter::Filter filter,
                     filter::Filter::Compile(query.filter, schema, {.time_zone = zone}));
    ASSIGN_OR_RETURN(const ListOrder<Row> order, ParseOrderBy(query.order_by, fields));
    ASSIGN_OR_RETURN(auto page, PageBuilder<const State*>::Make(query.page, order.descending));
    return StateList(fields, std::move(names), std::move(filter), order, std::move(page));
  }

  // Records are the states, or hold them as their `state`. A list that rises by id passes those of
  // its page only; any other, all.
  template <typename Record>
  void OfferAll(const RecordMap<Record>& records) {
    const bool by_id = order_.field == &fields_[0] && !order_.descending;
    const OrderKey* const after = page_.after();
    auto at = by_id && after != nullptr ? records.LowerBound(after->id) : records.begin();
    for (; at != records.end(); ++at) {
      const Record& record = (*at).record;
      bool more = true;
      if constexpr (std::is_same_v<Record, State>) {
        more = Offer(record);
      } else {
        more = Offer(record.state);
      }
      if (by_id && !more) return;
    }
  }
  // Renders the page's records, in order.
  template <typename Render>
  auto Finish(Render render) {
    return page_.Finish(render);
  }

 private:
  StateList(std::span<const Row> fields, Names names, filter::Filter filter,
            const ListOrder<Row>& order, PageBuilder<const State*> page)
      : fields_(fields),
        names_(std::move(names)),
        filter_(std::move(filter)),
        order_(order),
        page_(std::move(page)) {}

  // False: the page is full, and no later record belongs to it.
  bool Offer(const State& state) {
    return !filter_.Matches(StateRow<Row, State>(fields_, state, names_)) ||
           page_.Offer(PlaceOf(state), &state);
  }
  // Records without a value come last, whichever way the list runs.
  OrderKey PlaceOf(const State& state) {
    OrderKey key{.id = fields_[0].get(state, {}, scratch_).text};
    if (order_.field == &fields_[0]) return key;
    const filter::Value value = order_.field->get(state, {}, scratch_);
    if (states::FilterType(order_.field->kind) == filter::FieldType::kText) {
      key.text = value.text;
    } else if (value.set) {
      key.number = value.instant;
    } else {
      key.number = UnsetNumber(order_.descending);
    }
    return key;
  }

  // Constant after construction.
  std::span<const Row> fields_;
  Names names_;
  filter::Filter filter_;
  ListOrder<Row> order_;

  PageBuilder<const State*> page_;
  states::FieldScratch scratch_;
};

// The view whose records a list passes: detached, where there are many.
template <typename View, typename RecordsOf>
absl::StatusOr<const View*> ViewToList(const TenantViews& views, std::string_view name,
                                       RecordsOf records_of) {
  ASSIGN_OR_RETURN(const View* view, views.Get<View>(name));
  if ((view->*records_of)().size() <= kRecordsUnderLockMax) return view;
  views.Detach();
  return views.Get<View>(name);
}

// Deduces the types.
template <typename State, typename Request, typename Id>
auto MakeStateList(const TenantViews& views, const ListQuery& query,
                   std::span<const states::FieldRow<State, Request, Id>> fields) {
  return StateList<State, states::FieldRow<State, Request, Id>>::Make(views, query, fields);
}

}  // namespace dealog::projections
