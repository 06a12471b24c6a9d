#include "projections/views/activities_view.h"

#include <memory>

#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/views/instants.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

using events::v1::ActivityEvent;
using events::v1::NoteEvent;

v1::Activity::Kind ToKind(events::v1::ActivityKind kind) {
  switch (kind) {
    case events::v1::ACTIVITY_KIND_TASK:
      return v1::Activity::TASK;
    case events::v1::ACTIVITY_KIND_CALL:
      return v1::Activity::CALL;
    case events::v1::ACTIVITY_KIND_MEETING:
      return v1::Activity::MEETING;
    default:
      return v1::Activity::KIND_UNSPECIFIED;
  }
}

void ApplyScheduled(const events::v1::ActivityScheduled& scheduled, v1::Activity& activity) {
  activity.set_kind(ToKind(scheduled.kind()));
  activity.set_state(v1::Activity::PLANNED);
  activity.set_title(scheduled.title());
  activity.set_deal_id(scheduled.deal_id());
  activity.set_contact_id(scheduled.contact_id());
  activity.set_owner_id(scheduled.owner_id());
  if (scheduled.due_at_us() != 0) {
    SetTimestamp(scheduled.due_at_us(), *activity.mutable_due_time());
  }
}

}  // namespace

absl::Status ActivitiesView::Fold(const FoldedEvent& event) {
  if (event.event.has_activity()) FoldActivity(event);
  if (event.event.has_note()) FoldNote(event);
  return absl::OkStatus();
}

void ActivitiesView::FoldActivity(const FoldedEvent& event) {
  const std::string& id = event.header.stream().id();
  v1::Activity& activity = activities_.Edit(id);
  activity.set_activity_id(id);
  activity.set_etag(absl::StrCat(event.header.revision()));
  const ActivityEvent& change = event.event.activity();
  switch (change.kind_case()) {
    case ActivityEvent::kActivityScheduled:
      ApplyScheduled(change.activity_scheduled(), activity);
      SetTimestamp(event.header.occurred_at_us(), *activity.mutable_create_time());
      Relate(id, activity.deal_id(), activity.contact_id());
      break;
    case ActivityEvent::kActivityCompleted:
      activity.set_state(v1::Activity::COMPLETED);
      activity.set_outcome(change.activity_completed().outcome());
      break;
    case ActivityEvent::kActivityCancelled:
      activity.set_state(v1::Activity::CANCELLED);
      activity.set_outcome(change.activity_cancelled().reason());
      break;
    case ActivityEvent::KIND_NOT_SET:
      break;
  }
}

void ActivitiesView::FoldNote(const FoldedEvent& event) {
  const NoteEvent& change = event.event.note();
  switch (change.kind_case()) {
    case NoteEvent::kNoteWritten: {
      const std::string& id = event.header.stream().id();
      const events::v1::NoteWritten& written = change.note_written();
      v1::Note& note = notes_.Edit(id);
      note.set_note_id(id);
      note.set_body(written.body());
      note.set_deal_id(written.deal_id());
      note.set_contact_id(written.contact_id());
      note.set_author(event.header.actor().principal());
      SetTimestamp(event.header.occurred_at_us(), *note.mutable_create_time());
      Relate(id, note.deal_id(), note.contact_id());
      break;
    }
    case NoteEvent::KIND_NOT_SET:
      break;
  }
}

void ActivitiesView::FlushRows(RowSink& sink) {
  activities_.FlushRows(sink);
  notes_.FlushRows(sink);
}

absl::Status ActivitiesView::LoadRow(std::string_view key, std::string_view value) {
  if (activities_.Owns(key)) {
    ASSIGN_OR_RETURN(const v1::Activity* activity, activities_.LoadRow(key, value));
    Relate(activity->activity_id(), activity->deal_id(), activity->contact_id());
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const v1::Note* note, notes_.LoadRow(key, value));
  Relate(note->note_id(), note->deal_id(), note->contact_id());
  return absl::OkStatus();
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
  return {.name = kActivitiesView, .version = 1, .make_state = [] {
            return std::make_unique<ActivitiesView>();
          }};
}

}  // namespace dealog::projections
