#pragma once

// Values of events in the form that the API has, and what several states hold.

#include <cstddef>
#include <cstdint>

#include "dealog/events/v1/values.pb.h"
#include "dealog/v1/common.pb.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/timestamp.pb.h"
#include "projections/states/dated.h"

namespace dealog::states {

v1::Money ToApiMoney(const events::v1::Money& money);
google::protobuf::Timestamp ToTimestamp(int64_t micros);

using AttributeMap = DatedMap<events::v1::Attribute>;
using Attributes = google::protobuf::RepeatedPtrField<events::v1::Attribute>;

// Sets and removes attributes as an event says.
void EvolveAttributes(const Attributes& changes, int64_t at_us, AttributeMap& attributes);

size_t BytesOf(const AttributeMap& attributes);

}  // namespace dealog::states
