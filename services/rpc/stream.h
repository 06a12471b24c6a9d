#pragma once

// Server streams: a source makes messages on the streams' threads, one write is outstanding, the
// next message is made meanwhile. A source knows nothing of gRPC.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "projections/views/reads.h"
#include "services/rpc/core.h"

namespace grpc {
class ByteBuffer;
class CallbackServerContext;
template <class Message>
class ServerWriteReactor;
}  // namespace grpc

namespace dealog::rpc {

// What a stream sends. Next is called by one thread at a time.
class StreamSource {
 public:
  // What comes next: a serialised message, nothing for now (wake follows), or the end.
  struct Item {
    enum class Kind { kMessage, kWait, kEnd };
    Kind kind = Kind::kEnd;
    std::string bytes;
    std::shared_ptr<const std::string> shared;  // Instead of `bytes`: the same for several streams.
    int64_t wait_us_max = 0;  // kWait: Next is called after so long even without a wake; 0 = never.
    static Item Message(std::string bytes) { return {Kind::kMessage, std::move(bytes)}; }
    static Item Shared(std::shared_ptr<const std::string> bytes) {
      return {Kind::kMessage, "", std::move(bytes)};
    }
    static Item Wait() { return {Kind::kWait}; }
    static Item WaitAtMost(int64_t micros) { return {Kind::kWait, "", nullptr, micros}; }
    static Item End() { return {}; }
  };
  virtual ~StreamSource() = default;
  // An error ends the stream with it.
  virtual absl::StatusOr<Item> Next() = 0;
  // `wake` may be called from any thread, and must be called after Next returned Wait once there is
  // more. {} clears it, after which it is not called any more. Set before the first Next.
  virtual void SetWake(std::function<void()> wake) = 0;
};

// Starts a source for an admitted call; `core` and the request's strings must be copied or outlive
// it as they say: `core` does, `request` does not.
using OpenSource = std::function<absl::StatusOr<std::unique_ptr<StreamSource>>(
    const Core& core, const Call& call, const google::protobuf::Message& request)>;

// Admits a streaming call and drives its source; the reactor owns itself. `request` is empty, of
// the method's type. `reads`: views of the tenant that must be as fresh as the head before the
// source starts, if any.
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartStream(const Core& core, const Method& method,
                                                        grpc::CallbackServerContext& context,
                                                        const grpc::ByteBuffer& body,
                                                        google::protobuf::Message& request,
                                                        const OpenSource& open,
                                                        projections::ViewNames reads);

}  // namespace dealog::rpc
