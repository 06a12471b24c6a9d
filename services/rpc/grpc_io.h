#pragma once

// Between gRPC's types and ours. Only the adapters (unary, stream, service, imports) include it.

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <string>
#include <string_view>

#include "google/protobuf/message.h"
#include "services/rpc/pipeline.h"

namespace dealog::rpc {

// The one slice that holds a message's bytes; copies only if the network delivered several.
grpc::Slice WholeSlice(const grpc::ByteBuffer& buffer);
inline std::string_view AsView(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// Serialises a message, once, into a buffer of its exact size.
grpc::ByteBuffer ToByteBuffer(const google::protobuf::Message& message);
// Takes over the string without a copy.
grpc::ByteBuffer ToByteBuffer(std::string bytes);
// Likewise; holds them for as long as gRPC does.
grpc::ByteBuffer ToByteBuffer(std::shared_ptr<const std::string> bytes);

// What the pipeline wants to know of a call. The views live as long as `context` and `body`.
Incoming ToIncoming(const Core& core, const grpc::CallbackServerContext& context,
                    std::string_view body);

}  // namespace dealog::rpc
