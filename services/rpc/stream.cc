#include "services/rpc/stream.h"

#include "services/rpc/stream_reactor.h"

namespace dealog::rpc {

grpc::ServerWriteReactor<grpc::ByteBuffer>* StartStream(const Core& core, const Method& method,
                                                        grpc::CallbackServerContext& context,
                                                        const grpc::ByteBuffer& body,
                                                        google::protobuf::Message& request,
                                                        const OpenSource& open,
                                                        projections::ViewNames reads) {
  Call call{.method = &method};
  const grpc::Slice slice = WholeSlice(body);
  absl::Status admitted = Admit(ToIncoming(core, context, AsView(slice)), request, call);
  std::unique_ptr<StreamSource> source;
  if (admitted.ok()) {
    auto opened = open(core, call, request);
    admitted = opened.status();
    if (opened.ok()) source = *std::move(opened);
  }
  const auto stream = std::make_shared<StreamReactor<grpc::ServerWriteReactor<grpc::ByteBuffer>>>(
      core, std::move(call));
  stream->Start(std::move(admitted), std::move(source), reads);
  return stream.get();
}

}  // namespace dealog::rpc
