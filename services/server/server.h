#pragma once

// The composition root: opens the folder, wires the parts, serves, and takes everything down again
// in the order that loses nothing. Tests and benchmarks start it in their own process:
//
//   ASSIGN_OR_RETURN(auto server, server::Start({.data_dir = dir, .listen = "127.0.0.1:0"}));
//   auto channel = grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials());

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/commands/sequencer.h"
#include "services/server/options.h"

namespace dealog::server {

// A server that serves. Thread safety: Stop once at a time; the rest is const.
class Server {
 public:
  // Stops: see Stop.
  virtual ~Server() = default;
  // HOST:PORT where it listens, with the port that was picked.
  virtual const std::string& address() const = 0;
  // HOST:PORT of the metrics; empty without --admin-listen.
  virtual std::string admin_address() const = 0;
  virtual commands::SequencerStats sequencer_stats() const = 0;
  // Health goes off, new calls are refused, open streams end, calls in flight are answered (until
  // drain_timeout, then cancelled), queued commands are decided, jobs and views stop, stores close.
  // Idempotent.
  virtual void Stop() = 0;
};

// FAILED_PRECONDITION or UNAVAILABLE if the folder or the port is in use, PERMISSION_DENIED for an
// address that is not loopback, DATA_LOSS for a damaged log.
absl::StatusOr<std::unique_ptr<Server>> Start(const Options& options);

}  // namespace dealog::server
