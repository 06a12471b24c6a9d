#include "tests/crash/harness.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <map>
#include <random>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "eventstore/rocksdb/verify.h"
#include "tests/support/event_log_commits.h"

extern char** environ;

namespace dealog::eventstore {
namespace {

constexpr int64_t kNamedKillMicros = 2'000'000;
constexpr int64_t kFirstAnswerMicrosMax = 20'000'000;

// What a writer has acknowledged in one log, over all its lives.
struct Acknowledged {
  struct Commit {
    uint64_t last = 0;
    std::string token;
  };
  std::map<uint64_t, std::string> batches;                     // Digests in hexadecimal.
  std::map<std::pair<std::string, uint64_t>, Commit> commits;  // By tenant and first position.
};

// A writer and the pipe that it reports on. Thread safety: none.
class Writer {
 public:
  // `point`: where it kills itself, at the `count`-th time; empty: nowhere.
  Writer(const CrashOptions& options, const std::string& log, uint32_t seed,
         const std::string& point, uint32_t count) {
    int ends[2];
    DEALOG_CHECK(pipe(ends) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    std::string arguments[] = {
        options.writer,       log, std::to_string(seed), options.sync ? "sync" : "nosync", point,
        std::to_string(count)};
    char* argv[7] = {};
    for (size_t i = 0; i < (point.empty() ? 4u : 6u); ++i) argv[i] = arguments[i].data();
    DEALOG_CHECK(posix_spawn(&pid_, argv[0], &actions, nullptr, argv, environ) == 0) << argv[0];
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    report_ = ends[0];
  }

  // Reads reports for so long; then false. True at once after the first bytes.
  bool ReadFor(int64_t micros, bool until_first) {
    const int64_t end = base::MonotonicMicros() + micros;
    for (int64_t now = base::MonotonicMicros(); now < end; now = base::MonotonicMicros()) {
      pollfd waiting{report_, POLLIN, 0};
      if (poll(&waiting, 1, static_cast<int>((end - now) / 1000 + 1)) <= 0) continue;
      if (!ReadSome()) return false;
      if (until_first) return true;
    }
    return false;
  }

  // Reads reports until it has ended by itself; false if that took too long.
  bool EndsWithin(int64_t micros) {
    ReadFor(micros, false);
    return ended_;
  }

  // Kills it and returns everything that it had reported; "" for an unfinished last line.
  std::string Kill() {
    kill(pid_, SIGKILL);
    int status = 0;
    DEALOG_CHECK(waitpid(pid_, &status, 0) == pid_);
    DEALOG_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "the writer ended by itself, with " << status;
    while (ReadSome()) {
    }
    close(report_);
    return lines_.substr(0, lines_.rfind('\n') + 1);
  }

 private:
  bool ReadSome() {
    char buffer[1 << 16];
    const ssize_t got = read(report_, buffer, sizeof(buffer));
    ended_ |= got == 0;
    if (got > 0) lines_.append(buffer, static_cast<size_t>(got));
    return got > 0;
  }

  pid_t pid_ = 0;
  int report_ = -1;
  bool ended_ = false;
  std::string lines_;
};

void Remember(const std::string& lines, Acknowledged& acknowledged) {
  std::istringstream in(lines);
  for (std::string kind; in >> kind;) {
    if (kind == "BATCH") {
      uint64_t number = 0;
      in >> number;
      in >> acknowledged.batches[number];
    } else {
      std::string tenant;
      uint64_t first = 0;
      in >> tenant >> first;
      Acknowledged::Commit& commit = acknowledged.commits[{tenant, first}];
      in >> commit.last >> commit.token;
    }
  }
}

// The whole log by its own verification, then each acknowledged commit and batch in it.
void Check(const std::string& folder, const Acknowledged& acknowledged, CrashReport& report) {
  const auto lost = [&](std::string what) { report.losses.push_back(std::move(what)); };
  if (!std::filesystem::exists(folder + "/CURRENT")) {
    if (!acknowledged.batches.empty()) lost("there is no log at all");
    return;
  }
  auto opened = OpenRocksDbLog({.path = folder});
  if (!opened.ok()) return lost(absl::StrCat("opening: ", opened.status().ToString()));
  EventLog& log = **opened;
  for (const auto& [number, digest] : acknowledged.batches) {
    const auto found = log.BatchDigest(PartitionId{0}, BatchNumber{number});
    if (!found.ok() || absl::BytesToHexString(*found) != digest) {
      lost(absl::StrCat("acknowledged batch ", number,
                        " is not there: ", found.status().ToString()));
    }
  }
  for (const auto& [place, commit] : acknowledged.commits) {
    const auto& [tenant, first] = place;
    const auto page = log.ReadTenant(
        TenantId{tenant}, {.after = Position{first - 1}, .limit = commit.last - first + 1});
    bool whole = page.ok() && page->events.size() == commit.last - first + 1;
    if (whole) {
      for (const PageEvent& event : page->events) {
        whole &= event.view().payload.starts_with(commit.token + " ");
      }
    }
    if (!whole) lost(absl::StrCat("acknowledged ", commit.token, " at ", first, " of ", tenant));
    ++report.commits_checked;
  }
  opened->reset();
  const auto verified = VerifyRocksDbLog(folder, {});
  if (!verified.ok()) return lost(verified.status().ToString());
  for (const std::string& problem : verified->problems) lost(problem);
}

}  // namespace

// See writer_main.cc.
const char* const kKillPoints[] = {"before_write", "before_sync", "after_sync", "before_publish",
                                   "before_reply", "table",       "manifest"};

CrashReport KillAndCheck(const CrashOptions& options) {
  CrashReport report;
  Acknowledged acknowledged;
  std::mt19937 random(options.seed);
  std::string log;
  for (; report.kills < options.kills && report.losses.empty(); ++report.kills) {
    if (report.kills % options.kills_per_log == 0) {
      if (!log.empty()) std::filesystem::remove_all(log);
      log = absl::StrCat(options.folder, "/log", report.kills);
      report.commits_acknowledged += acknowledged.commits.size();
      acknowledged = {};
    }
    // A third of the kills fall at a named point; of the others half at any time, also into opening
    // and recovery, and half among the writes.
    const bool named = random() % 3 == 0;
    const std::string point = named ? kKillPoints[random() % std::size(kKillPoints)] : "";
    const uint32_t seed = options.seed * 1000 + static_cast<uint32_t>(report.kills);
    uint32_t count = 1 + random() % 12;
    if (point == "table") {
      // Tables are written by the recovery of what a life before it left, one per column family.
      Writer before(options, log, ~seed, "", 0);
      before.ReadFor(kFirstAnswerMicrosMax, true);
      Remember(before.Kill(), acknowledged);
      count = 1 + random() % 6;
    }
    Writer writer(options, log, seed, point, count);
    if (named) {
      // Where the point does not come in time, it is killed from outside.
      if (writer.EndsWithin(kNamedKillMicros)) ++report.kills_at_points[point];
    } else if (random() % 2 == 0) {
      writer.ReadFor(random() % 200'000, false);
    } else {
      writer.ReadFor(kFirstAnswerMicrosMax, true);
      writer.ReadFor(random() % 50'000, false);
    }
    const std::string lines = writer.Kill();
    if (lines.empty()) ++report.kills_before_the_first_answer;
    Remember(lines, acknowledged);
    Check(log, acknowledged, report);
  }
  report.commits_acknowledged += acknowledged.commits.size();
  return report;
}

}  // namespace dealog::eventstore
