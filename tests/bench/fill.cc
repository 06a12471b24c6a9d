// Makes a data folder with a tenant of N random deals, written straight into the log: the input of
// bench_read.   bench_fill FOLDER DEALS
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/ids.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "projections/states/event_types.h"
#include "services/domain/decider.h"
#include "tests/support/random_deals.h"

namespace dealog::bench {
namespace {

constexpr size_t kCommitsPerAppend = 500;

eventstore::NewCommit AsCommit(const testing::LoggedEvent& logged) {
  eventstore::NewCommit commit;
  commit.tenant = {logged.header.tenant()};
  commit.recorded_at_us = logged.header.recorded_at_us();
  commit.origin.principal = "user:bench";
  eventstore::NewEvent event;
  event.stream = {logged.header.stream().type(), logged.header.stream().id()};
  event.type = std::string(domain::EventTypeName(logged.event));
  event.event_id = base::UuidBytes(base::MakeUuid7(logged.header.recorded_at_us()));
  event.occurred_at_us = logged.header.occurred_at_us();
  event.payload = logged.event.SerializeAsString();
  commit.subject = event.stream;
  commit.events.push_back(std::move(event));
  return commit;
}

int Main(const std::string& folder, int deals) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  // A server that finds a log without its key refuses to start.
  std::filesystem::create_directories(folder + "/keys");
  std::ofstream(folder + "/keys/unique.key") << std::string(32, 'k');
  for (const char* path : {"/keys", "/keys/unique.key"}) {
    std::filesystem::permissions(folder + path, std::filesystem::perms::owner_all);
  }
  auto opened = eventstore::OpenRocksDbLog({.path = folder + "/log"});
  DEALOG_CHECK_OK(opened);
  eventstore::EventLog& log = **opened;
  const eventstore::PartitionId partition{0};
  std::vector<eventstore::NewCommit> commits;
  int64_t events = 0;
  const int64_t begin = base::MonotonicMicros();
  const auto append = [&] {
    const auto outcomes = log.Append(partition, log.BatchHead(partition).number, commits);
    DEALOG_CHECK_OK(outcomes);
    for (const auto& outcome : *outcomes) DEALOG_CHECK_OK(outcome);
    commits.clear();
  };
  testing::RandomDeals random({.deals = deals, .seed = 1});
  random.Generate([&](const testing::LoggedEvent& event) {
    commits.push_back(AsCommit(event));
    ++events;
    if (commits.size() == kCommitsPerAppend) append();
  });
  if (!commits.empty()) append();
  std::printf("%lld events of %d deals in %.1f s\n", static_cast<long long>(events), deals,
              static_cast<double>(base::MonotonicMicros() - begin) / 1e6);
  return 0;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_fill FOLDER DEALS\n");
    return 2;
  }
  return dealog::bench::Main(argv[1], std::atoi(argv[2]));
}
