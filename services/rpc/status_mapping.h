#pragma once

// The one place where absl::Status becomes grpc::Status.

#include <string_view>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace grpc {
class Status;
}

namespace dealog::rpc {

// The details of an error as clients read them from grpc-status-details-bin: ErrorInfo always, with
// the status's own reason or one that fits its code, then what else the status carries.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// The same code and message, with ToRpcStatus in the trailer. Message and details are cut so that
// they fit the trailers' limit of common clients (kErrorMessageBytesMax, kErrorDetailsBytesMax).
grpc::Status ToGrpcStatus(const absl::Status& status);

// The reason of an error that carries none; a value name of dealog.v1.ErrorReason.
std::string_view DefaultReason(absl::StatusCode code);

}  // namespace dealog::rpc
