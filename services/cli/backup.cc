// `dealog backup`: makes and lists backups through the server; verifies and restores without one.

#include "absl/strings/str_cat.h"
#include "dealog/v1/backup.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/text/format.h"
#include "services/cli/text/progress.h"

namespace dealog::cli {
namespace {

using Stub = v1::BackupService::Stub;

std::string Kind(const v1::Backup& backup) {
  return backup.base_number() == 0 ? "full" : absl::StrCat("on ", backup.base_number());
}

void ShowBackup(const v1::Backup& backup, Printer& printer) {
  printer.Field("archive", backup.archive());
  printer.Field("backup", absl::StrCat(backup.number()));
  printer.Field("kind", Kind(backup));
  printer.Field("began", FormatTime(backup.start_time()));
  printer.Field("batches", FormatCount(backup.batch_count()));
  printer.Field("bytes", FormatCount(backup.byte_count()));
  printer.Field("tenants", FormatCount(backup.tenant_count()));
  printer.Field("checkpoints", FormatCount(backup.checkpoint_count()));
}

// Until it is done; the last message.
absl::StatusOr<v1::CreateBackupResponse> Run(const v1::CreateBackupRequest& request,
                                             Session& session) {
  grpc::ClientContext context;
  session.client().Prepare(context, /*stream=*/true);
  const auto stub = session.client().Stub<v1::BackupService>();
  const auto reader = stub->CreateBackup(&context, request);
  ProgressBar bar(session.printer().err(), session.globals().progress, "batches");
  v1::CreateBackupResponse message;
  v1::CreateBackupResponse last;
  while (reader->Read(&message)) {
    bar.Update(message.batches_done(), message.batches_total());
    last.Swap(&message);
  }
  RETURN_IF_ERROR(FromGrpc(reader->Finish()));
  return last;
}

absl::Status Create(const v1::CreateBackupRequest& request, Session& session) {
  ASSIGN_OR_RETURN(const v1::CreateBackupResponse last, Run(request, session));
  if (session.printer().json()) {
    session.printer().Json(last.backup());
  } else {
    ShowBackup(last.backup(), session.printer());
  }
  return absl::OkStatus();
}

void ShowList(const v1::ListBackupsResponse& reply, Printer& printer) {
  Table table({{"ARCHIVE"},
               {"BACKUP", Align::kRight},
               {"KIND"},
               {"BEGAN"},
               {"BATCHES", Align::kRight},
               {"UP TO", Align::kRight},
               {"BYTES", Align::kRight},
               {"TENANTS", Align::kRight},
               {"CHECKPOINTS", Align::kRight}});
  for (const v1::Backup& backup : reply.backups()) {
    table.AddRow({backup.archive(), absl::StrCat(backup.number()), Kind(backup),
                  FormatTime(backup.start_time()), FormatCount(backup.batch_count()),
                  FormatCount(backup.batch_number()), FormatCount(backup.byte_count()),
                  FormatCount(backup.tenant_count()), FormatCount(backup.checkpoint_count())});
  }
  printer.Show(table);
}

}  // namespace

void AddBackupCommands(const CommandTree& root) {
  const CommandTree group = root.Group("backup", "Backups: make, list, verify, restore");
  auto request = std::make_shared<v1::CreateBackupRequest>();
  CLI::App* create = group.Leaf(
      "create", "Backs the log up while the server runs; goes on with one that ended early",
      "dealog backup create nightly",
      [request](Session& session) { return Create(*request, session); });
  AddText(create, "archive", "Name of the archive, a folder below the server's --backup-dir",
          request->mutable_archive());
  create->add_flag_callback(
      "--full", [target = request.get()] { target->set_full(true); },
      "Begin with the first batch, also where an earlier backup could be continued");
  auto list = AddCall(group, {"list", "Lists the finished backups", "dealog backup list nightly"},
                      &Stub::ListBackups, ShowList);
  list.Text("archive", "Name of the archive (default: all)", list->mutable_archive())
      ->required(false);
  AddBackupRestoreCommands(group);
}

}  // namespace dealog::cli
