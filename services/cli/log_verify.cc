// `dealog log verify`: checks a folder without a server, or has a server check its own.

#include "absl/strings/str_cat.h"
#include "dealog/v1/admin.grpc.pb.h"
#include "services/cli/folder_check.h"
#include "services/cli/groups.h"
#include "services/cli/text/exit_codes.h"
#include "services/cli/text/format.h"
#include "services/cli/text/progress.h"

namespace dealog::cli {
namespace {

constexpr int64_t kMib = 1 << 20;
constexpr int64_t kMibPerSecondMax = 1'000'000;

v1::LogReport ToMessage(const eventstore::LogVerifyReport& report) {
  v1::LogReport message;
  message.set_batch_count(static_cast<int64_t>(report.batches));
  message.set_commit_count(static_cast<int64_t>(report.commits));
  message.set_event_count(static_cast<int64_t>(report.events));
  message.set_index_row_count(static_cast<int64_t>(report.index_rows));
  message.set_follower_count(static_cast<int64_t>(report.followers));
  message.set_problem_count(static_cast<int64_t>(report.problem_count));
  for (const std::string& problem : report.problems) message.add_problems(problem);
  return message;
}

void Show(const v1::LogReport& report, Session& session) {
  Printer& printer = session.printer();
  if (printer.json()) {
    printer.Json(report);
  } else {
    printer.Field("batches", FormatCount(report.batch_count()));
    printer.Field("commits", FormatCount(report.commit_count()));
    printer.Field("events", FormatCount(report.event_count()));
    printer.Field("index rows", FormatCount(report.index_row_count()));
    printer.Field("checkpoints", FormatCount(report.follower_count()));
    printer.Field("problems", FormatCount(report.problem_count()));
    for (const std::string& problem : report.problems()) printer.Line(problem);
  }
  if (report.problem_count() == 0) return;
  printer.Note(
      "error: CORRUPT_RECORD: the log, or what was made out of it, is damaged; keep a copy of the "
      "folder for the analysis, look for errors of the disk, and restore the log from a backup");
  session.SetExitCode(kExitLogDamaged);
}

absl::Status VerifyOffline(const std::string& folder, int64_t mib_per_second, Session& session) {
  eventstore::LogVerifyReport report;
  {
    ProgressBar bar(session.printer().err(), session.globals().progress, "steps");
    ASSIGN_OR_RETURN(
        report,
        CheckFolder(folder, {.progress =
                                 [&](const eventstore::LogVerifyReport& now) {
                                   bar.Update(static_cast<int64_t>(now.steps),
                                              static_cast<int64_t>(now.steps_total));
                                   return absl::OkStatus();
                                 },
                             .bytes_per_second = static_cast<uint64_t>(mib_per_second * kMib)}));
  }
  Show(ToMessage(report), session);
  return absl::OkStatus();
}

absl::Status VerifyOnline(int64_t mib_per_second, Session& session) {
  v1::VerifyLogRequest request;
  request.set_bytes_per_second(mib_per_second * kMib);
  grpc::ClientContext context;
  session.client().Prepare(context, /*stream=*/true);
  const auto stub = session.client().Stub<v1::AdminService>();
  const auto reader = stub->VerifyLog(&context, request);
  v1::VerifyLogResponse message;
  v1::LogReport report;
  {
    ProgressBar bar(session.printer().err(), session.globals().progress, "steps");
    while (reader->Read(&message)) {
      bar.Update(message.steps_done(), message.steps_total());
      if (message.has_report()) report.Swap(message.mutable_report());
    }
  }
  RETURN_IF_ERROR(FromGrpc(reader->Finish()));
  Show(report, session);
  return absl::OkStatus();
}

}  // namespace

void AddLogVerifyCommand(const CommandTree& log) {
  auto folder = std::make_shared<std::string>();
  auto mib_per_second = std::make_shared<int64_t>(0);
  CLI::App* command = log.Leaf(
      "verify", "Checks everything: checksums, chain, indexes, views' checkpoints, audit trees",
      "dealog log verify /var/lib/dealog", [folder, mib_per_second](Session& session) {
        return folder->empty() ? VerifyOnline(*mib_per_second, session)
                               : VerifyOffline(*folder, *mib_per_second, session);
      });
  AddText(command, "folder",
          "Data folder that no server has open, or the log folder in it (default: the server "
          "checks its own while it serves)",
          folder.get())
      ->required(false);
  command
      ->add_option("--mib-per-second", *mib_per_second,
                   "Read no faster (default: as fast as it goes)")
      ->check(CLI::Range(int64_t{0}, kMibPerSecondMax));
}

}  // namespace dealog::cli
