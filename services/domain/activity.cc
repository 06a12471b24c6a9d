#include "services/domain/activity.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/references.h"
#include "services/domain/text.h"
#include "services/domain/values.h"

namespace dealog::domain {
namespace {

absl::StatusOr<events::v1::ActivityKind> ToEventKind(v1::Activity::Kind kind) {
  switch (static_cast<int>(kind)) {  // An open enum: a newer client may send what we do not know.
    case v1::Activity::TASK:
      return events::v1::ACTIVITY_KIND_TASK;
    case v1::Activity::CALL:
      return events::v1::ACTIVITY_KIND_CALL;
    case v1::Activity::MEETING:
      return events::v1::ACTIVITY_KIND_MEETING;
  }
  return base::InvalidField(
      "kind", absl::StrCat("expected TASK, CALL or MEETING, found ", static_cast<int>(kind)));
}

// What activities and notes are about: a deal, a contact or both.
absl::Status CheckAbout(const std::string& deal_id, const std::string& contact_id,
                        StateReader& reader) {
  if (deal_id.empty() && contact_id.empty()) {
    return base::InvalidField("deal_id", "expected a deal_id or a contact_id, found neither");
  }
  RETURN_IF_ERROR(CheckDealExists("deal_id", deal_id, reader));
  return CheckContactExists("contact_id", contact_id, reader);
}

// The activity, if it is still planned.
absl::StatusOr<const ActivityState*> LoadPlanned(const std::string& activity_id,
                                                 const CommandMeta& meta, StateReader& reader) {
  const StreamRef stream{kActivityStream, activity_id};
  ASSIGN_OR_RETURN(
      const ActivityState* activity,
      LoadSubject<ActivityState>(reader, stream, "activity_id", "ACTIVITY_NOT_FOUND", meta));
  RETURN_IF_ERROR(
      CheckNotBefore(meta, stream, "ActivityScheduled (revision 1)", activity->created_at_us));
  if (activity->state == v1::Activity::PLANNED) return activity;
  return base::Error(
             absl::StatusCode::kFailedPrecondition, "ACTIVITY_CLOSED",
             absl::StrCat("activity ", activity_id, " is ",
                          activity->state == v1::Activity::COMPLETED ? "completed" : "cancelled",
                          "; schedule another"))
      .With("activity_id", activity_id);
}

}  // namespace

absl::StatusOr<Decision> Decide(const v1::ScheduleActivityRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  ASSIGN_OR_RETURN(const std::string id, NewResourceId("activity_id", request.activity_id(),
                                                       "activity", kActivityStream, meta, reader));
  ASSIGN_OR_RETURN(const events::v1::ActivityKind kind, ToEventKind(request.kind()));
  RETURN_IF_ERROR(
      CheckText("title", request.title(), {.required = true, .chars_max = kTitleCharsMax}));
  RETURN_IF_ERROR(CheckAbout(request.deal_id(), request.contact_id(), reader));
  ASSIGN_OR_RETURN(const std::string owner, ResolveMember("owner", request.owner(), reader));
  int64_t due_at_us = 0;
  if (request.has_due_time()) {
    ASSIGN_OR_RETURN(due_at_us, ToMicros("due_time", request.due_time()));
  }
  const StreamRef subject{kActivityStream, id};
  Decision decision{.subject = subject};
  auto& scheduled = *AddEvent(decision, subject).mutable_activity()->mutable_activity_scheduled();
  scheduled.set_kind(kind);
  scheduled.set_title(request.title());
  scheduled.set_deal_id(request.deal_id());
  scheduled.set_contact_id(request.contact_id());
  scheduled.set_owner_id(owner);
  scheduled.set_due_at_us(due_at_us);
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::CompleteActivityRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  RETURN_IF_ERROR(LoadPlanned(request.activity_id(), meta, reader).status());
  RETURN_IF_ERROR(
      CheckText("outcome", request.outcome(), {.chars_max = kOutcomeCharsMax, .multiline = true}));
  const StreamRef subject{kActivityStream, request.activity_id()};
  Decision decision{.subject = subject};
  AddEvent(decision, subject)
      .mutable_activity()
      ->mutable_activity_completed()
      ->set_outcome(request.outcome());
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::CancelActivityRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  RETURN_IF_ERROR(LoadPlanned(request.activity_id(), meta, reader).status());
  RETURN_IF_ERROR(
      CheckText("reason", request.reason(), {.chars_max = kOutcomeCharsMax, .multiline = true}));
  const StreamRef subject{kActivityStream, request.activity_id()};
  Decision decision{.subject = subject};
  AddEvent(decision, subject)
      .mutable_activity()
      ->mutable_activity_cancelled()
      ->set_reason(request.reason());
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::WriteNoteRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  ASSIGN_OR_RETURN(const std::string id,
                   NewResourceId("note_id", request.note_id(), "note", kNoteStream, meta, reader));
  RETURN_IF_ERROR(CheckText("body", request.body(),
                            {.required = true, .bytes_max = kNoteBytesMax, .multiline = true}));
  RETURN_IF_ERROR(CheckAbout(request.deal_id(), request.contact_id(), reader));
  const StreamRef subject{kNoteStream, id};
  Decision decision{.subject = subject};
  auto& written = *AddEvent(decision, subject).mutable_note()->mutable_note_written();
  written.set_body(request.body());
  written.set_deal_id(request.deal_id());
  written.set_contact_id(request.contact_id());
  return decision;
}

}  // namespace dealog::domain
