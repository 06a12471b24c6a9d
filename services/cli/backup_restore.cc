// `dealog backup verify` and `dealog backup restore`: from the folder of an archive, no server
// needed.

#include <nlohmann/json.hpp>

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "eventstore/backup/restore.h"
#include "eventstore/base/error.h"
#include "services/cli/audit_check.h"
#include "services/cli/groups.h"
#include "services/cli/text/format.h"
#include "services/cli/text/progress.h"

namespace dealog::cli {
namespace {

using eventstore::BackupReadProgress;
using eventstore::RestoreOptions;
using eventstore::RestoreReport;
using eventstore::VerifyReport;

struct Input {
  RestoreOptions options;
  std::string key;
};

absl::StatusOr<RestoreOptions> Resolve(const Input& input) {
  RestoreOptions options = input.options;
  if (!input.key.empty()) {
    ASSIGN_OR_RETURN(options.trusted_key, ReadVerifierKey(input.key));
  }
  return options;
}

// What `work` gives, which is told how far it is; the bar is gone before anything is printed.
template <typename Work>
auto WithProgress(Session& session, const Work& work) {
  ProgressBar bar(session.printer().err(), session.globals().progress, "bytes");
  return work([&bar](const BackupReadProgress& now) {
    bar.Update(static_cast<int64_t>(now.bytes_done), static_cast<int64_t>(now.bytes_total));
  });
}

// Counts are strings, as protobuf's JSON writes 64-bit integers.
void PrintJson(const nlohmann::ordered_json& json, Printer& printer) {
  printer.out() << json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                << '\n';
}

// Somebody who lost the newest manifest must not take an older backup for the newest.
void NoteUnfinished(const std::optional<uint64_t>& unfinished, Printer& printer) {
  if (!unfinished) return;
  printer.Note(absl::StrCat("backup ", *unfinished,
                            " has no manifest, so it is not finished and is left out; `dealog "
                            "backup create` goes on with it"));
}

absl::Status Verify(const Input& input, Session& session) {
  ASSIGN_OR_RETURN(const RestoreOptions options, Resolve(input));
  Printer& printer = session.printer();
  ASSIGN_OR_RETURN(const VerifyReport report,
                   WithProgress(session, [&](const eventstore::BackupReadFunction& progress) {
                     return eventstore::VerifyBackup(options.archive, options.backup_number,
                                                     options.trusted_key, progress);
                   }));
  NoteUnfinished(report.unfinished, printer);
  if (printer.json()) {
    PrintJson({{"ok", true},
               {"backup", absl::StrCat(report.chain.back())},
               {"chainLength", absl::StrCat(report.chain.size())},
               {"bytes", absl::StrCat(report.read.bytes_total)},
               {"batches", absl::StrCat(report.read.batches)},
               {"commits", absl::StrCat(report.read.commits)},
               {"events", absl::StrCat(report.read.events)},
               {"checkpoints", absl::StrCat(report.checkpoints)},
               {"eventsUnsigned", absl::StrCat(report.events_unsigned)}},
              printer);
    return absl::OkStatus();
  }
  printer.Field("backup", absl::StrCat(report.chain.back()));
  printer.Field("backups in its chain", absl::StrCat(report.chain.size()));
  printer.Field("bytes", FormatCount(static_cast<int64_t>(report.read.bytes_total)));
  printer.Field("batches", FormatCount(static_cast<int64_t>(report.read.batches)));
  printer.Field("commits", FormatCount(static_cast<int64_t>(report.read.commits)));
  printer.Field("events", FormatCount(static_cast<int64_t>(report.read.events)));
  printer.Field("checkpoints matched", FormatCount(static_cast<int64_t>(report.checkpoints)));
  printer.Field("events beyond them", FormatCount(static_cast<int64_t>(report.events_unsigned)));
  printer.Field("result", "whole");
  return absl::OkStatus();
}

absl::Status Restore(const Input& input, Session& session) {
  ASSIGN_OR_RETURN(RestoreOptions options, Resolve(input));
  // --tenant is an option of every command, and often set for all of them: it only counts with a
  // position.
  if (options.to_position.value != 0) options.tenant.value = session.globals().tenant;
  Printer& printer = session.printer();
  ASSIGN_OR_RETURN(const RestoreReport report,
                   WithProgress(session, [&](const eventstore::BackupReadFunction& progress) {
                     return eventstore::RestoreBackup(options, progress);
                   }));
  NoteUnfinished(report.unfinished, printer);
  if (printer.json()) {
    nlohmann::ordered_json heads = nlohmann::ordered_json::array();
    for (const eventstore::PartitionHead& head : report.heads) {
      heads.push_back({{"batch", absl::StrCat(head.number.value)},
                       {"ownerEpoch", absl::StrCat(head.owner_epoch)}});
    }
    PrintJson({{"folder", options.data_folder},
               {"backup", absl::StrCat(report.backup_number)},
               {"batches", absl::StrCat(report.batches)},
               {"commits", absl::StrCat(report.commits)},
               {"events", absl::StrCat(report.events)},
               {"checkpoints", absl::StrCat(report.checkpoints)},
               {"partitions", heads}},
              printer);
  } else {
    printer.Field("folder", options.data_folder);
    printer.Field("backup", absl::StrCat(report.backup_number));
    printer.Field("batches", FormatCount(static_cast<int64_t>(report.batches)));
    printer.Field("commits", FormatCount(static_cast<int64_t>(report.commits)));
    printer.Field("events", FormatCount(static_cast<int64_t>(report.events)));
    printer.Field("checkpoints matched", FormatCount(static_cast<int64_t>(report.checkpoints)));
  }
  if (options.keys_folder.empty()) {
    printer.Note(absl::StrCat("copy the keys of the folder that was backed up to ",
                              options.data_folder, "/keys before a server is started on it"));
  }
  return absl::OkStatus();
}

// "N" for partition 0, or "PARTITION:N".
absl::Status ParseBatch(const std::string& text, RestoreOptions& options) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  RestoreOptions::LastBatch last;
  const bool read = absl::SimpleAtoi(parts.back(), &last.number.value) &&
                    (parts.size() == 1 ||
                     (parts.size() == 2 && absl::SimpleAtoi(parts[0], &last.partition.value)));
  if (!read) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected N or PARTITION:N, for example 4711 or 2:4711, found \"", text, "\""));
  }
  options.to_batches.push_back(last);
  return absl::OkStatus();
}

absl::Status ParseTime(const std::string& text, RestoreOptions& options) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected an RFC 3339 time, for example 2026-06-01T09:30:00Z, found \"", text, "\""));
  }
  options.to_time_us = absl::ToUnixMicros(time);
  return absl::OkStatus();
}

void AddSource(CLI::App* command, Input* input) {
  AddText(command, "archive", "Folder of the archive", &input->options.archive);
  command
      ->add_option("--backup", input->options.backup_number,
                   "Number of the backup (default: the newest)")
      ->check(CLI::Range(uint64_t{1}, uint64_t{INT64_MAX}));
  AddText(command, "--key",
          "Public key of the audit (text, or a file of it) that was kept elsewhere", &input->key);
}

void AddVerify(const CommandTree& group) {
  auto input = std::make_shared<Input>();
  CLI::App* command =
      group.Leaf("verify", "Checks a backup and its chain: files, frames, batches, checkpoints",
                 "dealog backup verify /mnt/backups/nightly",
                 [input](Session& session) { return Verify(*input, session); });
  AddSource(command, input.get());
}

void AddRestore(const CommandTree& group) {
  auto input = std::make_shared<Input>();
  CLI::App* command =
      group.Leaf("restore", "Makes a new data folder from a backup, whole or up to a point in time",
                 "dealog backup restore /mnt/backups/nightly /var/lib/dealog-new --keys /mnt/keys",
                 [input](Session& session) { return Restore(*input, session); });
  AddSource(command, input.get());
  RestoreOptions* options = &input->options;
  AddText(command, "folder", "The new data folder", &options->data_folder);
  AddText(command, "--keys", "Folder of the keys of the folder that was backed up",
          &options->keys_folder);
  AddRepeatedReader(command, "--to-batch", "Last batch, as N or PARTITION:N; may be repeated",
                    [options](const std::string& text) { return ParseBatch(text, *options); });
  AddReader(command, "--to-time", "Leave out what was written after this RFC 3339 time",
            [options](const std::string& text) { return ParseTime(text, *options); });
  command
      ->add_option("--to-position", options->to_position.value,
                   "Restore only the tenant of --tenant, up to this position")
      ->check(CLI::Range(uint64_t{1}, uint64_t{INT64_MAX}));
}

}  // namespace

void AddBackupRestoreCommands(const CommandTree& backup) {
  AddVerify(backup);
  AddRestore(backup);
}

}  // namespace dealog::cli
