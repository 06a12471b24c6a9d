#pragma once

// Options of `dealog group` that several of its commands share.

#include <functional>
#include <string>

#include "dealog/v1/groups.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "services/cli/command.h"

namespace dealog::cli {

// --type, --stream-type and --stream, each repeated, into the filter that `filter` returns.
void AddFilter(CLI::App* command, std::function<v1::EventFilter*()> filter);

// The filter, --max-deliveries, --ack-timeout and --max-in-flight. `mask` (or null) names what was
// given.
void AddSettings(CLI::App* command, v1::GroupSettings* settings, google::protobuf::FieldMask* mask);

// For people: "DealWon of deal/…"; "everything" if it is empty.
std::string DescribeFilter(const v1::EventFilter& filter);

}  // namespace dealog::cli
