// Backups of a log that bench_fill made: how fast one is made, verified and restored, and what
// appends lose while one is being made. Rounds alternate, medians are printed. Of the folder only
// copies below it are changed.
//   bench_backup FOLDER [--seconds S] [--rounds N]
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "dealog/v1/backup.grpc.pb.h"
#include "eventstore/backup/archive.h"
#include "eventstore/backup/restore.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/worker.h"
#include "tests/bench/probe.h"
#include "tests/bench/series.h"

namespace dealog::bench {
namespace {

constexpr int kInFlight = 16;
constexpr int kAppendRounds = 5;
constexpr int64_t kBackupMicrosMax = 60'000'000;
constexpr char kArchive[] = "kept";

struct Options {
  double seconds = 2;
  int rounds = 3;
  int64_t duration_us() const { return static_cast<int64_t>(seconds * 1e6); }
};

double SecondsSince(int64_t begin_us) {
  return static_cast<double>(base::MonotonicMicros() - begin_us) / 1e6;
}

// A full backup through the server, cut off after so long.
grpc::Status MakeBackup(Probe& probe, const std::string& archive, int64_t at_most_us) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::microseconds(at_most_us));
  v1::CreateBackupRequest request;
  request.set_archive(archive);
  request.set_full(true);
  const auto stub = v1::BackupService::NewStub(probe.channel());
  const auto reader = stub->CreateBackup(&context, request);
  v1::CreateBackupResponse message;
  while (reader->Read(&message)) continue;
  return reader->Finish();
}

// Appends while one full backup follows another.
Sample AppendBeside(Probe& probe, const std::string& archive, int64_t duration_us) {
  const int64_t end_us = base::MonotonicMicros() + duration_us;
  base::Worker backups("backups", [&] {
    for (int i = 0;; ++i) {
      const int64_t left_us = end_us - base::MonotonicMicros();
      if (left_us <= 0) return;
      const grpc::Status status = MakeBackup(probe, archive + "-" + std::to_string(i), left_us);
      if (status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) Must(status, "CreateBackup");
    }
  });
  return probe.Append({.in_flight = kInFlight}, duration_us);
}

// What an archive holds.
struct Content {
  double events = 0;
  double commit_megabytes = 0;
  double archive_megabytes = 0;
};

Content ContentOf(const std::string& archive) {
  const auto chain = eventstore::ReadChain(archive, 0);
  DEALOG_CHECK_OK(chain);
  uint64_t commit_bytes = 0;
  const auto read = eventstore::ReadBackup(
      archive, *chain,
      [&](const eventstore::BatchRecord& batch) -> absl::StatusOr<eventstore::AfterBatch> {
        for (const auto& commit : batch.commits) commit_bytes += commit->bytes().size();
        return eventstore::AfterBatch::kGoOn;
      },
      {});
  DEALOG_CHECK_OK(read);
  return {static_cast<double>(read->events), static_cast<double>(commit_bytes) / 1e6,
          static_cast<double>(read->bytes_total) / 1e6};
}

void Show(const char* name, const Content& content, const std::vector<double>& seconds) {
  std::printf("%-8s %s s   %.0f events/s   %.0f MB/s of commits\n", name,
              Spread(seconds, 1).c_str(), content.events / Median(seconds),
              content.commit_megabytes / Median(seconds));
  std::fflush(stdout);
}

// A server with a copy of the folder's log: full backups while nothing else happens, appends while
// nothing else happens, both at once.
Content Serve(const std::string& folder, const std::string& work, const Options& options) {
  const std::string data = MakeFolder(work, "data");
  const std::string backups = MakeFolder(work, "backups");
  std::filesystem::copy(folder + "/log", data + "/log", std::filesystem::copy_options::recursive);
  std::filesystem::copy(folder + "/keys", data + "/keys");
  Probe probe(data, {"--backup-dir=" + backups});
  probe.AwaitFollowers();
  std::vector<double> seconds;
  for (int round = 0; round < options.rounds; ++round) {
    std::filesystem::remove_all(backups + "/" + kArchive);
    const int64_t begin = base::MonotonicMicros();
    Must(MakeBackup(probe, kArchive, kBackupMicrosMax), "CreateBackup");
    seconds.push_back(SecondsSince(begin));
  }
  const Content content = ContentOf(backups + "/" + kArchive);
  std::printf("%.0f events, %.0f MB of commits, %.0f MB in the archive\n", content.events,
              content.commit_megabytes, content.archive_megabytes);
  Show("backup", content, seconds);
  Series alone;
  Series beside;
  for (int round = 0; round < kAppendRounds; ++round) {
    sync();  // What backups and removals left behind is not the next one's.
    alone.Add(probe.Append({.in_flight = kInFlight}, options.duration_us()));
    beside.Add(AppendBeside(probe, "busy" + std::to_string(round), options.duration_us()));
  }
  Print("append", kInFlight, alone);
  Print("append beside backups", kInFlight, beside);
  std::printf("rate beside backups / alone: %.2f   p99: %.2f\n",
              Median(beside.rate) / Median(alone.rate), Median(beside.p99) / Median(alone.p99));
  std::fflush(stdout);
  return content;
}

int Main(const std::string& folder, const Options& options) {
  const std::string work = MakeFolder(folder, "backup_bench");
  const Content content = Serve(folder, work, options);
  const std::string archive = work + "/backups/" + kArchive;
  std::vector<double> verify_seconds;
  std::vector<double> restore_seconds;
  for (int round = 0; round < options.rounds; ++round) {
    int64_t begin = base::MonotonicMicros();
    DEALOG_CHECK_OK(eventstore::VerifyBackup(archive, 0, std::nullopt, {}));
    verify_seconds.push_back(SecondsSince(begin));
    eventstore::RestoreOptions restore;
    restore.archive = archive;
    restore.data_folder = MakeFolder(work, "restored");
    begin = base::MonotonicMicros();
    DEALOG_CHECK_OK(eventstore::RestoreBackup(restore, {}));
    restore_seconds.push_back(SecondsSince(begin));
  }
  Show("verify", content, verify_seconds);
  Show("restore", content, restore_seconds);
  std::filesystem::remove_all(work);
  return 0;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  dealog::bench::Options options;
  bool usable = argc >= 2 && argc % 2 == 0;
  for (int i = 2; usable && i < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--seconds") {
      options.seconds = std::atof(argv[i + 1]);
    } else if (name == "--rounds") {
      options.rounds = std::atoi(argv[i + 1]);
    } else {
      usable = false;
    }
  }
  if (!usable || options.seconds <= 0 || options.rounds <= 0) {
    std::fprintf(stderr, "usage: bench_backup FOLDER [--seconds S] [--rounds N]\n");
    return 2;
  }
  return dealog::bench::Main(argv[1], options);
}
