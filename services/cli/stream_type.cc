// `dealog log stream-type`: the types of streams that other services register.

#include "absl/strings/str_cat.h"
#include "dealog/v1/log.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/files.h"
#include "services/cli/groups.h"
#include "services/cli/limits.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::LogService::Stub;

std::string PayloadText(const events::v1::StreamTypeDefinition& definition) {
  return definition.payload_type() == events::v1::PAYLOAD_TYPE_PROTOBUF ? "protobuf" : "opaque";
}

void ShowType(const v1::StreamType& type, Printer& printer) {
  const events::v1::StreamTypeDefinition& definition = type.definition();
  printer.Field("stream type", type.name());
  printer.Field("description", definition.description());
  printer.Field("owner", definition.owner());
  printer.Field("payloads", PayloadText(definition));
  printer.Field("etag", type.etag());
  printer.Field("registered", FormatTime(type.registered_at()));
  printer.Field("updated", FormatTime(type.updated_at()));
  Table table({{"EVENT TYPE"}, {"MESSAGE"}});
  for (const events::v1::ExternalEventType& event : definition.event_types()) {
    table.AddRow({event.type(), event.message()});
  }
  printer.Show(table);
}

void ShowRegistered(const v1::RegisterStreamTypeResponse& reply, Printer& printer) {
  ShowType(reply.stream_type(), printer);
}

void ShowOne(const v1::GetStreamTypeResponse& reply, Printer& printer) {
  ShowType(reply.stream_type(), printer);
}

void ShowList(const v1::ListStreamTypesResponse& reply, Printer& printer) {
  Table table({{"STREAM TYPE"},
               {"OWNER"},
               {"PAYLOADS"},
               {"EVENT TYPES", Align::kRight},
               {"UPDATED (UTC)"},
               {"DESCRIPTION"}});
  for (const v1::StreamType& type : reply.stream_types()) {
    const events::v1::StreamTypeDefinition& definition = type.definition();
    table.AddRow({type.name(), definition.owner(), PayloadText(definition),
                  absl::StrCat(definition.event_types_size()), FormatTime(type.updated_at()),
                  definition.description()});
  }
  printer.Show(table);
}

void AddRegister(const CommandTree& group) {
  auto call =
      AddCall(group,
              {"register", "Registers a stream type, or replaces its definition with --etag",
               "dealog log stream-type register invoice --descriptors billing.binpb "
               "--event InvoiceSent=billing.v1.InvoiceSent"},
              &Stub::RegisterStreamType, ShowRegistered);
  call.Text("name", "Name, such as invoice", call->mutable_name());
  events::v1::StreamTypeDefinition* const definition = call->mutable_definition();
  definition->set_payload_type(events::v1::PAYLOAD_TYPE_OPAQUE);
  call.ReadEach("--event",
                "Event type, with the payload's message if payloads are protobuf: TYPE or "
                "TYPE=MESSAGE; may be repeated",
                [definition](const std::string& text) {
                  events::v1::ExternalEventType& type = *definition->add_event_types();
                  const size_t equals = text.find('=');
                  type.set_type(text.substr(0, equals));
                  if (equals != std::string::npos) type.set_message(text.substr(equals + 1));
                  return absl::OkStatus();
                });
  call.Text("--description", "What it is for", definition->mutable_description());
  call.Text("--owner", "Service or team that owns it", definition->mutable_owner());
  auto file = std::make_shared<std::string>();
  call.Text("--descriptors",
            "File of `protoc --include_imports --descriptor_set_out`; without it payloads are "
            "opaque bytes",
            file.get());
  AddMutationOptions(call);
  call.preparations->push_back([definition, file](Session&) -> absl::Status {
    if (file->empty()) return absl::OkStatus();
    definition->set_payload_type(events::v1::PAYLOAD_TYPE_PROTOBUF);
    ASSIGN_OR_RETURN(*definition->mutable_descriptor_set(),
                     ReadTextFile(*file, kDefinitionBytesMax));
    return absl::OkStatus();
  });
}

}  // namespace

void AddStreamTypeCommands(const CommandTree& log) {
  const CommandTree group = log.Group("stream-type", "Types of streams that other services own");
  AddRegister(group);
  AddCall(group, {"list", "All registered stream types", "dealog log stream-type list"},
          &Stub::ListStreamTypes, ShowList);
  auto show = AddCall(
      group, {"show", "One stream type and its event types", "dealog log stream-type show invoice"},
      &Stub::GetStreamType, ShowOne);
  show.Text("name", "Name of the stream type", show->mutable_name());
}

}  // namespace dealog::cli
