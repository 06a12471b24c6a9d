// `dealog import`: sends a folder's files with a mapping, then watches the job.

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "dealog/v1/imports.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/files.h"
#include "services/cli/groups.h"
#include "services/cli/import_upload.h"
#include "services/cli/limits.h"
#include "services/cli/text/exit_codes.h"
#include "services/cli/text/format.h"
#include "services/cli/text/progress.h"

namespace dealog::cli {
namespace {

using Stub = v1::ImportService::Stub;

constexpr int kRejectedShown = 20;
constexpr size_t kMessageWidth = 100;

std::string StateOf(const v1::Import& job) {
  return absl::AsciiStrToLower(v1::Import::State_Name(job.state()));
}

void ShowRejected(const v1::Import& job, Printer& printer) {
  if (job.rows_rejected() == 0) return;
  printer.Line("");
  Table table({{"FILE"},
               {"LINE", Align::kRight},
               {"KEY"},
               {"REASON"},
               {"MESSAGE", Align::kLeft, kMessageWidth}});
  for (int i = 0; i < job.rejected_size() && i < kRejectedShown; ++i) {
    const auto& row = job.rejected(i);
    table.AddRow({row.file(), absl::StrCat(row.line()), row.key(), row.reason(), row.message()});
  }
  printer.Show(table);
  if (job.rows_rejected() > kRejectedShown) {
    printer.Note(absl::StrCat("the first ", kRejectedShown, " of ",
                              FormatCount(job.rows_rejected()),
                              " rejected rows; --output json has up to 1,000"));
  }
}

void ShowJob(const v1::Import& job, Printer& printer) {
  printer.Field("import", job.import_id());
  printer.Field("mapping", job.mapping_name());
  printer.Field("state", absl::StrCat(StateOf(job), job.dry_run() ? " (dry run)" : ""));
  printer.Field("error", job.error());
  printer.Field("rows",
                absl::StrCat(FormatCount(job.rows_done()), " of ", FormatCount(job.row_count())));
  printer.Field("imported", FormatCount(job.rows_imported()));
  printer.Field("unchanged", FormatCount(job.rows_unchanged()));
  printer.Field("rejected", FormatCount(job.rows_rejected()));
  printer.Field("events", FormatCount(job.events_written()));
  for (const std::string& replacement : job.replacements()) printer.Field("replaced", replacement);
  ShowRejected(job, printer);
}

void ShowOne(const v1::GetImportResponse& reply, Printer& printer) {
  ShowJob(reply.import(), printer);
}

void ShowCancelled(const v1::CancelImportResponse& reply, Printer& printer) {
  ShowJob(reply.import(), printer);
}

void ShowList(const v1::ListImportsResponse& reply, Printer& printer) {
  Table table({{"STARTED (UTC)"},
               {"MAPPING"},
               {"STATE"},
               {"ROWS", Align::kRight},
               {"IMPORTED", Align::kRight},
               {"UNCHANGED", Align::kRight},
               {"REJECTED", Align::kRight},
               {"ID"}});
  for (const v1::Import& job : reply.imports()) {
    table.AddRow({FormatTime(job.start_time()), job.mapping_name(), StateOf(job),
                  FormatCount(job.rows_done()), FormatCount(job.rows_imported()),
                  FormatCount(job.rows_unchanged()), FormatCount(job.rows_rejected()),
                  job.import_id()});
  }
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

// Looks at the job until it has ended.
absl::StatusOr<v1::GetImportResponse> WaitForEnd(v1::Import job, Session& session) {
  ProgressBar bar(session.printer().err(), session.globals().progress, "rows");
  v1::GetImportRequest request;
  request.set_import_id(job.import_id());
  std::string told;  // What it waits for, as last told.
  while (job.state() == v1::Import::RUNNING) {
    if (job.error() != told && !job.error().empty()) {
      session.printer().Note(absl::StrCat("warning: the import is ", job.error()));
    }
    told = job.error();
    bar.Update(job.rows_done(), job.row_count());
    absl::SleepFor(absl::Microseconds(kImportPollMicros));
    ASSIGN_OR_RETURN(v1::GetImportResponse reply, session.client().Call(&Stub::GetImport, request));
    job = std::move(*reply.mutable_import());
  }
  v1::GetImportResponse result;
  *result.mutable_import() = std::move(job);
  return result;
}

absl::Status Run(const ImportInput& input, Session& session) {
  ASSIGN_OR_RETURN(v1::Import started, StartImport(input, session));
  ASSIGN_OR_RETURN(const v1::GetImportResponse reply, WaitForEnd(std::move(started), session));
  Printer& printer = session.printer();
  if (printer.json()) {
    printer.Json(reply);
  } else {
    ShowJob(reply.import(), printer);
  }
  const v1::Import& job = reply.import();
  if (job.state() != v1::Import::COMPLETED) {
    printer.Note(absl::StrCat("error: IMPORT_FAILED: ", job.error(),
                              "\nhint: the same command goes on where it stopped"));
    session.SetExitCode(kExitJobFailed);
  } else if (job.rows_rejected() > 0) {
    printer.Note(absl::StrCat("warning: ", FormatCount(job.rows_rejected()),
                              " rows were rejected; mend them and import again: rows that are "
                              "there already stay as they are"));
  }
  return absl::OkStatus();
}

}  // namespace

void AddImportCommands(const CommandTree& root) {
  auto input = std::make_shared<ImportInput>();
  CLI::App* command =
      root.Leaf("import", "Imports a folder of CSV files by a mapping",
                "dealog import --mapping deploy/mappings/maven-crm.toml --undated-at 2017-01-01 "
                "data/maven-crm",
                [input](Session& session) { return Run(*input, session); });
  const CommandTree group = root.Under(*command);
  // The folder and the mapping are required unless `import list` or the like follows.
  AddText(command, "folder", "Folder with the files", &input->folder)->required(false);
  AddText(command, "--mapping", "Mapping file", &input->mapping_path);
  AddReader(command, "--undated-at", "Business time of rows without a date: date or RFC 3339 time",
            [input](const std::string& text) -> absl::Status {
              ASSIGN_OR_RETURN(input->undated_at, ParseInstant(text));
              return absl::OkStatus();
            });
  command->add_flag("--dry-run", input->dry_run, "Check every row, write nothing");

  auto list = AddCall(group, {"list", "Lists imports, newest first", "dealog import list"},
                      &Stub::ListImports, ShowList);
  AddPageOptions(list);
  auto get = AddCall(group,
                     {"get", "Shows an import with its rejected rows",
                      "dealog import get import_01h455vb4pex5vsknk084sn02q"},
                     &Stub::GetImport, ShowOne);
  get.Text("import", "Import's id", get->mutable_import_id());
  auto cancel = AddCall(group,
                        {"cancel", "Cancels a running import; imported rows stay",
                         "dealog import cancel import_01h455vb4pex5vsknk084sn02q"},
                        &Stub::CancelImport, ShowCancelled);
  cancel.Text("import", "Import's id", cancel->mutable_import_id());
}

}  // namespace dealog::cli
