#include "projections/views/activities_view.h"

#include <memory>

#include "eventstore/base/string_view.h"

namespace dealog::projections {

void ActivitiesView::Folded(const states::ActivityState& activity) {
  Relate(activity.activity_id, activity.deal_id, activity.contact_id);
}

void ActivitiesView::Folded(const states::NoteState& note) {
  Relate(note.note_id, note.deal_id, note.contact_id);
}

void ActivitiesView::Relate(const std::string& id, const std::string& deal_id,
                            const std::string& contact_id) {
  if (!deal_id.empty()) related_[deal_id].insert(id);
  if (!contact_id.empty()) related_[contact_id].insert(id);
}

const ActivitiesView::Related& ActivitiesView::RelatedTo(std::string_view resource_id) const {
  static const auto* const kNone = new Related;
  const auto found = related_.find(base::View(resource_id));
  return found == related_.end() ? *kNone : found->second;
}

ViewDefinition ActivitiesViewDefinition() {
  return {.name = kActivitiesView, .version = 2, .make_state = [] {
            return std::make_unique<ActivitiesView>();
          }};
}

}  // namespace dealog::projections
