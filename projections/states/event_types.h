#pragma once

// Names of event types, read from the descriptors: a new event needs no line here.

#include <string>
#include <string_view>
#include <vector>

#include "dealog/events/v1/event.pb.h"

namespace dealog::states {

// Name of the innermost message, for example "DealStageMoved", or the type that an event of another
// service has; "" if the event is empty. Points into static memory or `event`.
std::string_view EventTypeName(const events::v1::Event& event);
// Every event type name of the CRM itself, sorted.
const std::vector<std::string>& AllEventTypeNames();

// A field that an event has and this build does not: what a newer release wrote.
struct NewerField {
  const google::protobuf::Descriptor* message = nullptr;  // Where it was found; null = nowhere.
  int number = 0;

  explicit operator bool() const { return message != nullptr; }
  // "field 17 of DealEvent"
  std::string Text() const;
};
// The first one of the union, of the aggregate's union or of the event itself. Cheap: it looks no
// deeper.
NewerField FindNewerField(const events::v1::Event& event);

}  // namespace dealog::states
