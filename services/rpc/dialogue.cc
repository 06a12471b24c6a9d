#include "services/rpc/dialogue.h"

#include <atomic>
#include <utility>

#include "eventstore/base/status.h"
#include "services/rpc/pipeline.h"
#include "services/rpc/stream_reactor.h"

namespace dealog::rpc {
namespace {

using Reactor = StreamReactor<grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>>;

Call CallOf(const Method& method) {
  return {.method = &method, .started_us = base::MonotonicMicros()};
}

// Thread safety, ownership: StreamReactor's.
// Invariants: at most one read at a time; none is begun once the call ends.
class DialogueReactor final : public Reactor {
 public:
  DialogueReactor(const Core& core, const Method& method, grpc::CallbackServerContext& context,
                  std::unique_ptr<google::protobuf::Message> request)
      : Reactor(core, CallOf(method)), context_(context), request_(std::move(request)) {}

  void Begin(std::unique_ptr<Dialogue> dialogue) {
    dialogue_ = dialogue.get();
    Start(absl::OkStatus(), std::move(dialogue), /*reads=*/{});
    Read();
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      dialogue_->Closed();
      Wake();
      return;
    }
    const absl::StatusOr<bool> more = Take();
    if (!more.ok()) {
      End(more.status());
    } else if (*more) {
      Read();
    } else {
      paused_ = true;
      Woken();  // Room may have been made meanwhile.
    }
  }

 private:
  // Every message passes the whole pipeline: limits and validation hold for each.
  absl::StatusOr<bool> Take() {
    const grpc::Slice body = WholeSlice(message_);
    Call call{.method = call_.method};
    request_->Clear();
    RETURN_IF_ERROR(Admit(ToIncoming(core_, context_, AsView(body)), *request_, call));
    return dialogue_->Take(call, *request_);
  }

  void Woken() override {
    if (paused_ && dialogue_->HasRoom() && paused_.exchange(false)) Read();
  }

  void Read() {
    if (!Hold()) return;
    StartRead(&message_);
    Release();
  }

  grpc::CallbackServerContext& context_;
  const std::unique_ptr<google::protobuf::Message> request_;  // Used again for every message.
  Dialogue* dialogue_ = nullptr;                              // Owned by the base once started.
  grpc::ByteBuffer message_;                                  // Belongs to gRPC while it reads.
  std::atomic<bool> paused_ = false;  // The dialogue has no room; Woken goes on.
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartDialogueCall(
    const Core& core, const Method& method, grpc::CallbackServerContext& context,
    std::unique_ptr<google::protobuf::Message> request, std::unique_ptr<Dialogue> dialogue) {
  const auto reactor = std::make_shared<DialogueReactor>(core, method, context, std::move(request));
  reactor->Begin(std::move(dialogue));
  return reactor.get();
}

}  // namespace dealog::rpc
