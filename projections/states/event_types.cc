#include "projections/states/event_types.h"

#include <algorithm>

namespace dealog::states {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// The messages of the fields of a message's only oneof; none for a message without, which is how
// the events of other services come: their types are data.
std::vector<const Descriptor*> MembersOf(const Descriptor& message) {
  std::vector<const Descriptor*> members;
  if (message.oneof_decl_count() == 0) return members;
  for (int i = 0; i < message.oneof_decl(0)->field_count(); ++i) {
    members.push_back(message.oneof_decl(0)->field(i)->message_type());
  }
  return members;
}

// The set field of the message's only oneof; nullptr if none is.
const FieldDescriptor* SetField(const google::protobuf::Message& message) {
  return message.GetReflection()->GetOneofFieldDescriptor(message,
                                                          message.GetDescriptor()->oneof_decl(0));
}

}  // namespace

std::string_view EventTypeName(const events::v1::Event& event) {
  if (event.has_external()) return event.external().type();
  const FieldDescriptor* aggregate = SetField(event);
  if (aggregate == nullptr) return "";
  const FieldDescriptor* kind = SetField(event.GetReflection()->GetMessage(event, aggregate));
  return kind == nullptr ? std::string_view() : std::string_view(kind->message_type()->name());
}

std::string NewerField::Text() const {
  if (message == nullptr) return "";
  return "field " + std::to_string(number) + " of " + message->name();
}

NewerField FindNewerField(const events::v1::Event& event) {
  const google::protobuf::Message* message = &event;
  for (;;) {
    const auto& unknown = message->GetReflection()->GetUnknownFields(*message);
    if (unknown.field_count() > 0) return {message->GetDescriptor(), unknown.field(0).number()};
    const bool is_union = message == &event || message->GetDescriptor()->oneof_decl_count() > 0;
    const FieldDescriptor* set = is_union ? SetField(*message) : nullptr;
    if (set == nullptr || set->message_type() == nullptr) return {};
    message = &message->GetReflection()->GetMessage(*message, set);
  }
}

const std::vector<std::string>& AllEventTypeNames() {
  static const auto& names = *new std::vector<std::string>([] {
    std::vector<std::string> all;
    for (const Descriptor* aggregate : MembersOf(*events::v1::Event::descriptor())) {
      for (const Descriptor* kind : MembersOf(*aggregate)) all.push_back(kind->name());
    }
    std::sort(all.begin(), all.end());
    return all;
  }());
  return names;
}

}  // namespace dealog::states
