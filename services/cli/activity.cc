// `dealog activity` and `dealog note`: what is to be done, and what was written down.

#include <map>

#include "absl/strings/ascii.h"
#include "dealog/v1/activities.grpc.pb.h"
#include "projections/states/activity_fields.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::ActivityService::Stub;

constexpr size_t kBodyWidth = 80;

std::string KindOf(const v1::Activity& activity) {
  return absl::AsciiStrToLower(v1::Activity::Kind_Name(activity.kind()));
}

std::string StateOf(const v1::Activity& activity) {
  return absl::AsciiStrToLower(v1::Activity::State_Name(activity.state()));
}

void ShowActivity(const v1::Activity& activity, Printer& printer) {
  printer.Field("activity", activity.activity_id());
  printer.Field("kind", KindOf(activity));
  printer.Field("state", StateOf(activity));
  printer.Field("title", activity.title());
  printer.Field("deal", activity.deal_id());
  printer.Field("contact", activity.contact_id());
  printer.Field("owner", activity.owner_id());
  printer.Field("due", FormatTime(activity.due_time()));
  printer.Field("outcome", activity.outcome());
  printer.Field("etag", activity.etag());
}

void ShowChange(const v1::ActivityMutationResponse& reply, Printer& printer) {
  ShowActivity(reply.activity(), printer);
}

void ShowOne(const v1::GetActivityResponse& reply, Printer& printer) {
  ShowActivity(reply.activity(), printer);
}

void ShowList(const v1::ListActivitiesResponse& reply, Printer& printer) {
  Table table({{"DUE (UTC)"}, {"KIND"}, {"STATE"}, {"TITLE"}, {"DEAL"}, {"CONTACT"}, {"ID"}});
  for (const v1::Activity& activity : reply.activities()) {
    table.AddRow({FormatTime(activity.due_time()), KindOf(activity), StateOf(activity),
                  activity.title(), activity.deal_id(), activity.contact_id(),
                  activity.activity_id()});
  }
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

void ShowNote(const v1::WriteNoteResponse& reply, Printer& printer) {
  printer.Field("note", reply.note().note_id());
  printer.Field("deal", reply.note().deal_id());
  printer.Field("contact", reply.note().contact_id());
  printer.Field("author", reply.note().author());
  printer.Line(reply.note().body());
}

void ShowNotes(const v1::ListNotesResponse& reply, Printer& printer) {
  Table table({{"WHEN (UTC)"}, {"AUTHOR"}, {"NOTE", Align::kLeft, kBodyWidth}, {"ID"}});
  for (const v1::Note& note : reply.notes()) {
    table.AddRow({FormatTime(note.create_time()), note.author(), note.body(), note.note_id()});
  }
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

void AddSchedule(const CommandTree& group) {
  auto schedule = AddCall(group,
                          {"schedule", "Schedules an activity",
                           "dealog activity schedule 'Call back' --kind call --deal "
                           "deal_01h455vb4pex5vsknk084sn02q --due 2026-12-01T09:00:00Z"},
                          &Stub::ScheduleActivity, ShowChange);
  auto* request = schedule.request.get();
  schedule.Text("title", "What to do", request->mutable_title());
  request->set_kind(v1::Activity::TASK);
  const std::map<std::string, v1::Activity::Kind> kinds = {{"task", v1::Activity::TASK},
                                                           {"call", v1::Activity::CALL},
                                                           {"meeting", v1::Activity::MEETING}};
  schedule.Read("--kind", "task (the default), call or meeting",
                ReadChoice(kinds, [request](v1::Activity::Kind kind) { request->set_kind(kind); }));
  schedule.Text("--deal", "Deal's id", request->mutable_deal_id());
  schedule.Text("--contact", "Contact's id", request->mutable_contact_id());
  schedule.Text("--owner", "Member who is to do it: name or id", request->mutable_owner());
  schedule.Read("--due", "When it is due: an RFC 3339 time",
                ReadField(request, &v1::ScheduleActivityRequest::mutable_due_time, ParseTime));
  schedule.Text("--id", "Id chosen by you: activity_ + 26 characters",
                request->mutable_activity_id());
  AddMutationOptions(schedule);
}

void AddEndings(const CommandTree& group) {
  auto complete = AddCall(group,
                          {"complete", "Completes an activity",
                           "dealog activity complete activity_01h455vb4pex5vsknk084sn02q "
                           "--outcome 'wants an offer'"},
                          &Stub::CompleteActivity, ShowChange);
  complete.Text("activity", "Activity's id", complete->mutable_activity_id());
  complete.Text("--outcome", "What came of it", complete->mutable_outcome());
  AddMutationOptions(complete);
  auto cancel = AddCall(group,
                        {"cancel", "Cancels an activity",
                         "dealog activity cancel activity_01h455vb4pex5vsknk084sn02q --reason "
                         "'moved away'"},
                        &Stub::CancelActivity, ShowChange);
  cancel.Text("activity", "Activity's id", cancel->mutable_activity_id());
  cancel.Text("--reason", "Why", cancel->mutable_reason());
  AddMutationOptions(cancel);
}

void AddNotes(const CommandTree& root) {
  const CommandTree group = root.Group("note", "Notes of deals and contacts");
  auto write = AddCall(group,
                       {"write", "Writes a note",
                        "dealog note write 'Prefers Tuesdays' --deal "
                        "deal_01h455vb4pex5vsknk084sn02q"},
                       &Stub::WriteNote, ShowNote);
  write.Text("body", "The text", write->mutable_body());
  write.Text("--deal", "Deal's id", write->mutable_deal_id());
  write.Text("--contact", "Contact's id", write->mutable_contact_id());
  write.Text("--id", "Id chosen by you: note_ + 26 characters", write->mutable_note_id());
  AddMutationOptions(write);
  auto list = AddCall(group,
                      {"list", "Lists notes, newest first",
                       "dealog note list --deal deal_01h455vb4pex5vsknk084sn02q"},
                      &Stub::ListNotes, ShowNotes);
  list.Text("--deal", "Deal's id", list->mutable_deal_id());
  list.Text("--contact", "Contact's id", list->mutable_contact_id());
  AddPageOptions(list);
}

}  // namespace

void AddActivityCommands(const CommandTree& root) {
  const CommandTree group = root.Group("activity", "Activities: tasks, calls, meetings");
  AddSchedule(group);
  AddEndings(group);
  auto show = AddCall(
      group,
      {"show", "Shows an activity", "dealog activity show activity_01h455vb4pex5vsknk084sn02q"},
      &Stub::GetActivity, ShowOne);
  show.Text("activity", "Activity's id", show->mutable_activity_id());
  auto list = AddCall(
      group, {"list", "Lists activities", "dealog activity list --filter 'state = PLANNED'"},
      &Stub::ListActivities, ShowList);
  AddFilterOption(list, states::ActivityFields());
  AddPageOptions(list);
  AddNotes(root);
}

}  // namespace dealog::cli
