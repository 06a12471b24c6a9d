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

}  // namespace dealog::states
