// `dealog log export` and `dealog log import`: one tenant's commits as a file.

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "dealog/v1/log.grpc.pb.h"
#include "eventstore/backup/frame.h"
#include "eventstore/backup/limits.h"
#include "eventstore/backup/tenant_export.h"
#include "eventstore/backup/tenant_import.h"
#include "services/cli/audit_check.h"
#include "services/cli/files.h"
#include "services/cli/groups.h"
#include "services/cli/text/format.h"
#include "services/cli/text/progress.h"

namespace dealog::cli {
namespace {

using eventstore::ExportFile;

// What an earlier export to this file left: its request goes on behind it. False: it is complete.
absl::StatusOr<bool> GoOn(const std::string& path, const std::string& tenant,
                          v1::ExportLogRequest& request) {
  const absl::StatusOr<ExportFile> found = eventstore::ReadExport(path, {}, {});
  if (absl::IsNotFound(found.status())) return true;
  if (!found.ok()) return found.status();
  if (found->head.tenant() != tenant) {
    return FileError(path, absl::StrCat("expected an export of tenant ", tenant, ", found one of ",
                                        found->head.tenant()));
  }
  if (found->end) return false;
  std::error_code error;
  std::filesystem::resize_file(path, found->good_bytes, error);
  if (error) return FileError(path, error.message());
  request.set_after_position(static_cast<int64_t>(found->position.value));
  request.set_after_commit_sha256(found->last_commit_sha256);
  return true;
}

// Writes the bytes that come; the head only where the file has none.
class Target {
 public:
  Target(const std::string& path, bool has_head)
      : path_(path), has_head_(has_head), out_(path, std::ios::binary | std::ios::app) {}

  absl::Status Write(std::string_view data) {
    if (has_head_) {
      head_ += data;
      if (head_.size() < eventstore::kFrameHeaderBytes) return absl::OkStatus();
      ASSIGN_OR_RETURN(const size_t size, eventstore::FrameBytes(head_));
      if (head_.size() < size) return absl::OkStatus();
      has_head_ = false;
      return Write(std::string_view(head_).substr(size));
    }
    out_.write(data.data(), static_cast<std::streamsize>(data.size()));
    out_.flush();
    if (out_.good()) return absl::OkStatus();
    return FileError(path_,
                     "it cannot be written; free space and run the command again: it goes on "
                     "where it ended");
  }

 private:
  const std::string& path_;
  bool has_head_;
  std::string head_;
  std::ofstream out_;
};

// Writes what comes; the last position.
absl::StatusOr<int64_t> Receive(const v1::ExportLogRequest& request, const std::string& path,
                                Session& session) {
  grpc::ClientContext context;
  session.client().Prepare(context, /*stream=*/true);
  const auto stub = session.client().Stub<v1::LogService>();
  const auto reader = stub->ExportLog(&context, request);
  ProgressBar bar(session.printer().err(), session.globals().progress, "events");
  std::optional<Target> target;
  v1::ExportLogResponse message;
  int64_t position = 0;
  while (reader->Read(&message)) {
    // Made only now: a call that is refused leaves no file.
    if (!target) target.emplace(path, std::filesystem::exists(path));
    if (absl::Status written = target->Write(message.data()); !written.ok()) {
      context.TryCancel();
      reader->Finish();
      return written;
    }
    position = message.position();
    bar.Update(position, message.end_position());
  }
  RETURN_IF_ERROR(FromGrpc(reader->Finish()));
  return position;
}

absl::Status Export(const std::string& path, Session& session) {
  v1::ExportLogRequest request;
  ASSIGN_OR_RETURN(const bool begins, GoOn(path, session.globals().tenant, request));
  Printer& printer = session.printer();
  if (!begins) {
    printer.Note(absl::StrCat(path, " is complete already; give another file"));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const int64_t position, Receive(request, path, session));
  if (printer.json()) {
    const nlohmann::ordered_json json = {{"file", path}, {"position", absl::StrCat(position)}};
    printer.out() << json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                  << '\n';
    return absl::OkStatus();
  }
  printer.Field("file", path);
  printer.Field("position", absl::StrCat(position));
  return absl::OkStatus();
}

struct ImportInput {
  eventstore::ImportOptions options;
  std::string key;
};

absl::StatusOr<eventstore::ImportReport> Load(const eventstore::ImportOptions& options,
                                              Session& session) {
  ProgressBar bar(session.printer().err(), session.globals().progress, "events");
  auto report = eventstore::ImportTenant(options, [&](uint64_t done, uint64_t total) {
    bar.Update(static_cast<int64_t>(done), static_cast<int64_t>(total));
  });
  if (absl::IsNotFound(report.status())) return FileError(options.file, "no such file");
  return report;
}

absl::Status Import(const ImportInput& input, Session& session) {
  eventstore::ImportOptions options = input.options;
  if (!input.key.empty()) {
    ASSIGN_OR_RETURN(options.trusted_key, ReadVerifierKey(input.key));
  }
  ASSIGN_OR_RETURN(const eventstore::ImportReport loaded, Load(options, session));
  Printer& printer = session.printer();
  if (printer.json()) {
    const nlohmann::ordered_json json = {{"tenant", loaded.tenant},
                                         {"position", absl::StrCat(loaded.position.value)},
                                         {"commitsThere", absl::StrCat(loaded.commits_there)},
                                         {"commitsAdded", absl::StrCat(loaded.commits_added)},
                                         {"eventsAdded", absl::StrCat(loaded.events_added)},
                                         {"checkpoint", loaded.checkpoint}};
    printer.out() << json.dump(1) << '\n';
    return absl::OkStatus();
  }
  printer.Field("tenant", loaded.tenant);
  printer.Field("position", absl::StrCat(loaded.position.value));
  printer.Field("commits there", FormatCount(static_cast<int64_t>(loaded.commits_there)));
  printer.Field("commits added", FormatCount(static_cast<int64_t>(loaded.commits_added)));
  printer.Field("events added", FormatCount(static_cast<int64_t>(loaded.events_added)));
  printer.Field("checkpoint", loaded.checkpoint ? "matched" : "none in the export");
  return absl::OkStatus();
}

}  // namespace

void AddLogExportCommands(const CommandTree& log) {
  auto path = std::make_shared<std::string>();
  CLI::App* out =
      log.Leaf("export", "Writes the tenant's commits to a file; goes on with one that ended early",
               "dealog log export acme.export --tenant acme",
               [path](Session& session) { return Export(*path, session); });
  AddText(out, "file", "The file", path.get());

  auto input = std::make_shared<ImportInput>();
  CLI::App* in = log.Leaf("import", "Adds a file of `log export` to a data folder without a server",
                          "dealog log import acme.export /var/lib/dealog-new --keys /mnt/keys",
                          [input](Session& session) { return Import(*input, session); });
  AddText(in, "file", "The file", &input->options.file);
  AddText(in, "folder", "The data folder; a new one is made", &input->options.data_folder);
  AddText(in, "--keys", "Folder of the source's keys, for a folder that has none",
          &input->options.keys_folder);
  AddText(in, "--key", "Public key of the audit (text, or a file of it) that was kept elsewhere",
          &input->key);
  in->add_option("--partitions", input->options.partition_count, "Partitions of a new log")
      ->check(CLI::Range(1u, eventstore::kImportPartitionsMax))
      ->capture_default_str();
}

}  // namespace dealog::cli
