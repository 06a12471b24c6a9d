// Questions about activities and notes: GetActivity, ListActivities, ListNotes, RelatedIds.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/activity_fields.h"
#include "projections/states/describe.h"
#include "projections/views/activities_view.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/state_list.h"
#include "projections/views/texts.h"

namespace dealog::projections {

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
  ASSIGN_OR_RETURN(const ActivitiesView* view,
                   ViewToList<ActivitiesView>(views, kActivitiesView,
                                              &ActivitiesView::activities));
  ASSIGN_OR_RETURN(auto list, MakeStateList(views, query, states::ActivityFields()));
  list.OfferAll(view->activities());
  return list.Finish(
      [](const states::ActivityState* activity) { return states::ToActivity(*activity); });
}

absl::StatusOr<Page<v1::Note>> ListNotes(const TenantViews& views, std::string_view deal_id,
                                         std::string_view contact_id, const PageRequest& page) {
  ASSIGN_OR_RETURN(const ActivitiesView* view,
                   ViewToList<ActivitiesView>(views, kActivitiesView, &ActivitiesView::notes));
  ASSIGN_OR_RETURN(auto builder,
                   PageBuilder<const states::NoteState*>::Make(page, /*descending=*/true));
  const auto offer = [&](const states::NoteState& note) {
    if (!deal_id.empty() && note.deal_id != deal_id) return;
    if (!contact_id.empty() && note.contact_id != contact_id) return;
    builder.Offer({.number = note.created_at_us, .id = note.note_id}, &note);
  };
  if (deal_id.empty() && contact_id.empty()) {
    for (const auto& [id, note] : view->notes()) offer(note);
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
  return view->RelatedTo(resource_id);
}

}  // namespace dealog::projections
