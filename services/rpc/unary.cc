#include "services/rpc/unary.h"

#include <grpcpp/support/server_callback.h>

#include "eventstore/base/clock.h"
#include "services/rpc/grpc_io.h"
#include "services/rpc/status_mapping.h"
#include "services/telemetry/log.h"

namespace dealog::rpc {

absl::Status UnaryCall::Admit(google::protobuf::Message& request) {
  const grpc::Slice body = WholeSlice(*io_.request);
  request_bytes_ = body.size();
  return rpc::Admit(ToIncoming(core_, *io_.context, AsView(body)), request, call_);
}

void UnaryCall::Reply(const google::protobuf::Message& response) {
  Measure(absl::StatusCode::kOk);
  *io_.response = ToByteBuffer(response);
  io_.reactor->Finish(grpc::Status::OK);
}

void UnaryCall::Refuse(const absl::Status& status) {
  Measure(status.code());
  io_.reactor->Finish(ToGrpcStatus(status));
}

bool UnaryCall::cancelled() const { return io_.context->IsCancelled(); }

void UnaryCall::Measure(absl::StatusCode code) const {
  call_.method->counters->Record(code, base::MonotonicMicros() - call_.started_us);
  if (code == absl::StatusCode::kInternal || code == absl::StatusCode::kDataLoss ||
      code == absl::StatusCode::kUnknown) {
    telemetry::Log(telemetry::Level::kError, "call failed",
                   {{"method", call_.method->path}, {"code", static_cast<int64_t>(code)}});
  }
}

}  // namespace dealog::rpc
