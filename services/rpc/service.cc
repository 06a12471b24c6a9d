#include "services/rpc/service.h"

#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>

#include <deque>
#include <string>
#include <vector>

#include "eventstore/base/check.h"
#include "services/rpc/method.h"

namespace dealog::rpc {
namespace {

using grpc::internal::RpcMethod;

RpcMethod::RpcType TypeOf(const google::protobuf::MethodDescriptor& method) {
  if (method.client_streaming() && method.server_streaming()) return RpcMethod::BIDI_STREAMING;
  if (method.client_streaming()) return RpcMethod::CLIENT_STREAMING;
  return method.server_streaming() ? RpcMethod::SERVER_STREAMING : RpcMethod::NORMAL_RPC;
}

}  // namespace

// What gRPC's generated services do in their constructors, done from the description. The handlers
// take raw bytes (see wire.h).
class ServiceBuilder::Registered final : public grpc::Service {
 public:
  Registered(const Core& core, const google::protobuf::ServiceDescriptor& service)
      : core_(core), service_(service), added_(service.method_count()) {
    for (int i = 0; i < service.method_count(); ++i) {
      Method& method = methods_.emplace_back(DescribeMethod(*service.method(i)));
      method.counters = &core.metrics.Add(method.path);
      AddMethod(new grpc::internal::RpcServiceMethod(method.path.c_str(),
                                                     TypeOf(*service.method(i)), nullptr));
    }
  }

  // The method that takes such requests; each is added once.
  int IndexOf(const google::protobuf::Descriptor& request) {
    for (int i = 0; i < service_.method_count(); ++i) {
      if (service_.method(i)->input_type() != &request) continue;
      DEALOG_CHECK(!added_[i]) << methods_[i].path << " was added twice";
      added_[i] = true;
      return i;
    }
    DEALOG_CHECK(false) << service_.full_name() << " has no method that takes "
                        << request.full_name();
    return -1;
  }
  void Handle(int index, grpc::internal::MethodHandler* handler) {
    MarkMethodRawCallback(index, handler);
  }
  void CheckComplete() const {
    for (size_t i = 0; i < added_.size(); ++i) {
      DEALOG_CHECK(added_[i]) << methods_[i].path << " has no handler";
    }
  }

  const Core& core() const { return core_; }
  const Method& method(int index) const { return methods_[index]; }

 private:
  const Core& core_;
  const google::protobuf::ServiceDescriptor& service_;
  std::deque<Method> methods_;  // Calls and gRPC keep pointers into it.
  std::vector<bool> added_;
};

ServiceBuilder::ServiceBuilder(const Core& core, const google::protobuf::FileDescriptor& file,
                               std::string_view service_name) {
  const auto* service = file.FindServiceByName(std::string(service_name));
  DEALOG_CHECK(service != nullptr) << file.name() << " has no service " << service_name;
  service_ = std::make_unique<Registered>(core, *service);
}

ServiceBuilder::~ServiceBuilder() = default;

void ServiceBuilder::AddUnary(const google::protobuf::Descriptor& request, StartUnary start) {
  const int index = service_->IndexOf(request);
  const Core& core = service_->core();
  const Method& method = service_->method(index);
  service_->Handle(
      index, new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
                 [&core, &method, start = std::move(start)](grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* body,
                                                            grpc::ByteBuffer* response) {
                   grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
                   start(core, method, {context, body, response, reactor});
                   return reactor;
                 }));
}

void ServiceBuilder::AddServerStream(const google::protobuf::Descriptor& request,
                                     StartServerStream start) {
  const int index = service_->IndexOf(request);
  const Core& core = service_->core();
  const Method& method = service_->method(index);
  service_->Handle(
      index, new grpc::internal::CallbackServerStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
                 [&core, &method, start = std::move(start)](grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* body) {
                   return start(core, method, *context, *body);
                 }));
}

void ServiceBuilder::AddClientStream(const google::protobuf::Descriptor& request,
                                     StartClientStream start) {
  const int index = service_->IndexOf(request);
  const Core& core = service_->core();
  const Method& method = service_->method(index);
  service_->Handle(
      index, new grpc::internal::CallbackClientStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
                 [&core, &method, start = std::move(start)](grpc::CallbackServerContext* context,
                                                            grpc::ByteBuffer* response) {
                   return start(core, method, *context, *response);
                 }));
}

void ServiceBuilder::AddBidiStream(const google::protobuf::Descriptor& request,
                                   StartDialogue start) {
  const int index = service_->IndexOf(request);
  const Core& core = service_->core();
  const Method& method = service_->method(index);
  service_->Handle(
      index, new grpc::internal::CallbackBidiHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
                 [&core, &method, start = std::move(start)](grpc::CallbackServerContext* context) {
                   return start(core, method, *context);
                 }));
}

std::unique_ptr<grpc::Service> ServiceBuilder::Build() {
  service_->CheckComplete();
  return std::move(service_);
}

}  // namespace dealog::rpc
