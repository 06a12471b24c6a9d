#pragma once

// Calls in which both sides stream: the client's messages are taken one by one, meanwhile what the
// server has to say is made and written as for a server stream. A dialogue knows nothing of gRPC.

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "services/rpc/core.h"
#include "services/rpc/stream.h"

namespace grpc {
class ByteBuffer;
class CallbackServerContext;
template <class Request, class Response>
class ServerBidiReactor;
}  // namespace grpc

namespace dealog::rpc {

// The server's side of one call. Next (see StreamSource) may run beside Take and Closed, which are
// called by one thread at a time. Destroyed once the call is over.
class Dialogue : public StreamSource {
 public:
  // A message of the client, admitted; an error ends the call with it. False: take no more for now,
  // the wake follows once there is room; until then gRPC's flow control holds the client back.
  virtual absl::StatusOr<bool> Take(const Call& call, const google::protobuf::Message& message) = 0;
  // True if Take would take one more.
  virtual bool HasRoom() const = 0;
  // The client will send no more; Next decides when the call ends.
  virtual void Closed() = 0;
};

// Starts a dialogue; `request` makes an empty message of the method's type. The reactor owns
// itself.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartDialogueCall(
    const Core& core, const Method& method, grpc::CallbackServerContext& context,
    std::unique_ptr<google::protobuf::Message> request, std::unique_ptr<Dialogue> dialogue);

}  // namespace dealog::rpc
