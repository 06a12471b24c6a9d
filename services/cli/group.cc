// `dealog group`: consumer groups, as those see them who look after them.

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dealog/v1/groups.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/group_settings.h"
#include "services/cli/groups.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::ConsumerGroupService::Stub;

// "5 s", or nothing to be worried about.
std::string Stuck(const v1::ConsumerGroup& group) {
  return group.seconds_since_progress() > 0 ? FormatSeconds(group.seconds_since_progress()) : "";
}

void ShowGroups(const v1::ListGroupsResponse& reply, Printer& printer) {
  Table table({{"GROUP"},
               {"CHECKPOINT", Align::kRight},
               {"LAG", Align::kRight},
               {"IN FLIGHT", Align::kRight},
               {"WAITING", Align::kRight},
               {"PARKED", Align::kRight},
               {"CONSUMERS", Align::kRight},
               {"SINCE PROGRESS", Align::kRight},
               {"HALTED"}});
  for (const v1::ConsumerGroup& group : reply.groups()) {
    table.AddRow({group.name(), absl::StrCat(group.checkpoint()), FormatCount(group.lag_events()),
                  FormatCount(group.in_flight()), FormatCount(group.waiting()),
                  FormatCount(group.parked()), FormatCount(group.consumers_size()), Stuck(group),
                  group.halted_reason()});
  }
  printer.Show(table);
}

template <typename Response>
void ShowGroup(const Response& reply, Printer& printer) {
  const v1::ConsumerGroup& group = reply.group();
  printer.Field("group", group.name());
  printer.Field("created", FormatTime(group.create_time()));
  printer.Field("filter", DescribeFilter(group.settings().filter()));
  printer.Field("max deliveries", absl::StrCat(group.settings().max_deliveries()));
  printer.Field("ack timeout",
                FormatSeconds(static_cast<double>(group.settings().ack_timeout().seconds()) +
                              group.settings().ack_timeout().nanos() / 1e9));
  printer.Field("max in flight", FormatCount(group.settings().max_in_flight()));
  printer.Field("checkpoint", absl::StrCat(group.checkpoint()));
  printer.Field("lag", FormatCount(group.lag_events()));
  printer.Field("in flight", FormatCount(group.in_flight()));
  printer.Field("waiting", FormatCount(group.waiting()));
  printer.Field("parked", FormatCount(group.parked()));
  printer.Field("replaying", FormatCount(group.replaying()));
  printer.Field("since progress", Stuck(group));
  printer.Field("halted", group.halted_reason());
  for (const v1::GroupConsumer& consumer : group.consumers()) {
    printer.Field("consumer",
                  absl::StrCat(consumer.name(), " (", FormatCount(consumer.in_flight()),
                               " in flight, ", FormatCount(consumer.credits()), " credits)"));
  }
}

void ShowDeleted(const v1::DeleteGroupResponse&, Printer& printer) { printer.Note("deleted"); }

void ShowParked(const v1::ListParkedResponse& reply, Printer& printer) {
  Table table({{"POSITION", Align::kRight},
               {"TYPE"},
               {"STREAM"},
               {"DELIVERIES", Align::kRight},
               {"PARKED"},
               {"REASON"}});
  for (const v1::ParkedEvent& event : reply.parked()) {
    table.AddRow({absl::StrCat(event.position()), event.event_type(), event.stream(),
                  absl::StrCat(event.deliveries()), FormatTime(event.park_time()),
                  event.replaying() ? "is being replayed" : event.reason()});
  }
  printer.Show(table);
  if (reply.next_after_position() > 0) {
    printer.Note(absl::StrCat("more: --after ", reply.next_after_position()));
  }
}

void ShowReplayed(const v1::ReplayParkedResponse& reply, Printer& printer) {
  printer.Line(absl::StrCat(reply.count(), reply.count() == 1 ? " event" : " events",
                            " will be delivered again"));
}

// --after of a create or a reset.
template <typename Request>
void AddAfter(CLI::App* command, Request* request, const std::string& description) {
  command->add_option_function<int64_t>(
      "--after", [request](int64_t position) { request->set_after_position(position); },
      description);
}

void AddUpdate(const CommandTree& group) {
  auto update = AddCall(
      group,
      {"update", "Changes settings of a group", "dealog group update mailer --max-deliveries 3"},
      &Stub::UpdateGroup, ShowGroup<v1::UpdateGroupResponse>);
  update.Text("group", "Group's name", update->mutable_name());
  AddSettings(update.command, update->mutable_settings(), update->mutable_update_mask());
}

void AddParked(const CommandTree& group) {
  auto parked = AddCall(
      group, {"parked", "Lists the events that were put aside", "dealog group parked mailer"},
      &Stub::ListParked, ShowParked);
  parked.Text("group", "Group's name", parked->mutable_group());
  auto* list = parked.request.get();
  parked.command->add_option_function<int32_t>(
      "--page-size", [list](int32_t size) { list->set_page_size(size); },
      "At most this many (default 50, at most 1000)");
  AddAfter(parked.command, list, "Events after this position");

  auto replay = AddCall(
      group,
      {"replay", "Delivers parked events again", "dealog group replay mailer --position 4711"},
      &Stub::ReplayParked, ShowReplayed);
  replay.Text("group", "Group's name", replay->mutable_group());
  auto* request = replay.request.get();
  replay.ReadEach(
      "--position", "Position of an event; may be repeated",
      [request](const std::string& text) -> absl::Status {
        int64_t position = 0;
        if (!absl::SimpleAtoi(text, &position)) {
          return absl::InvalidArgumentError("expected a position, found '" + text + "'");
        }
        request->add_positions(position);
        return absl::OkStatus();
      });
  replay.command->add_flag_callback(
      "--all", [request] { request->mutable_filter(); }, "Every parked event");
  AddFilter(replay.command, [request] { return request->mutable_filter(); });
}

}  // namespace

void AddGroupCommands(const CommandTree& root) {
  const CommandTree group =
      root.Group("group", "Consumer groups: create, watch, parked events, consume");
  auto create = AddCall(
      group, {"create", "Creates a group", "dealog group create mailer --type DealWon --after 0"},
      &Stub::CreateGroup, ShowGroup<v1::CreateGroupResponse>);
  create.Text("group", "Name: a-z, 0-9, _ and -", create->mutable_name());
  AddSettings(create.command, create->mutable_settings(), nullptr);
  AddAfter(create.command, create.request.get(),
           "Begin after this position; 0 = with the first event (default: what comes from now on)");

  AddCall(group, {"list", "Lists the groups and how they stand", "dealog group list"},
          &Stub::ListGroups, ShowGroups);
  auto show = AddCall(group, {"show", "One group in full", "dealog group show mailer"},
                      &Stub::GetGroup, ShowGroup<v1::GetGroupResponse>);
  show.Text("group", "Group's name", show->mutable_name());
  AddUpdate(group);
  auto erase = AddCall(
      group, {"delete", "Deletes a group and its parked events", "dealog group delete mailer"},
      &Stub::DeleteGroup, ShowDeleted);
  erase.Text("group", "Group's name", erase->mutable_name());
  auto reset = AddCall(group,
                       {"reset", "Moves a group to a position; what follows is delivered again",
                        "dealog group reset mailer --after 0"},
                       &Stub::ResetGroup, ShowGroup<v1::ResetGroupResponse>);
  reset.Text("group", "Group's name", reset->mutable_name());
  AddAfter(reset.command, reset.request.get(), "Go on after this position (default: the head)");
  AddParked(group);
  AddGroupConsumeCommand(group);
}

}  // namespace dealog::cli
