#pragma once

// A unary call on the wire: admits the request, answers once. Knows gRPC so that the services need
// not.

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "services/rpc/core.h"

namespace grpc {
class ByteBuffer;
class CallbackServerContext;
class ServerUnaryReactor;
}  // namespace grpc

namespace dealog::rpc {

// What gRPC hands to a handler. Valid until the call is finished.
struct UnaryIo {
  grpc::CallbackServerContext* context = nullptr;
  const grpc::ByteBuffer* request = nullptr;
  grpc::ByteBuffer* response = nullptr;
  grpc::ServerUnaryReactor* reactor = nullptr;
};

// Thread safety: none; whoever holds it owns the call.
// Invariants: exactly one of Reply and Refuse is called, exactly once; nothing of the call is
// touched after it.
class UnaryCall {
 public:
  UnaryCall(const Core& core, const Method& method, const UnaryIo& io) : core_(core), io_(io) {
    call_.method = &method;
  }

  // Runs the pipeline: parses and checks the request, fills call().
  absl::Status Admit(google::protobuf::Message& request);
  void Reply(const google::protobuf::Message& response);
  void Refuse(const absl::Status& status);

  // True if nobody waits for the answer any more.
  bool cancelled() const;
  const Core& core() const { return core_; }
  const Call& call() const { return call_; }
  // Bytes of the request on the wire.
  size_t request_bytes() const { return request_bytes_; }

 private:
  void Measure(absl::StatusCode code) const;

  const Core& core_;
  const UnaryIo io_;
  Call call_;
  size_t request_bytes_ = 0;
};

}  // namespace dealog::rpc
