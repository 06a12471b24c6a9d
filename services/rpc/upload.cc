#include "services/rpc/upload.h"

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "dealog/v1/imports.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/rpc/grpc_io.h"
#include "services/rpc/status_mapping.h"

namespace dealog::rpc {
namespace {

// Thread safety: gRPC runs one reaction at a time; the job's answer comes after the last read.
// Ownership: of itself until OnDone.
class UploadReactor final : public grpc::ServerReadReactor<grpc::ByteBuffer> {
 public:
  UploadReactor(const Core& core, const Method& method, grpc::CallbackServerContext& context,
                grpc::ByteBuffer& response)
      : core_(core), context_(context), response_(response) {
    call_.method = &method;
    started_us_ = base::MonotonicMicros();
    StartRead(&message_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      AllRead();
      return;
    }
    if (const absl::Status taken = Take(); !taken.ok()) {
      End(taken);
      return;
    }
    StartRead(&message_);
  }

  void OnDone() override { delete this; }

 private:
  // Every message passes the whole pipeline: limits and validation hold for each.
  absl::Status Take() {
    const grpc::Slice body = WholeSlice(message_);
    v1::StartImportRequest request;
    RETURN_IF_ERROR(Admit(ToIncoming(core_, context_, AsView(body)), request, call_));
    if (upload_ == nullptr) {
      if (!request.has_header()) {
        return base::InvalidField("header", "expected the header in the first message, found none");
      }
      ASSIGN_OR_RETURN(upload_,
                       core_.imports.Open(call_.tenant, call_.principal, request.header()));
      return absl::OkStatus();
    }
    if (!request.has_chunk()) {
      return base::InvalidField("chunk",
                                "expected a chunk in every message but the first, found none");
    }
    return upload_->Add(request.chunk());
  }

  void AllRead() {
    if (context_.IsCancelled()) {
      End(base::Error(absl::StatusCode::kCancelled, "CANCELLED",
                      "the call was cancelled before the upload was whole; nothing was imported"));
      return;
    }
    if (upload_ == nullptr) {
      End(base::InvalidField("header", "expected the header and the files, found an empty stream"));
      return;
    }
    core_.imports.Start(std::move(upload_), [this](absl::StatusOr<v1::Import> job) {
      if (!job.ok()) {
        End(job.status());
        return;
      }
      v1::StartImportResponse response;
      *response.mutable_import() = *std::move(job);
      response_ = ToByteBuffer(response);
      End(absl::OkStatus());
    });
  }

  // A client that goes on sending after an error is cut off by the status.
  void End(const absl::Status& status) {
    upload_.reset();
    call_.method->counters->Record(status.code(), base::MonotonicMicros() - started_us_);
    Finish(ToGrpcStatus(status));
  }

  const Core& core_;
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& response_;
  Call call_;  // Of the newest message.
  int64_t started_us_ = 0;
  grpc::ByteBuffer message_;
  std::unique_ptr<jobs::ImportUpload> upload_;
};

}  // namespace

grpc::ServerReadReactor<grpc::ByteBuffer>* StartUpload(const Core& core, const Method& method,
                                                       grpc::CallbackServerContext& context,
                                                       grpc::ByteBuffer& response) {
  return new UploadReactor(core, method, context, response);
}

}  // namespace dealog::rpc
