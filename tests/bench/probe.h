#pragma once

// A dealogd with a tenant whose stream type "probe" holds opaque events, and appends to its streams
// that expect their revisions: the log as another service uses it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dealog/v1/log.grpc.pb.h"
#include "tests/bench/support.h"

namespace dealog::bench {

inline constexpr char kProbeTenant[] = "bench";
inline constexpr char kProbeType[] = "Measured";
inline constexpr size_t kProbeBytes = 300;  // Of a payload, unless said otherwise.

// A payload that does not compress: every `turn` another one.
std::string ProbePayload(size_t bytes, int64_t turn);

// One stream per slot, so that no two appends in flight expect the same revision.
// Thread safety: a slot's by one thread at a time.
class ProbeStreams {
 public:
  ProbeStreams(std::string prefix, int count, size_t payload_bytes = kProbeBytes)
      : prefix_(std::move(prefix)),
        payload_bytes_(payload_bytes),
        revisions_(static_cast<size_t>(count), 0) {}

  // `events` events of the slot's stream, in one commit, on top of what it was given before.
  void Fill(int slot, int events, v1::AppendEventsRequest& request);
  // Expects the slot's stream as it is.
  void Expect(int slot, v1::AppendEventsRequest& request) const;
  std::string Name(int slot) const { return "probe/" + prefix_ + std::to_string(slot); }

 private:
  const std::string prefix_;
  const size_t payload_bytes_;
  std::vector<int64_t> revisions_;
};

class Probe {
 public:
  // Serves the folder, which is empty or another probe's.
  explicit Probe(const std::string& folder, const std::vector<std::string>& flags = {});

  const Child& server() const { return server_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  v1::LogService::Stub& log() { return *log_; }

  int64_t Head();
  // Waits until views and audit tree have all there is.
  void AwaitFollowers();
  // Names of streams that nobody has used, also not in an earlier life of the folder.
  std::string NewPrefix();

  // Appends of `events` events each, every slot to its own stream, until the time is over. `other`:
  // each expects a second stream, too.
  struct Shape {
    int in_flight = 64;
    int events = 1;
    size_t payload_bytes = kProbeBytes;
    bool other = false;
  };
  Sample Append(const Shape& shape, int64_t duration_us);
  // Appends commits of one event, 100 a call, until the log holds so many events.
  void FillTo(int64_t events);

 private:
  bool FollowersAreThere();

  Child server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::LogService::Stub> log_;
  int prefixes_ = 0;
};

// Bytes that a process has handed to the disk so far: /proc/PID/io. Its own: pid "self".
int64_t WrittenBytes(const std::string& pid);
// Bytes of all files below a folder.
int64_t FolderBytes(const std::string& folder);

}  // namespace dealog::bench
