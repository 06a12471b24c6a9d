#include "services/rpc/status_mapping.h"

#include <grpcpp/support/status.h>

#include <string>

#include "absl/strings/cord.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

// At most `bytes_max` bytes of `text`, never ending inside a character.
std::string Cut(absl::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t size = bytes_max - 3;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "...";
}

google::rpc::ErrorInfo InfoOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  info.set_reason(base::ReasonOf(status));
  if (info.reason().empty()) info.set_reason(std::string(DefaultReason(status.code())));
  info.set_domain("dealog");
  return info;
}

}  // namespace

std::string_view DefaultReason(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return "FIELD_INVALID";
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
      return "CANCELLED";
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
      return "CONDITION_FAILED";
    case absl::StatusCode::kAlreadyExists:
      return "ID_EXISTS";
    case absl::StatusCode::kResourceExhausted:
      return "LIMIT_EXCEEDED";
    case absl::StatusCode::kUnavailable:
      return "NOT_READY";
    case absl::StatusCode::kOutOfRange:
      return "OUT_OF_RANGE";
    case absl::StatusCode::kDataLoss:
      return "CORRUPT_RECORD";
    case absl::StatusCode::kUnauthenticated:
      return "UNAUTHENTICATED";
    case absl::StatusCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    default:  // NOT_FOUND too: whoever looked something up knows what, and names it.
      return "INTERNAL";
  }
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status out;
  out.set_code(static_cast<int>(status.code()));
  out.set_message(Cut(status.message(), kErrorMessageBytesMax));
  bool has_info = false;
  for (const std::string& url : base::DetailTypeUrls()) {
    const auto payload = status.GetPayload(url);
    if (!payload) continue;
    has_info = has_info || absl::string_view(url).find("ErrorInfo") != absl::string_view::npos;
    auto* detail = out.add_details();
    detail->set_type_url(url);
    detail->set_value(std::string(*payload));
  }
  if (!has_info || out.ByteSizeLong() > kErrorDetailsBytesMax) {
    out.clear_details();
    out.add_details()->PackFrom(InfoOf(status));
  }
  return out;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status details = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(details.code()), details.message(),
                      details.SerializeAsString());
}

}  // namespace dealog::rpc
