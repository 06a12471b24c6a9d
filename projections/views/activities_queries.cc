// Questions about activities and notes: GetActivity, ListActivities, ListNotes, RelatedIds.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/filter/filter.h"
#include "projections/states/describe.h"
#include "projections/views/activities_view.h"
#include "projections/views/owner_label.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

using filter::FieldType;
using filter::Value;

enum FieldId {
  kId,
  kKind,
  kState,
  kTitle,
  kDeal,
  kContact,
  kOwner,
  kOwnerId,
  kDue,
  kOutcome,
  kCreated
};

const filter::Schema& ActivitySchema() {
  static const auto* const kSchema = new filter::Schema{
      {.name = "activity_id", .type = FieldType::kText, .id = kId},
      {.name = "kind", .type = FieldType::kText, .id = kKind},
      {.name = "state", .type = FieldType::kText, .id = kState},
      {.name = "title", .type = FieldType::kText, .id = kTitle},
      {.name = "deal_id", .type = FieldType::kText, .id = kDeal},
      {.name = "contact_id", .type = FieldType::kText, .id = kContact},
      {.name = "owner", .type = FieldType::kText, .id = kOwner},
      {.name = "owner_id", .type = FieldType::kText, .id = kOwnerId},
      {.name = "due_time", .type = FieldType::kTime, .id = kDue},
      {.name = "outcome", .type = FieldType::kText, .id = kOutcome},
      {.name = "create_time", .type = FieldType::kTime, .id = kCreated},
  };
  return *kSchema;
}

// One activity, as a filter sees it.
class ActivityRow final : public filter::Row {
 public:
  ActivityRow(const states::ActivityState& activity, const CatalogView& catalog)
      : activity_(activity), catalog_(catalog) {}

  Value Get(int field_id, std::string_view) const override {
    switch (static_cast<FieldId>(field_id)) {
      case kId:
        return Value::Text(activity_.activity_id);
      case kKind:
        return Value::Text(v1::Activity::Kind_Name(states::KindOf(activity_)));
      case kState:
        return Value::Text(v1::Activity::State_Name(activity_.state));
      case kTitle:
        return Value::Text(activity_.title);
      case kDeal:
        return Value::Text(activity_.deal_id);
      case kContact:
        return Value::Text(activity_.contact_id);
      case kOwner:
        return Value::Text(OwnerLabel(activity_.owner_id, catalog_));
      case kOwnerId:
        return Value::Text(activity_.owner_id);
      case kDue:
        if (activity_.due_at_us == 0) return Value::Unset();
        return Value::Instant(activity_.due_at_us);
      case kOutcome:
        return Value::Text(activity_.outcome);
      case kCreated:
        return Value::Instant(activity_.created_at_us);
    }
    return Value::Unset();
  }

 private:
  const states::ActivityState& activity_;
  const CatalogView& catalog_;
};

OrderKey PlaceOf(const states::ActivityState& activity, std::string_view field) {
  OrderKey key{.id = activity.activity_id};
  if (field == "create_time") key.number = activity.created_at_us;
  // Without a due time: after all that have one.
  if (field == "due_time") key.number = activity.due_at_us == 0 ? INT64_MAX : activity.due_at_us;
  return key;
}

}  // namespace

absl::StatusOr<v1::Activity> GetActivity(const TenantViews& views, std::string_view activity_id) {
  ASSIGN_OR_RETURN(const ActivitiesView* view, views.Get<ActivitiesView>(kActivitiesView));
  const states::ActivityState* activity = view->activities().Find(activity_id);
  if (activity == nullptr) {
    return base::Error(absl::StatusCode::kNotFound, "ACTIVITY_NOT_FOUND",
                       absl::StrCat("expected an activity's id, found ", Quoted(activity_id),
                                    ", which no activity has"));
  }
  return states::ToActivity(*activity);
}

absl::StatusOr<Page<v1::Activity>> ListActivities(const TenantViews& views,
                                                  const ListQuery& query) {
  ASSIGN_OR_RETURN(const ActivitiesView* view, views.Get<ActivitiesView>(kActivitiesView));
  ASSIGN_OR_RETURN(const CatalogView* catalog, views.Get<CatalogView>(kCatalogView));
  ASSIGN_OR_RETURN(const absl::TimeZone zone, TenantTimeZone(views));
  ASSIGN_OR_RETURN(const filter::Filter filter,
                   filter::Filter::Compile(query.filter, ActivitySchema(), {.time_zone = zone}));
  ASSIGN_OR_RETURN(const ListOrder order,
                   ParseOrderBy(query.order_by, {"activity_id", "due_time", "create_time"}));
  ASSIGN_OR_RETURN(auto builder,
                   PageBuilder<const states::ActivityState*>::Make(query.page, order.descending));
  for (const auto& [id, activity] : view->activities().all()) {
    if (!filter.Matches(ActivityRow(activity, *catalog))) continue;
    builder.Offer(PlaceOf(activity, order.field), &activity);
  }
  return builder.Finish(
      [](const states::ActivityState* activity) { return states::ToActivity(*activity); });
}

absl::StatusOr<Page<v1::Note>> ListNotes(const TenantViews& views, std::string_view deal_id,
                                         std::string_view contact_id, const PageRequest& page) {
  ASSIGN_OR_RETURN(const ActivitiesView* view, views.Get<ActivitiesView>(kActivitiesView));
  ASSIGN_OR_RETURN(auto builder,
                   PageBuilder<const states::NoteState*>::Make(page, /*descending=*/true));
  const auto offer = [&](const states::NoteState& note) {
    if (!deal_id.empty() && note.deal_id != deal_id) return;
    if (!contact_id.empty() && note.contact_id != contact_id) return;
    builder.Offer({.number = note.created_at_us, .id = note.note_id}, &note);
  };
  if (deal_id.empty() && contact_id.empty()) {
    for (const auto& [id, note] : view->notes().all()) offer(note);
  } else {
    for (const std::string& id : view->RelatedTo(deal_id.empty() ? contact_id : deal_id)) {
      if (const states::NoteState* note = view->notes().Find(id)) offer(*note);
    }
  }
  return builder.Finish([](const states::NoteState* note) { return states::ToNote(*note); });
}

absl::StatusOr<std::vector<std::string>> RelatedIds(const TenantViews& views,
                                                    std::string_view resource_id) {
  ASSIGN_OR_RETURN(const ActivitiesView* view, views.Get<ActivitiesView>(kActivitiesView));
  const ActivitiesView::Related& related = view->RelatedTo(resource_id);
  return std::vector<std::string>(related.begin(), related.end());
}

}  // namespace dealog::projections
