#pragma once

// What the clients of a server that dies do: each sends one command after the other, remembers
// every answer, and after the server's death repeats what was not answered.

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/v1/deals.grpc.pb.h"

namespace dealog::crash {

inline constexpr char kTenant[] = "acme";

// A command as it was sent, and its answer if one came.
struct Command {
  std::variant<v1::OpenDealRequest, v1::MoveDealRequest, v1::WinDealRequest> request;
  std::optional<v1::DealMutationResponse> answer;
};

// Sends it, again with the same request_id if it was sent before.
grpc::Status Send(v1::DealService::StubInterface& deals, const Command& command,
                  v1::DealMutationResponse* answer);

// Metadata and a deadline of 20 s.
void Prepare(grpc::ClientContext& context);

// The tenant, a pipeline, and a workflow that adds an activity and a tag to every deal that is
// moved to the stage "Offer".
absl::Status Found(const std::shared_ptr<grpc::Channel>& channel);

// Thread safety: none; between Start and Join only those two may be called.
class ServerLoad {
 public:
  ServerLoad(size_t clients, uint32_t seed);

  // Lets every client send until its server does not answer, or until Stop.
  void Start(const std::string& address);
  void Stop() { stopping_ = true; }
  // Waits for them. INTERNAL if a server refused what it must accept.
  absl::Status Join();

  // Answers of commands so far.
  uint64_t answered() const { return answered_; }
  // Repeats what was not answered; returns how many that were. INTERNAL unless it is answered now.
  absl::StatusOr<uint64_t> RepeatUnanswered(const std::shared_ptr<grpc::Channel>& channel);
  // Repeats some answered commands of each client, its last ones and others; returns how many.
  // INTERNAL unless each is answered as before, as a repetition.
  absl::StatusOr<uint64_t> RepeatAnswered(const std::shared_ptr<grpc::Channel>& channel,
                                          size_t per_client);
  std::vector<const Command*> Commands() const;

 private:
  struct Client {
    std::vector<Command> commands;
    std::mt19937 random;
    std::thread thread;
    absl::Status failure;
  };
  void Run(Client& client, const std::shared_ptr<grpc::Channel>& channel);

  std::vector<Client> clients_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> answered_{0};
};

}  // namespace dealog::crash
