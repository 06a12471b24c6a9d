#pragma once

// Points in time between the API and the log.

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/timestamp.pb.h"

namespace dealog::rpc {

// µs since 1970 UTC, cut to whole µs. INVALID_ARGUMENT / FIELD_INVALID naming `field` unless it is
// after 1970-01-01T00:00:00Z and before the year 10000.
absl::StatusOr<int64_t> ToMicros(const google::protobuf::Timestamp& time, std::string_view field);

google::protobuf::Timestamp ToTimestamp(int64_t micros);

}  // namespace dealog::rpc
