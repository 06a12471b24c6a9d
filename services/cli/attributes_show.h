#pragma once

// Free attributes of contacts and organizations.

#include <string>

#include "dealog/events/v1/values.pb.h"

namespace dealog::cli {

// "sector=retail, revenue=1100.04".
std::string AttributesText(
    const google::protobuf::RepeatedPtrField<events::v1::Attribute>& attributes);

}  // namespace dealog::cli
