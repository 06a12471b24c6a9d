// `dealog log`: the tenant's event log as such.

#include "absl/strings/str_cat.h"
#include "dealog/v1/log.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/event_text.h"
#include "services/cli/groups.h"
#include "services/cli/limits.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::LogService::Stub;

// --type, --stream-type and --stream, each repeated.
template <typename Request>
void AddEventFilter(CLI::App* command, Request* request) {
  AddRepeatedReader(command, "--type", "Event type, such as DealWon; may be repeated",
                    [request](const std::string& text) {
                      request->mutable_filter()->add_event_types(text);
                      return absl::OkStatus();
                    });
  AddRepeatedReader(command, "--stream-type", "Type of stream, such as deal; may be repeated",
                    [request](const std::string& text) {
                      request->mutable_filter()->add_stream_types(text);
                      return absl::OkStatus();
                    });
  AddRepeatedReader(command, "--stream", "Stream, as type/id; may be repeated",
                    [request](const std::string& text) {
                      request->mutable_filter()->add_streams(text);
                      return absl::OkStatus();
                    });
}

absl::Status Read(const v1::ReadLogRequest& request, Session& session) {
  grpc::ClientContext context;
  session.client().Prepare(context, /*stream=*/true);
  const auto stub = session.client().Stub<v1::LogService>();
  const auto reader = stub->ReadLog(&context, request);
  v1::ReadLogResponse message;
  v1::ReadLogResponse whole;
  while (reader->Read(&message)) whole.MergeFrom(message);
  RETURN_IF_ERROR(FromGrpc(reader->Finish()));
  if (session.printer().json()) {
    session.printer().Json(whole);
    return absl::OkStatus();
  }
  Table table = EventTable();
  for (const v1::RecordedEvent& event : whole.events()) AddEventRow(event, table);
  session.printer().Show(table);
  if (request.limit() > 0 && whole.events_size() == request.limit()) {
    session.printer().Note(absl::StrCat("more: --after ", whole.position()));
  }
  return absl::OkStatus();
}

// One line per event and not a table: rows come one by one, for ever.
void ShowLine(const v1::RecordedEvent& event, Printer& printer) {
  const storage::v1::EventHeader& header = event.header();
  printer.Line(absl::StrCat(header.position(), "  ", header.type(), "  ", header.stream().id(),
                            "  ", header.actor().principal(), "  ", EventData(event)));
}

absl::Status Tail(const v1::SubscribeRequest& request, Session& session) {
  grpc::ClientContext context;
  session.client().Prepare(context, /*stream=*/true);
  const auto stub = session.client().Stub<v1::LogService>();
  const auto reader = stub->Subscribe(&context, request);
  Printer& printer = session.printer();
  v1::SubscribeResponse message;
  while (reader->Read(&message)) {
    if (printer.json()) {
      printer.JsonLine(message);
      continue;
    }
    for (const v1::RecordedEvent& event : message.events().events()) ShowLine(event, printer);
    if (message.has_caught_up()) {
      printer.Note(absl::StrCat("-- live from position ", message.caught_up().position()));
    } else if (message.has_fell_behind()) {
      printer.Note(absl::StrCat("-- fell behind at position ", message.fell_behind().position()));
    }
    printer.out().flush();
  }
  return FromGrpc(reader->Finish());
}

void AddRead(const CommandTree& group) {
  auto request = std::make_shared<v1::ReadLogRequest>();
  request->set_limit(kLogReadDefault);
  request->set_payload_form(v1::PAYLOAD_FORM_CLEAR);
  CLI::App* command = group.Leaf("read", "Reads the log from a position",
                                 "dealog log read --after 1000 --type DealWon",
                                 [request](Session& session) { return Read(*request, session); });
  auto* target = request.get();
  command->add_option_function<int64_t>(
      "--after", [target](int64_t position) { target->set_after_position(position); },
      "Events after this position, or before it with --backward (default: from the beginning, or "
      "the end)");
  command->add_option_function<int64_t>(
      "--limit", [target](int64_t limit) { target->set_limit(limit); },
      "At most this many (default 100; 0 = all)");
  command->add_flag_callback(
      "--backward", [target] { target->set_direction(v1::READ_DIRECTION_BACKWARD); },
      "Newest first");
  AddEventFilter(command, target);
}

void AddTail(const CommandTree& group) {
  auto request = std::make_shared<v1::SubscribeRequest>();
  request->set_payload_form(v1::PAYLOAD_FORM_CLEAR);
  CLI::App* command = group.Leaf("tail", "Follows the log as it grows", "dealog log tail --from 1",
                                 [request](Session& session) { return Tail(*request, session); });
  auto* target = request.get();
  AddReader(
      command, "--from", "First position to show (default: what comes from now on)",
      [target](const std::string& text) -> absl::Status {
        ASSIGN_OR_RETURN(const v1::Instant instant, ParseKnownAt(text));
        if (instant.position() < 1) {
          return absl::InvalidArgumentError("expected a position from 1, found '" + text + "'");
        }
        target->set_after_position(instant.position() - 1);
        return absl::OkStatus();
      });
  AddEventFilter(command, target);
}

void ShowHead(const v1::GetHeadResponse& reply, Printer& printer) {
  printer.Field("position", absl::StrCat(reply.position()));
  printer.Field("recorded", FormatTime(reply.recorded_at()));
}

void ShowPosition(const v1::GetPositionAtResponse& reply, Printer& printer) {
  printer.Field("position", absl::StrCat(reply.position()));
}

void ShowStream(const v1::ReadStreamResponse& reply, Printer& printer) {
  Table table = EventTable();
  for (const v1::RecordedEvent& event : reply.events()) AddEventRow(event, table);
  printer.Show(table);
  if (reply.next_revision() > 0) {
    printer.Note(absl::StrCat("more: --from-revision ", reply.next_revision()));
  }
}

}  // namespace

void AddLogCommands(const CommandTree& root) {
  const CommandTree group = root.Group("log", "The event log: read, follow, append, verify");
  AddRead(group);
  AddTail(group);
  AddCall(group, {"head", "The newest position", "dealog log head"}, &Stub::GetHead, ShowHead);
  auto at = AddCall(group,
                    {"position-at", "The last position recorded by an instant",
                     "dealog log position-at 2026-06-01T00:00:00Z"},
                    &Stub::GetPositionAt, ShowPosition);
  auto text = std::make_shared<std::string>();
  at.Read("time", "Date (tenant's zone) or RFC 3339 time", [text](const std::string& value) {
    *text = value;
    return ParseInstant(value).status();
  });
  at.preparations->push_back([request = at.request.get(), text](Session& session) -> absl::Status {
    ASSIGN_OR_RETURN(*request->mutable_time(), session.ResolveTime(*text));
    return absl::OkStatus();
  });
  auto stream = AddCall(
      group,
      {"stream", "Reads one stream", "dealog log stream deal/deal_01h455vb4pex5vsknk084sn02q"},
      &Stub::ReadStream, ShowStream);
  stream->set_payload_form(v1::PAYLOAD_FORM_CLEAR);
  stream.Text("stream", "Stream, as type/id", stream->mutable_stream());
  stream.command->add_option_function<int64_t>(
      "--from-revision",
      [target = stream.request.get()](int64_t revision) { target->set_from_revision(revision); },
      "Revision to begin with");
  AddLogAppendCommand(group);
  AddStreamTypeCommands(group);
  AddLogExportCommands(group);
  AddLogVerifyCommand(group);
}

}  // namespace dealog::cli
