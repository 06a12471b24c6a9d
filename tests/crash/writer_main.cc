// The victim of the crash test: appends to the log in FOLDER for ever, and reports on its standard
// output what Append has acknowledged, in lines that the parent reads:
//
//   BATCH number digest        (hexadecimal)
//   COMMIT tenant first last token
//
// Usage: crash_writer FOLDER SEED sync|nosync [POINT COUNT]
//
// With a point (kill_point.h) it kills itself the COUNT-th time that it comes there.

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "eventstore/rocksdb/testing.h"
#include "tests/crash/fault_file_system.h"
#include "tests/crash/kill_point.h"
#include "tests/support/event_log_commits.h"

namespace dealog::eventstore {
namespace {

void Report(const std::string& lines) {
  for (size_t done = 0; done < lines.size();) {
    const ssize_t wrote = write(STDOUT_FILENO, lines.data() + done, lines.size() - done);
    if (wrote <= 0) _exit(1);  // The parent is gone.
    done += static_cast<size_t>(wrote);
  }
}

int Write(const std::string& folder, uint32_t seed, bool sync, KillPoint& kill) {
  const auto file_system = std::make_shared<FaultFileSystem>(
      [&kill](FileOperation operation, std::string_view file, bool done) {
        kill.Observe(operation, file, done);
      });
  // Half of the lives: some of what is not synced reaches the disk nevertheless, cut anywhere.
  if (seed % 2 == 0) file_system->WriteBackEarly(seed);
  auto opened = OpenRocksDbLogForTest(
      {.path = folder,
       .stream_heads = 8,
       .on_synced = [&kill](PartitionId, const PartitionHead&) { kill.Reach("before_publish"); }},
      {.file_system = file_system, .sync_writes = sync});
  DEALOG_CHECK_OK(opened);
  EventLog& log = **opened;
  std::mt19937 random(seed);
  for (uint64_t call = 0;; ++call) {
    std::vector<NewCommit> commits(1 + random() % 8);
    std::vector<std::string> tokens;
    for (NewCommit& commit : commits) {
      tokens.push_back(absl::StrCat(seed, "-", call, "-", tokens.size()));
      commit = MakeCommit(absl::StrCat("tenant", random() % 3), {});
      for (uint32_t events = 1 + random() % 4; events > 0; --events) {
        commit.events.push_back(
            MakeEvent(absl::StrCat("deal/", random() % 20), "DealMoved",
                      absl::StrCat(tokens.back(), " ", std::string(random() % 3000, 'x'))));
      }
      if (random() % 2 == 0) commit.request = MakeRequest(tokens.back());
    }
    const auto outcomes = AppendAll(log, commits);
    DEALOG_CHECK_OK(outcomes);
    kill.Reach("before_reply");
    const PartitionHead head = log.BatchHead(PartitionId{0});
    std::string lines =
        absl::StrCat("BATCH ", head.number.value, " ", absl::BytesToHexString(head.digest), "\n");
    for (size_t i = 0; i < commits.size(); ++i) {
      DEALOG_CHECK_OK((*outcomes)[i]);
      absl::StrAppend(&lines, "COMMIT ", commits[i].tenant.value, " ", (*outcomes)[i]->first.value,
                      " ", (*outcomes)[i]->last.value, " ", tokens[i], "\n");
    }
    Report(lines);
  }
}

}  // namespace
}  // namespace dealog::eventstore

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) return 2;
  const uint32_t seed = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  dealog::eventstore::KillPoint kill(argc == 6 ? argv[4] : "", argc == 6 ? std::atoi(argv[5]) : 0);
  return dealog::eventstore::Write(argv[1], seed, std::string(argv[3]) == "sync", kill);
}
