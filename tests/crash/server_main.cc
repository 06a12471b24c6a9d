// The victim of the server's crash campaign: all of dealogd, its log on a disk that forgets what it
// did not sync. Prints `ready HOST:PORT`; ends by SIGTERM, or kills itself.
//
// Usage: crash_server FOLDER SEED sync|nosync [POINT COUNT]; points: kill_point.h.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "eventstore/rocksdb/testing.h"
#include "services/server/server.h"
#include "services/server/signals.h"
#include "tests/crash/fault_file_system.h"
#include "tests/crash/kill_point.h"

int main(int argc, char** argv) {
  namespace eventstore = dealog::eventstore;
  if (argc != 4 && argc != 6) return 2;
  dealog::server::BlockSignals();
  dealog::telemetry::InitLogging(dealog::telemetry::Level::kWarning,
                                 dealog::telemetry::Format::kText);
  const auto seed = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const bool sync = std::string_view(argv[3]) == "sync";
  eventstore::KillPoint kill(argc == 6 ? argv[4] : "", argc == 6 ? std::atoi(argv[5]) : 0);
  const auto disk = std::make_shared<eventstore::FaultFileSystem>(
      [&kill](eventstore::FileOperation operation, std::string_view file, bool done) {
        kill.Observe(operation, file, done);
      });
  // Half of the lives: some of what is not synced reaches the disk nevertheless, cut anywhere.
  if (seed % 2 == 0) disk->WriteBackEarly(seed);
  dealog::server::Options options{.data_dir = argv[1], .listen = "127.0.0.1:0"};
  options.open_log = [&](eventstore::RocksDbLogOptions log) {
    log.on_synced = [&kill](eventstore::PartitionId, const eventstore::PartitionHead&) {
      kill.Reach("before_publish");
    };
    return eventstore::OpenRocksDbLogForTest(log, {.file_system = disk, .sync_writes = sync});
  };
  auto server = dealog::server::Start(options);
  if (!server.ok()) {
    std::fprintf(stderr, "can't start: %s\n", server.status().ToString().c_str());
    return 1;
  }
  std::printf("ready %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  dealog::server::WaitForSignal();
  (*server)->Stop();
  return 0;
}
