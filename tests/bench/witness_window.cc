// How long a synced batch is not witnessed: what a disk may forget of a log without being found out
// at the next open. A log is appended to without a pause; meanwhile its witness is read from its
// file and compared with the times at which batches were synced.
//   bench_witness FOLDER [--seconds S] [--sync-ms M]
// --sync-ms: the log's disk takes so much longer to sync.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/ids.h"
#include "eventstore/rocksdb/testing.h"
#include "eventstore/rocksdb/witness_file.h"
#include "tests/bench/slow_sync.h"
#include "tests/bench/support.h"

namespace dealog::bench {
namespace {

using eventstore::BatchNumber;
using eventstore::PartitionId;

// When batch i + 1 was synced. Thread safety: yes.
class SyncTimes {
 public:
  void Add(int64_t now_us) {
    std::lock_guard<std::mutex> lock(mu_);
    times_us_.push_back(now_us);
  }
  // Age of the oldest batch behind `witnessed`; 0 if there is none.
  int64_t AgeBehind(uint64_t witnessed, int64_t now_us) const {
    std::lock_guard<std::mutex> lock(mu_);
    return witnessed < times_us_.size() ? std::max<int64_t>(0, now_us - times_us_[witnessed]) : 0;
  }
  size_t size() const {
    std::lock_guard<std::mutex> lock(mu_);
    return times_us_.size();
  }

 private:
  mutable std::mutex mu_;
  std::vector<int64_t> times_us_;
};

void AppendUntil(eventstore::EventLog& log, const std::atomic<bool>& stop) {
  eventstore::NewCommit commit{.tenant = {"bench"}};
  while (!stop) {
    const base::Uuid id = base::MakeUuid7(base::SystemClock().NowMicros());
    commit.events = {{.stream = {"deal", "1"},
                      .type = "Moved",
                      .event_id = std::string(id.begin(), id.end()),
                      .payload = std::string(300, 'x')}};
    const auto outcome =
        log.Append(PartitionId{0}, log.BatchHead(PartitionId{0}).number, {&commit, 1});
    if (!outcome.ok() || !outcome->front().ok()) {
      std::fprintf(stderr, "an append failed\n");
      std::exit(1);
    }
  }
}

int Run(const std::string& root, double seconds, int sync_ms) {
  const std::string folder = MakeFolder(root, "witness");
  const std::string witness = folder + "/head";
  SyncTimes times;
  auto log = eventstore::OpenRocksDbLogForTest(
      {.path = folder + "/log",
       .witness = {.files = {witness}},
       .on_synced = [&](PartitionId, const auto&) { times.Add(base::MonotonicMicros()); }},
      {.file_system = std::make_shared<SlowSyncFileSystem>(int64_t{sync_ms} * 1000)});
  if (!log.ok()) {
    std::fprintf(stderr, "%s\n", std::string(log.status().message()).c_str());
    return 1;
  }
  std::atomic<bool> stop = false;
  std::thread writer([&] { AppendUntil(**log, stop); });
  std::vector<int64_t> ages_us;
  const int64_t end = base::MonotonicMicros() + static_cast<int64_t>(seconds * 1e6);
  while (base::MonotonicMicros() < end) {
    // The time before the file is read: what it says then can only be newer.
    const int64_t now = base::MonotonicMicros();
    const auto file = eventstore::WitnessFile::Open(witness);
    if (file.ok() && (*file)->found()) {
      ages_us.push_back(times.AgeBehind((*file)->found()->front().number.value, now));
    }
    usleep(1000);
  }
  stop = true;
  writer.join();
  std::sort(ages_us.begin(), ages_us.end());
  std::printf(
      "%zu batches in %.0f s, witness read %zu times: the oldest batch without a witness "
      "was %.0f ms old (median), at most %.0f ms\n",
      times.size(), seconds, ages_us.size(), static_cast<double>(ages_us[ages_us.size() / 2]) / 1e3,
      static_cast<double>(ages_us.back()) / 1e3);
  return 0;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  double seconds = 20;
  int sync_ms = 0;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--sync-ms") == 0) sync_ms = std::atoi(argv[i + 1]);
  }
  if (argc < 2 || argc % 2 != 0 || seconds <= 0 || sync_ms < 0) {
    std::fprintf(stderr, "usage: bench_witness FOLDER [--seconds S] [--sync-ms M]\n");
    return 2;
  }
  return dealog::bench::Run(argv[1], seconds, sync_ms);
}
