// `dealog log append`: an event of another service.

#include <optional>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dealog/v1/log.grpc.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/message_types.h"
#include "services/cli/common_options.h"
#include "services/cli/files.h"
#include "services/cli/groups.h"
#include "services/cli/limits.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::LogService::Stub;

// Where the payload comes from; exactly one is set.
struct PayloadOptions {
  std::string file;
  std::string text;
  std::string json;
};

void ShowAppended(const v1::AppendEventsResponse& reply, Printer& printer) {
  for (const v1::AppendedStream& stream : reply.streams()) {
    printer.Field("stream", stream.stream());
    printer.Field("revision", absl::StrCat(stream.last_revision()));
  }
  printer.Field("position", absl::StrCat(reply.commit().position()));
  printer.Field("recorded", FormatTime(reply.commit().recorded_at()));
  if (reply.commit().replayed()) printer.Note("done before under this --request-id");
}

// JSON as the payload of that event: a message of the stream type's, or the text where payloads are
// opaque.
absl::StatusOr<std::string> FromJson(const v1::NewEvent& event, const std::string& json,
                                     Session& session) {
  v1::GetStreamTypeRequest request;
  request.set_name(event.stream().substr(0, event.stream().find('/')));
  ASSIGN_OR_RETURN(const v1::GetStreamTypeResponse reply,
                   session.client().Call(&Stub::GetStreamType, request));
  const events::v1::StreamTypeDefinition& definition = reply.stream_type().definition();
  if (definition.payload_type() == events::v1::PAYLOAD_TYPE_OPAQUE) return json;
  ASSIGN_OR_RETURN(const auto messages, base::MessageTypes::Build(definition.descriptor_set()));
  for (const events::v1::ExternalEventType& type : definition.event_types()) {
    if (type.type() == event.type()) return messages->FromJson(type.message(), json);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--type: expected an event type of ", request.name(), ", found '", event.type(),
                   "'; see dealog log stream-type show ", request.name()));
}

absl::Status FillPayload(const PayloadOptions& options, Session& session, v1::NewEvent& event) {
  if (!options.file.empty()) {
    ASSIGN_OR_RETURN(*event.mutable_payload(), ReadTextFile(options.file, kPayloadBytesMax));
  } else if (!options.json.empty()) {
    ASSIGN_OR_RETURN(*event.mutable_payload(), FromJson(event, options.json, session));
  } else {
    event.set_payload(options.text);
  }
  return absl::OkStatus();
}

// STREAM=REVISION, of a stream that need not be written.
absl::Status ReadCondition(const std::string& text, v1::AppendEventsRequest& request) {
  const size_t equals = text.rfind('=');
  int64_t revision = 0;
  if (equals == std::string::npos || !absl::SimpleAtoi(text.substr(equals + 1), &revision)) {
    return absl::InvalidArgumentError(
        "expected STREAM=REVISION, such as deal/deal_01h455vb4pex5vsknk084sn02q=4, found '" + text +
        "'");
  }
  v1::StreamCondition& condition = *request.add_conditions();
  condition.set_stream(text.substr(0, equals));
  condition.set_expected_revision(revision);
  return absl::OkStatus();
}

}  // namespace

void AddLogAppendCommand(const CommandTree& log) {
  auto append = AddCall(log,
                        {"append", "Appends an event to a stream of a registered type",
                         "dealog log append invoice/2026-0042 --type InvoiceSent "
                         "--json '{\"number\": \"2026-0042\"}' --expected-revision 0"},
                        &Stub::AppendEvents, ShowAppended);
  v1::AppendEventsRequest* const request = append.request.get();
  v1::NewEvent* const event = request->add_events();
  append.Text("stream", "Stream, as type/id", event->mutable_stream());
  append.Text("--type", "Event type, one of the stream type's", event->mutable_type())->required();
  auto payload = std::make_shared<PayloadOptions>();
  CLI::Option_group* const one = append.command->add_option_group("Payload");
  one->add_option("--data", payload->file, "File with the payload's bytes");
  one->add_option("--text", payload->text, "The payload as text");
  one->add_option("--json", payload->json,
                  "The payload as JSON; becomes the registered message, if there is one");
  one->require_option(0, 1);
  append.command->add_option_function<int64_t>(
      "--expected-revision",
      [request, event](int64_t revision) {
        v1::StreamCondition& condition = *request->add_conditions();
        condition.set_expected_revision(revision);
        condition.set_stream("");  // The stream's name, once it is read.
      },
      "Refuse unless the stream has this revision; 0 = it does not exist");
  append.ReadEach("--if", "STREAM=REVISION that must hold too, of any stream; may be repeated",
                  [request](const std::string& text) { return ReadCondition(text, *request); });
  AddMutationOptions(append);
  append.preparations->push_back([request, event, payload](Session& session) {
    for (v1::StreamCondition& condition : *request->mutable_conditions()) {
      if (condition.stream().empty()) condition.set_stream(event->stream());
    }
    return FillPayload(*payload, session, *event);
  });
}

}  // namespace dealog::cli
