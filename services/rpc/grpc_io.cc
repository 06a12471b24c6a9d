#include "services/rpc/grpc_io.h"

#include <chrono>
#include <utility>

namespace dealog::rpc {
namespace {

std::string_view Metadata(const grpc::CallbackServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(key);
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return absl::FromChrono(deadline);
}

}  // namespace

grpc::Slice WholeSlice(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.Valid() || buffer.TrySingleSlice(&slice).ok()) return slice;
  static_cast<void>(buffer.DumpToSingleSlice(&slice));
  return slice;
}

grpc::ByteBuffer ToByteBuffer(const google::protobuf::Message& message) {
  grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* string) { delete static_cast<std::string*>(string); },
      owned);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer ToByteBuffer(std::shared_ptr<const std::string> bytes) {
  using Held = std::shared_ptr<const std::string>;
  auto* held = new Held(std::move(bytes));
  // gRPC's slices are not const, but it does not write into what it sends.
  const grpc::Slice slice(
      const_cast<char*>((*held)->data()), (*held)->size(),
      [](void* string) { delete static_cast<Held*>(string); }, held);
  return grpc::ByteBuffer(&slice, 1);
}

Incoming ToIncoming(const Core& core, const grpc::CallbackServerContext& context,
                    std::string_view body) {
  return {.draining = core.draining.load(std::memory_order_relaxed),
          .actor = Metadata(context, "dealog-actor"),
          .tenant = Metadata(context, "dealog-tenant"),
          .traceparent = Metadata(context, "traceparent"),
          .body = body,
          .now = absl::FromUnixMicros(core.clock.NowMicros()),
          .deadline = DeadlineOf(context)};
}

}  // namespace dealog::rpc
