#pragma once

// The clients of the overload benchmark: as many as asked for, each with a deal of its own that it
// moves to and fro, one call at a time. Who is refused with OVERLOADED comes back when RetryInfo
// says, or at once.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "dealog/v1/deals.grpc.pb.h"
#include "tests/bench/support.h"

namespace dealog::bench {

// What one run saw.
struct LoadResult {
  Sample accepted;        // Latency of the call that was accepted, without those refused before.
  uint64_t refused = 0;   // OVERLOADED.
  uint64_t no_retry = 0;  // Of these, without RetryInfo.
  uint64_t failed = 0;    // Any other error.
  std::string failure;    // The first of them.
};

// Thread safety: none. One run at a time.
class Load {
 public:
  // Makes a tenant, a pipeline and `deals` deals.
  Load(const std::string& address, size_t deals);
  ~Load();

  // `clients` at most as many as deals.
  LoadResult Run(size_t clients, int64_t duration_us, bool patient);

  // Of every accepted move since the beginning: where it was written, and which deal it moved.
  const std::map<int64_t, std::string>& accepted() const { return accepted_; }
  // What of that the server's log does not have, and what moves the log has that nobody was told
  // of.
  struct Difference {
    size_t lost = 0;
    size_t unasked = 0;
  };
  static Difference Compare(const std::string& address,
                            const std::map<int64_t, std::string>& accepted);

 private:
  struct Client;
  void CreatePipeline(const std::shared_ptr<grpc::Channel>& channel);
  void OpenDeals(size_t count);
  void Move(size_t client);
  void Ended(size_t client, const grpc::Status& status);
  void Later(size_t client, int64_t due_us);
  void ServeLater();

  std::unique_ptr<v1::DealService::Stub> stub_;
  std::string stages_[2];
  std::vector<std::unique_ptr<Client>> clients_;
  std::map<int64_t, std::string> accepted_;

  // Of the run.
  bool patient_ = true;
  int64_t end_us_ = 0;
  std::mutex mu_;
  std::condition_variable changed_;
  std::multimap<int64_t, size_t> later_;  // When which client comes back.
  size_t running_ = 0;
};

}  // namespace dealog::bench
