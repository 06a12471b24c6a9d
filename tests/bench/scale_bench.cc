// Whether a long log is as fast as a short one: fills two folders, then prints what an event takes
// on the disk and how often it is written, how soon a server that was killed is ready again, and
// rate and CPU of appends to either log, in turns. Medians, with the least and the most in
// brackets. Folders that are there are used again.
//   bench_scale FOLDER [--small N] [--large N] [--seconds S] [--rounds N]
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "dealog/events/v1/event.pb.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/ids.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "tests/bench/probe.h"
#include "tests/bench/series.h"

namespace dealog::bench {
namespace {

constexpr int64_t kCommitsPerBatch = 250;
constexpr int64_t kEventsPerStream = 1000;
constexpr int kInFlight = 64;
constexpr double kCpuRatioMax = 1.1;

struct Options {
  int64_t small = 1'000'000;
  int64_t large = 10'000'000;
  double seconds = 2;
  int rounds = 5;
};

eventstore::NewCommit Commit(int64_t number, int64_t now_us) {
  eventstore::NewCommit commit;
  commit.tenant = {kProbeTenant};
  commit.recorded_at_us = now_us;
  commit.origin.principal = "user:bench";
  eventstore::NewEvent event;
  event.stream = {"probe", "filled-" + std::to_string(number / kEventsPerStream)};
  event.type = kProbeType;
  event.event_id = base::UuidBytes(base::MakeUuid7(now_us));
  event.schema_version = 1;
  event.occurred_at_us = now_us;
  events::v1::Event content;
  content.mutable_external()->set_type(kProbeType);
  content.mutable_external()->set_payload(ProbePayload(kProbeBytes, number));
  event.payload = content.SerializeAsString();
  commit.subject = event.stream;
  commit.events.push_back(std::move(event));
  return commit;
}

// Commits of one event straight into the log, until it holds so many; without gRPC, which would
// take minutes.
void Fill(const std::string& folder, int64_t events) {
  const int64_t begin_us = base::MonotonicMicros();
  const int64_t written = WrittenBytes("self");
  auto opened = eventstore::OpenRocksDbLog({.path = folder + "/log"});
  DEALOG_CHECK_OK(opened);
  eventstore::EventLog& log = **opened;
  const auto head = log.Head({kProbeTenant});
  DEALOG_CHECK_OK(head);
  const auto first = static_cast<int64_t>(head->position.value);
  const int64_t at_begin = FolderBytes(folder + "/log");
  std::vector<eventstore::NewCommit> commits;
  for (int64_t i = first; i < events; ++i) {
    commits.push_back(Commit(i, base::SystemClock().NowMicros()));
    if (static_cast<int64_t>(commits.size()) < kCommitsPerBatch && i + 1 < events) continue;
    const eventstore::PartitionId partition{0};
    const auto outcomes = log.Append(partition, log.BatchHead(partition).number, commits);
    DEALOG_CHECK_OK(outcomes);
    for (const auto& outcome : *outcomes) DEALOG_CHECK_OK(outcome);
    commits.clear();
  }
  opened->reset();
  const auto count = static_cast<double>(events - first);
  std::printf(
      "%lld events: filled at %.0f /s, %.0f bytes an event on the disk, written %.2f x "
      "(bytes to the disk / bytes of the payloads)\n",
      static_cast<long long>(events),
      count * 1e6 / static_cast<double>(base::MonotonicMicros() - begin_us),
      static_cast<double>(FolderBytes(folder + "/log") - at_begin) / count,
      static_cast<double>(WrittenBytes("self") - written) / count / kProbeBytes);
}

void Prepare(const std::string& folder, int64_t events) {
  std::filesystem::create_directories(folder);
  const int64_t head = Probe(folder).Head();
  if (head < events) Fill(folder, events);
}

// From the start of a server whose predecessor was killed after its last append to its ready line.
void MeasureReady(const std::string& folder, const Options& options) {
  std::vector<double> seconds;
  for (int round = 0; round < options.rounds; ++round) {
    {
      Probe probe(folder);
      probe.AwaitFollowers();
      probe.Append({.in_flight = kInFlight}, static_cast<int64_t>(options.seconds * 1e6));
      kill(probe.server().pid(), SIGKILL);
    }
    seconds.push_back(static_cast<double>(Probe(folder).server().ready_us()) / 1e6);
  }
  std::printf("ready %s s after a kill\n", Spread(seconds, 2).c_str());
}

struct Subject {
  explicit Subject(const std::string& folder) : probe(folder) { probe.AwaitFollowers(); }

  void Round(int64_t duration_us) {
    const std::string pid = std::to_string(probe.server().pid());
    const int64_t before = WrittenBytes(pid);
    const Sample sample = probe.Append({.in_flight = kInFlight}, duration_us);
    series.Add(sample);
    written.push_back(static_cast<double>(WrittenBytes(pid) - before) / kProbeBytes /
                      static_cast<double>(sample.latencies_us.size()));
  }

  Probe probe;
  Series series;
  std::vector<double> written;
};

int Main(const std::string& folder, const Options& options) {
  const int64_t sizes[] = {options.small, options.large};
  std::string folders[2];
  for (int i = 0; i < 2; ++i) {
    folders[i] = folder + "/" + std::to_string(sizes[i]);
    Prepare(folders[i], sizes[i]);
    const int64_t begin_us = base::MonotonicMicros();
    Probe(folders[i]).AwaitFollowers();
    std::printf("%lld events: views and audit tree caught up in %.1f s\n",
                static_cast<long long>(sizes[i]),
                static_cast<double>(base::MonotonicMicros() - begin_us) / 1e6);
    MeasureReady(folders[i], options);
    std::fflush(stdout);
  }
  Subject small(folders[0]), large(folders[1]);
  const auto duration_us = static_cast<int64_t>(options.seconds * 1e6);
  std::vector<double> rate, cpu;
  for (int round = 0; round < options.rounds; ++round) {
    Subject* const order[] = {round % 2 == 0 ? &small : &large, round % 2 == 0 ? &large : &small};
    for (Subject* subject : order) subject->Round(duration_us);
    rate.push_back(large.series.rate.back() / small.series.rate.back());
    cpu.push_back(large.series.cpu.back() / small.series.cpu.back());
  }
  Print("append to the short log", kInFlight, small.series);
  Print("append to the long log", kInFlight, large.series);
  std::printf("bytes to the disk / bytes of the payloads: %s and %s\n",
              Spread(small.written, 2).c_str(), Spread(large.written, 2).c_str());
  std::printf("long / short: rate %s, CPU %s (bound %.1f)\n", Spread(rate, 2).c_str(),
              Spread(cpu, 2).c_str(), kCpuRatioMax);
  return 0;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  dealog::bench::Options options;
  bool valid = argc >= 2 && argc % 2 == 0;
  for (int i = 2; valid && i < argc; i += 2) {
    if (std::strcmp(argv[i], "--small") == 0) {
      options.small = std::atoll(argv[i + 1]);
    } else if (std::strcmp(argv[i], "--large") == 0) {
      options.large = std::atoll(argv[i + 1]);
    } else if (std::strcmp(argv[i], "--seconds") == 0) {
      options.seconds = std::atof(argv[i + 1]);
    } else if (std::strcmp(argv[i], "--rounds") == 0) {
      options.rounds = std::atoi(argv[i + 1]);
    } else {
      valid = false;
    }
  }
  if (!valid) {
    std::fprintf(stderr,
                 "usage: bench_scale FOLDER [--small N] [--large N] [--seconds S] [--rounds N]\n");
    return 2;
  }
  return dealog::bench::Main(argv[1], options);
}
