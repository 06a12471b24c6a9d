#include "services/cli/client.h"

#include <chrono>
#include <cmath>

#include "eventstore/base/clock.h"
#include "google/rpc/status.pb.h"
#include "services/cli/limits.h"

namespace dealog::cli {
namespace {

constexpr char kTenantKey[] = "dealog-tenant";
constexpr char kActorKey[] = "dealog-actor";

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kReplyBytesMax);
  // A proxy from the environment would answer for a server on this machine.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetUserAgentPrefix("dealog-cli");
  return arguments;
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) {
    for (const auto& detail : details.details()) {
      result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
    }
  }
  return result;
}

Client::Client(const Globals& globals)
    : globals_(globals),
      channel_(grpc::CreateCustomChannel(globals.server, grpc::InsecureChannelCredentials(),
                                         Arguments())) {}

void Client::Prepare(grpc::ClientContext& context, bool stream) const {
  PrepareAs(context, globals_.actor);
  if (stream && !globals_.timeout_seconds) return;
  const double seconds = globals_.timeout_seconds.value_or(kCallTimeoutSeconds);
  context.set_deadline(std::chrono::system_clock::time_point(
      std::chrono::microseconds(base::SystemClock().NowMicros() + std::llround(seconds * 1e6))));
}

void Client::PrepareAs(grpc::ClientContext& context, const std::string& actor) const {
  if (!globals_.tenant.empty()) context.AddMetadata(kTenantKey, globals_.tenant);
  if (!actor.empty()) context.AddMetadata(kActorKey, actor);
}

}  // namespace dealog::cli
