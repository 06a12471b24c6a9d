// `dealog audit verify`: whether the history is the one that was signed.

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/merkle/base64.h"
#include "services/cli/audit_check.h"
#include "services/cli/files.h"
#include "services/cli/groups.h"
#include "services/cli/text/exit_codes.h"
#include "services/cli/text/format.h"
#include "services/cli/text/progress.h"

namespace dealog::cli {
namespace {

struct VerifyInput {
  std::string key;
  std::vector<std::string> checkpoints;
  std::vector<std::string> proofs;
  std::string events;
  std::string folder;
  std::string out;
  bool quick = false;

  // Without any of these it is the server that is looked at.
  bool offline() const { return !proofs.empty() || !events.empty() || !folder.empty(); }
};

absl::Status Check(const VerifyInput& input, Session& session, AuditFindings& findings) {
  ASSIGN_OR_RETURN(const AuditEvidence evidence, ReadEvidence(input.key, input.checkpoints));
  findings.checkpoints = evidence.kept.size();
  for (const eventstore::Checkpoint& kept : evidence.kept) {
    if (kept.size >= findings.newest.size) findings.newest = kept;
  }
  ProgressBar bar(session.printer().err(), session.globals().progress, "events");
  const AuditProgressFunction progress = [&](uint64_t events, uint64_t total) {
    bar.Update(static_cast<int64_t>(events), static_cast<int64_t>(total));
  };
  for (const std::string& path : input.proofs) {
    RETURN_IF_ERROR(CheckProofFile(evidence, path, findings));
  }
  if (!input.events.empty()) {
    RETURN_IF_ERROR(CheckEventFile(evidence, input.events, progress, findings));
  }
  if (!input.folder.empty()) {
    RETURN_IF_ERROR(CheckFolder(evidence, input.folder, progress, findings));
  }
  if (input.offline()) return absl::OkStatus();
  return CheckServer(evidence, session.client(), input.quick, progress, findings);
}

std::string ReportJson(const AuditFindings& findings, const std::string& problem) {
  nlohmann::ordered_json json;
  json["ok"] = problem.empty();
  // Counts are strings, as protobuf's JSON writes 64-bit integers.
  json["checkpoints"] = absl::StrCat(findings.checkpoints);
  json["proofs"] = absl::StrCat(findings.proofs);
  json["events"] = absl::StrCat(findings.events);
  json["origin"] = findings.newest.origin;
  json["size"] = absl::StrCat(findings.newest.size);
  json["root"] = eventstore::ToBase64(base::AsView(findings.newest.root));
  json["problem"] = problem;
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void ShowReport(const AuditFindings& findings, const std::string& problem, Printer& printer) {
  printer.Field("log", findings.newest.origin);
  printer.Field("checkpoints", FormatCount(static_cast<int64_t>(findings.checkpoints)));
  printer.Field("proofs", FormatCount(static_cast<int64_t>(findings.proofs)));
  printer.Field("events", FormatCount(static_cast<int64_t>(findings.events)));
  printer.Field("newest size", absl::StrCat(findings.newest.size));
  printer.Field("result", problem.empty() ? "as it was signed" : "NOT as it was signed");
}

absl::Status Verify(const VerifyInput& input, Session& session) {
  AuditFindings findings;
  const absl::Status status = Check(input, session, findings);
  if (!status.ok() && !IsAuditFailure(status)) return status;
  Printer& printer = session.printer();
  const std::string problem(status.message());
  if (printer.json()) {
    printer.out() << ReportJson(findings, problem) << '\n';
  } else {
    ShowReport(findings, problem, printer);
  }
  if (!status.ok()) {
    printer.Note(absl::StrCat("error: AUDIT_FAILED: ", problem));
    session.SetExitCode(kExitAuditFailed);
    return absl::OkStatus();
  }
  if (input.out.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(WriteTextFile(input.out, findings.newest_note));
  printer.Note(absl::StrCat("keep for the next time: ", input.out));
  return absl::OkStatus();
}

absl::Status CheckOptions(const VerifyInput& input) {
  if (input.offline() && (input.quick || !input.out.empty())) {
    return base::InvalidField(input.quick ? "--quick" : "--out",
                              "expected a server to be looked at, found --proof, --events or "
                              "--folder");
  }
  return absl::OkStatus();
}

void AddPaths(CLI::App* command, const std::string& name, const std::string& description,
              std::vector<std::string>* paths) {
  AddRepeatedReader(command, name, description, [paths](const std::string& path) {
    paths->push_back(path);
    return absl::OkStatus();
  });
}

}  // namespace

void AddAuditVerifyCommand(const CommandTree& audit) {
  auto input = std::make_shared<VerifyInput>();
  CLI::App* command = audit.Leaf(
      "verify", "Checks that the history is the one that was signed",
      "dealog --tenant acme audit verify --key acme.vkey --checkpoint 2026-06.checkpoint",
      [input](Session& session) -> absl::Status {
        RETURN_IF_ERROR(CheckOptions(*input));
        return Verify(*input, session);
      });
  AddText(command, "--key", "The log's public key, or a file with it", &input->key)->required();
  AddPaths(command, "--checkpoint", "Kept checkpoint; may be repeated", &input->checkpoints);
  AddPaths(command, "--proof", "Kept proof; may be repeated. Needs no server", &input->proofs);
  AddText(command, "--events", "Exported events (`audit export`). Needs no server", &input->events);
  AddText(command, "--folder",
          "Data or log folder of a stopped server, or a backup: checks every byte of the log",
          &input->folder);
  command->add_flag("--quick", input->quick,
                    "Ask the server for proofs only, do not read its events");
  AddText(command, "--out", "Keep the newest checkpoint of the server, verified, in this file",
          &input->out);
}

}  // namespace dealog::cli
