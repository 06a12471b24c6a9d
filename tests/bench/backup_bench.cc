// Backups of a log that bench_fill made: how fast one is made, verified and restored, and what
// appends lose while one is being made. Rounds alternate, medians are printed. Of the folder only
// copies below it are changed.
//   bench_backup FOLDER [--seconds S] [--rounds N]
#include <atomic>
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

struct Options {
  double seconds = 5;
  int rounds = 3;
  int64_t duration_us() const { return static_cast<int64_t>(seconds * 1e6); }
};

double SecondsSince(int64_t begin_us) {
  return static_cast<double>(base::MonotonicMicros() - begin_us) / 1e6;
}

// A full backup through the server.
v1::Backup MakeBackup(Probe& probe, const std::string& archive) {
  grpc::ClientContext context;
  Prepare(context, kProbeTenant);
  v1::CreateBackupRequest request;
  request.set_archive(archive);
  request.set_full(true);
  const auto stub = v1::BackupService::NewStub(probe.channel());
  const auto reader = stub->CreateBackup(&context, request);
  v1::CreateBackupResponse message;
  v1::CreateBackupResponse last;
  while (reader->Read(&message)) last.Swap(&message);
  Must(reader->Finish(), "CreateBackup");
  return last.backup();
}

// Appends while one full backup follows another.
Sample AppendBeside(Probe& probe, const std::string& archive, int64_t duration_us) {
  std::atomic<bool> over{false};
  base::Worker backups("backups", [&] {
    while (!over) MakeBackup(probe, archive);
  });
  const Sample sample = probe.Append({.in_flight = kInFlight}, duration_us);
  over = true;
  backups.Join();
  return sample;
}

struct Figures {
  Series alone = {};
  Series beside = {};
  std::vector<double> backup_seconds = {}, verify_seconds = {}, restore_seconds = {};
};

void Show(const std::string& archive, const Figures& figures) {
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
  const double events = static_cast<double>(read->events);
  const double megabytes = static_cast<double>(commit_bytes) / 1e6;
  std::printf("%.0f events, %.0f MB of commits, %.0f MB in the archive\n", events, megabytes,
              static_cast<double>(read->bytes_total) / 1e6);
  const auto show = [&](const char* name, const std::vector<double>& seconds) {
    std::printf("%-8s %s s   %.0f events/s   %.0f MB/s of commits\n", name,
                Spread(seconds, 1).c_str(), events / Median(seconds), megabytes / Median(seconds));
  };
  show("backup", figures.backup_seconds);
  show("verify", figures.verify_seconds);
  show("restore", figures.restore_seconds);
  Print("append", kInFlight, figures.alone);
  Print("append beside backups", kInFlight, figures.beside);
  std::printf("rate beside backups / alone: %.2f   p99: %.2f\n",
              Median(figures.beside.rate) / Median(figures.alone.rate),
              Median(figures.beside.p99) / Median(figures.alone.p99));
}

int Main(const std::string& folder, const Options& options) {
  const std::string work = MakeFolder(folder, "backup_bench");
  const std::string backups = MakeFolder(work, "backups");
  Figures figures;
  {
    const std::string data = MakeFolder(work, "data");
    std::filesystem::copy(folder + "/log", data + "/log", std::filesystem::copy_options::recursive);
    std::filesystem::copy(folder + "/keys", data + "/keys");
    Probe probe(data, {"--backup-dir=" + backups});
    probe.AwaitFollowers();
    for (int round = 0; round < options.rounds; ++round) {
      const std::string archive = "quiet" + std::to_string(round);
      const int64_t begin = base::MonotonicMicros();
      MakeBackup(probe, archive);
      figures.backup_seconds.push_back(SecondsSince(begin));
      figures.alone.Add(probe.Append({.in_flight = kInFlight}, options.duration_us()));
      figures.beside.Add(AppendBeside(probe, "busy", options.duration_us()));
      std::filesystem::remove_all(backups + "/busy");
    }
  }
  const std::string archive = backups + "/quiet0";
  for (int round = 0; round < options.rounds; ++round) {
    int64_t begin = base::MonotonicMicros();
    DEALOG_CHECK_OK(eventstore::VerifyBackup(archive, 0, std::nullopt, {}));
    figures.verify_seconds.push_back(SecondsSince(begin));
    eventstore::RestoreOptions restore;
    restore.archive = archive;
    restore.data_folder = MakeFolder(work, "restored");
    begin = base::MonotonicMicros();
    DEALOG_CHECK_OK(eventstore::RestoreBackup(restore, {}));
    figures.restore_seconds.push_back(SecondsSince(begin));
  }
  Show(archive, figures);
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
