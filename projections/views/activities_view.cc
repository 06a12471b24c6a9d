#include "projections/views/activities_view.h"

#include <memory>

namespace dealog::projections {
namespace {

// Before the id of every activity or note of a deal or contact. No id holds a zero byte, so that
// those of one resource lie together.
std::string RelatedPrefix(std::string_view resource_id) {
  std::string prefix(resource_id);
  prefix.push_back('\0');
  return prefix;
}

}  // namespace

void ActivitiesView::Folded(const states::ActivityState& activity) {
  Relate(activity.activity_id, activity.deal_id, activity.contact_id);
}

void ActivitiesView::Folded(const states::NoteState& note) {
  Relate(note.note_id, note.deal_id, note.contact_id);
}

void ActivitiesView::Relate(const std::string& id, const std::string& deal_id,
                            const std::string& contact_id) {
  for (const std::string& resource_id : {deal_id, contact_id}) {
    const std::string key = RelatedPrefix(resource_id) + id;
    if (!resource_id.empty() && related_.Find(key) == nullptr) related_.Edit(key);
  }
}

std::vector<std::string> ActivitiesView::RelatedTo(std::string_view resource_id) const {
  const std::string prefix = RelatedPrefix(resource_id);
  std::vector<std::string> ids;
  for (auto at = related_.LowerBound(prefix); at != related_.end(); ++at) {
    const std::string& key = (*at).id;
    if (!key.starts_with(prefix)) break;
    ids.push_back(key.substr(prefix.size()));
  }
  return ids;
}

ViewDefinition ActivitiesViewDefinition() {
  return {.name = kActivitiesView, .version = 2, .make_state = [] {
            return std::make_unique<ActivitiesView>();
          }};
}

}  // namespace dealog::projections
