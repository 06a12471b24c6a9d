#include "services/cli/event_text.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

constexpr size_t kDataWidth = 100;

// The message that is set in a oneof of `message`; nullptr if none is.
const google::protobuf::Message* SetMember(const google::protobuf::Message& message) {
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->oneof_decl_count(); ++i) {
    const auto* field =
        message.GetReflection()->GetOneofFieldDescriptor(message, descriptor->oneof_decl(i));
    if (field != nullptr && field->message_type() != nullptr) {
      return &message.GetReflection()->GetMessage(message, field);
    }
  }
  return nullptr;
}

std::string StreamText(const storage::v1::StreamName& stream) {
  // Most ids carry their type as a prefix.
  return stream.id().rfind(stream.type() + "_", 0) == 0
             ? stream.id()
             : absl::StrCat(stream.type(), "/", stream.id());
}

}  // namespace

std::string EventData(const v1::RecordedEvent& recorded) {
  const events::v1::Event& event = recorded.event();
  if (event.has_external()) {
    if (!recorded.payload_json().empty()) return recorded.payload_json();
    return absl::Utf8SafeCEscape(event.external().payload());
  }
  // Event -> aggregate -> kind: two unions, whatever they hold.
  const google::protobuf::Message* aggregate = SetMember(event);
  const google::protobuf::Message* kind = aggregate == nullptr ? nullptr : SetMember(*aggregate);
  if (kind == nullptr) return "";
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(*kind, &json);
  return status.ok() ? json : status.ToString();
}

Table EventTable() {
  return Table({{"POSITION", Align::kRight},
                {"RECORDED (UTC)"},
                {"TYPE"},
                {"STREAM"},
                {"ACTOR"},
                {"DATA", Align::kLeft, kDataWidth}});
}

void AddEventRow(const v1::RecordedEvent& event, Table& table) {
  const storage::v1::EventHeader& header = event.header();
  table.AddRow(
      {absl::StrCat(header.position()),
       FormatTime(
           google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(header.recorded_at_us())),
       header.type(), StreamText(header.stream()), header.actor().principal(), EventData(event)});
}

}  // namespace dealog::cli
