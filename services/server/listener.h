#pragma once

// gRPC's own part of the server: the port, its limits, health and reflection.

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/server/options.h"

namespace dealog::server {

struct Listener {
  std::unique_ptr<grpc::Server> server;
  std::string address;  // With the port that was picked.
};

// Serves at once. UNAVAILABLE if the port is in use. `services` must outlive the listener.
absl::StatusOr<Listener> Listen(const ListenAddress& address,
                                const std::vector<std::unique_ptr<grpc::Service>>& services);

}  // namespace dealog::server
