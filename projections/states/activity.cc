#include "projections/states/activity.h"

namespace dealog::states {

using events::v1::ActivityEvent;
using events::v1::NoteEvent;

size_t ActivityState::ApproximateBytes() const {
  return sizeof(*this) + title.size() + deal_id.size() + contact_id.size() + owner_id.size() +
         outcome.size();
}

v1::Activity::Kind KindOf(const ActivityState& activity) {
  return static_cast<v1::Activity::Kind>(activity.kind);  // The same numbers.
}

void ActivityState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  const ActivityEvent& change = event.activity();
  switch (change.kind_case()) {
    case ActivityEvent::kActivityScheduled: {
      const auto& scheduled = change.activity_scheduled();
      state = v1::Activity::PLANNED;
      kind = scheduled.kind();
      title = scheduled.title();
      deal_id = scheduled.deal_id();
      contact_id = scheduled.contact_id();
      owner_id = scheduled.owner_id();
      due_at_us = scheduled.due_at_us();
      created_at_us = meta.occurred_at_us;
      return;
    }
    case ActivityEvent::kActivityCompleted:
      state = v1::Activity::COMPLETED;
      outcome = change.activity_completed().outcome();
      return;
    case ActivityEvent::kActivityCancelled:
      state = v1::Activity::CANCELLED;
      outcome = change.activity_cancelled().reason();
      return;
    case ActivityEvent::KIND_NOT_SET:
      return;
  }
}

size_t NoteState::ApproximateBytes() const {
  return sizeof(*this) + body.size() + deal_id.size() + contact_id.size() + author.size();
}

void NoteState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  switch (event.note().kind_case()) {
    case NoteEvent::kNoteWritten: {
      const auto& written = event.note().note_written();
      body = written.body();
      deal_id = written.deal_id();
      contact_id = written.contact_id();
      author = std::string(meta.principal);
      created_at_us = meta.occurred_at_us;
      return;
    }
    case NoteEvent::KIND_NOT_SET:
      return;
  }
}

}  // namespace dealog::states
