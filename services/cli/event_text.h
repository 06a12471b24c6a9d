#pragma once

// Recorded events as one line each.

#include <string>

#include "dealog/v1/log.pb.h"
#include "services/cli/text/table.h"

namespace dealog::cli {

// The innermost message of the event (its data) as compact JSON without unset fields. Of another
// service's event the payload as JSON, else as text with its odd bytes escaped.
std::string EventData(const v1::RecordedEvent& event);

// A table for events, and a row of it.
Table EventTable();
void AddEventRow(const v1::RecordedEvent& event, Table& table);

}  // namespace dealog::cli
