// `dealog log verify`: checks a log folder without a server.

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "eventstore/rocksdb/verify.h"
#include "services/cli/files.h"
#include "services/cli/groups.h"
#include "services/cli/text/exit_codes.h"
#include "services/cli/text/format.h"
#include "services/cli/text/progress.h"

namespace dealog::cli {
namespace {

using eventstore::LogVerifyReport;

std::string ReportJson(const LogVerifyReport& report) {
  nlohmann::ordered_json json;
  json["ok"] = report.ok();
  // Counts are strings, as protobuf's JSON writes 64-bit integers.
  json["batches"] = absl::StrCat(report.batches);
  json["commits"] = absl::StrCat(report.commits);
  json["events"] = absl::StrCat(report.events);
  json["indexRows"] = absl::StrCat(report.index_rows);
  json["problemCount"] = absl::StrCat(report.problem_count);
  json["problems"] = report.problems;
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void ShowReport(const LogVerifyReport& report, Printer& printer) {
  printer.Field("batches", FormatCount(static_cast<int64_t>(report.batches)));
  printer.Field("commits", FormatCount(static_cast<int64_t>(report.commits)));
  printer.Field("events", FormatCount(static_cast<int64_t>(report.events)));
  printer.Field("index rows", FormatCount(static_cast<int64_t>(report.index_rows)));
  printer.Field("problems", FormatCount(static_cast<int64_t>(report.problem_count)));
  for (const std::string& problem : report.problems) printer.Line(problem);
}

absl::Status Verify(const std::string& folder, Session& session) {
  Printer& printer = session.printer();
  ProgressBar bar(printer.err(), session.globals().progress, "steps");
  ASSIGN_OR_RETURN(const LogVerifyReport report,
                   eventstore::VerifyRocksDbLog(LogFolderOf(folder),
                                                {.progress = [&](const LogVerifyReport& now) {
                                                  bar.Update(static_cast<int64_t>(now.steps),
                                                             static_cast<int64_t>(now.steps_total));
                                                  return absl::OkStatus();
                                                }}));
  if (printer.json()) {
    printer.out() << ReportJson(report) << '\n';
  } else {
    ShowReport(report, printer);
  }
  if (!report.ok()) {
    printer.Note(
        "error: CORRUPT_RECORD: the log is damaged; restore it from a backup and keep "
        "this folder for the analysis");
    session.SetExitCode(kExitLogDamaged);
  }
  return absl::OkStatus();
}

}  // namespace

void AddLogVerifyCommand(const CommandTree& log) {
  auto folder = std::make_shared<std::string>();
  CLI::App* command = log.Leaf("verify", "Checks a log folder offline: checksums, chain, indexes",
                               "dealog log verify /var/lib/dealog",
                               [folder](Session& session) { return Verify(*folder, session); });
  AddText(command, "folder", "The server's data folder, or the log folder in it", folder.get());
}

}  // namespace dealog::cli
