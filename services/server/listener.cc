#include "services/server/listener.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_builder.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "services/rpc/limits.h"
#include "services/telemetry/log.h"

namespace dealog::server {
namespace {

// A peer that is silent for so long is asked whether it still lives.
constexpr int kKeepaliveMillis = 60'000;
// Clients may ask as often.
constexpr int kClientPingMillis = 10'000;

// gRPC's own errors as records like the others: it writes lines of its own to stderr otherwise.
void OnGrpcLog(gpr_log_func_args* record) {
  if (record->severity < GPR_LOG_SEVERITY_ERROR) return;
  telemetry::Log(telemetry::Level::kWarning, "grpc",
                 {{"file", record->file},
                  {"line", static_cast<int64_t>(record->line)},
                  {"message", record->message}});
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(rpc::kReceiveBytesMax);
  // Without this a second server would silently share the port.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             rpc::kConcurrentCallsPerConnectionMax);
  // Counts every call for a service that is not offered here.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, rpc::kMetadataBytesMax);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kClientPingMillis);
  // Only health and reflection are served by gRPC's synchronous threads.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
}

}  // namespace

absl::StatusOr<Listener> Listen(const ListenAddress& address,
                                const std::vector<std::unique_ptr<grpc::Service>>& services) {
  gpr_set_log_function(OnGrpcLog);
  // The packaged absl looks for lock cycles at every lock that gRPC takes: a debugging aid.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(builder);
  int port = 0;
  builder.AddListeningPort(absl::StrCat(address.host, ":", address.port),
                           grpc::InsecureServerCredentials(), &port);
  for (const auto& service : services) builder.RegisterService(service.get());
  Listener listener;
  listener.server = builder.BuildAndStart();
  if (listener.server == nullptr || port == 0) {
    return absl::UnavailableError(
        absl::StrCat("can't listen on ", address.host, ":", address.port,
                     ": expected a free port, found one in use or an address that is not this "
                     "machine's; choose another --listen"));
  }
  listener.server->GetHealthCheckService()->SetServingStatus(true);
  listener.address = absl::StrCat(address.host, ":", port);
  return listener;
}

}  // namespace dealog::server
