#pragma once

// What the command line says.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "projections/rocksdb/view_store.h"
#include "services/commands/limits.h"
#include "services/jobs/scrub_job.h"
#include "services/telemetry/log.h"

namespace dealog::server {

inline constexpr uint64_t kViewsMemoryBytes = uint64_t{4} << 30;

struct Options {
  // Holds everything that is kept: log/, views/, work/, keys/. Created if missing.
  std::string data_dir;
  // HOST:PORT; port 0 picks a free one. Loopback only while no credentials are configured.
  std::string listen = "127.0.0.1:7310";
  // Likewise, for GET /metrics; empty: nothing is served.
  std::string admin_listen;
  // How long a command may have to wait in the queue; see commands::Admission.
  absl::Duration queue_wait_max = commands::kQueueWaitMax;
  // How long an executed request_id is remembered; at least seven days.
  absl::Duration request_retention = absl::Microseconds(eventstore::kRequestRetentionMicrosMin);
  // Where backups are written, an archive a folder; empty: CreateBackup is refused.
  std::string backup_dir;
  // Partitions of a new log; an existing one must have as many.
  uint32_t partitions = 1;
  // True: every batch is witnessed before it is answered (a second sync each); else within a
  // second.
  bool witness_every_batch = false;
  // Folder on another device that holds a second copy of the head witness; empty = none.
  std::string witness_dir;
  // Everything is checked in the background, an `interval` after it was last: so many bytes a
  // second; 0 = only when it is asked for.
  uint64_t scrub_bytes_per_second = jobs::kScrubBytesPerSecond;
  absl::Duration scrub_interval = jobs::kScrubInterval;
  absl::Duration scrub_start_delay = jobs::kScrubStartDelay;
  // False: a node for writing and following only; reads of views find none.
  bool views = true;
  // What resident views may hold, about; 0 = no limit.
  uint64_t views_memory_bytes = kViewsMemoryBytes;
  telemetry::Level log_level = telemetry::Level::kInfo;
  telemetry::Format log_format = telemetry::Format::kText;
  // How long calls in flight may take to end when the server stops.
  absl::Duration drain_timeout = absl::Seconds(10);
  // Called once, from any thread, when the log can't be written any more: the process should stop
  // the server and end. Empty: only logged.
  std::function<void()> on_fatal;

  // Without a flag, for tests and benchmarks: commands that share one sync, how long a
  // stream may get, how the log is opened (on a slow disk, say), and the store of the views.
  size_t batch_commands_max = eventstore::kCommitsPerBatchMax;
  uint64_t events_per_stream_max = commands::kEventsPerStreamMax;
  std::function<absl::StatusOr<std::unique_ptr<eventstore::FolderLog>>(
      const eventstore::RocksDbLogOptions&)>
      open_log = eventstore::OpenRocksDbLog;
  std::function<absl::StatusOr<std::unique_ptr<projections::ViewStore>>(
      const std::string& path, projections::ViewStoreOptions)>
      open_views = projections::OpenViewStore;
};

// What the command line asks for: to serve, or to end at once with a text and an exit code.
struct CommandLine {
  Options options;
  std::optional<int> exit_code;
  std::string text;  // For stdout if exit_code is 0 (help, version), else for stderr.
};
CommandLine ParseCommandLine(int argc, const char* const* argv);

// "HOST:PORT", "[::1]:PORT" in its parts. INVALID_ARGUMENT if it is malformed.
struct ListenAddress {
  std::string host;
  uint16_t port = 0;
};
// `flag` is named in the message.
absl::StatusOr<ListenAddress> ParseListen(std::string_view listen, std::string_view flag);

// PERMISSION_DENIED unless the host is loopback: without credentials anyone who reaches the port
// may do everything.
absl::Status CheckListen(const ListenAddress& address, std::string_view flag);

}  // namespace dealog::server
