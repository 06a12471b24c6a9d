#pragma once

// StartImport: the mapping first, then the files in chunks, spooled by the import jobs as they
// come.

#include "services/rpc/core.h"

namespace grpc {
class ByteBuffer;
class CallbackServerContext;
template <class Request>
class ServerReadReactor;
}  // namespace grpc

namespace dealog::rpc {

// Reads the stream and starts the import once the client has sent everything. The reactor owns
// itself. gRPC reads the next chunk only when the one before is on disk, so an upload never takes
// more memory than one message.
grpc::ServerReadReactor<grpc::ByteBuffer>* StartUpload(const Core& core, const Method& method,
                                                       grpc::CallbackServerContext& context,
                                                       grpc::ByteBuffer& response);

}  // namespace dealog::rpc
