#include "services/cli/app.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "services/cli/audit_check.h"
#include "services/cli/command.h"
#include "services/cli/files.h"
#include "services/cli/groups.h"
#include "services/cli/limits.h"
#include "services/cli/text/error_text.h"
#include "services/cli/text/exit_codes.h"

namespace dealog::cli {
namespace {

constexpr char kVersion[] = "dealog 0.1.0";

// Each may be given twice, the last one counts: a script's wrapper sets one, its caller another.
void AddGlobalOptions(CLI::App& app, Globals& globals, bool& no_color) {
  app.option_defaults()->take_last();
  app.add_option("--server", globals.server, "HOST:PORT of dealogd")
      ->envname("DEALOG_SERVER")
      ->capture_default_str();
  app.add_option("--tenant", globals.tenant, "Tenant's name")->envname("DEALOG_TENANT");
  app.add_option("--actor", globals.actor, "Who acts (default: $USER)")->envname("DEALOG_ACTOR");
  app.add_option_function<std::string>(
         "--output", [&globals](const std::string& format) { globals.json = format == "json"; },
         "table or json (one document of protobuf JSON)")
      ->check(CLI::IsMember({"table", "json"}));
  app.add_option("--timeout", globals.timeout_seconds,
                 "Seconds to wait for a reply (default 30; streams wait for ever)")
      ->check(CLI::Range(kTimeoutSecondsMin, kTimeoutSecondsMax));
  app.add_flag("--no-color", no_color, "No colour, also on a terminal");
  // The options of a command are not to be given twice: that would hide a mistake.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

void AddCommands(const CommandTree& root) {
  AddTenantCommands(root);
  AddPipelineCommands(root);
  AddStageCommands(root);
  AddDealCommands(root);
  AddContactCommands(root);
  AddOrganizationCommands(root);
  AddActivityCommands(root);
  AddCatalogCommands(root);
  AddBoardCommand(root);
  AddKpiCommands(root);
  AddHistoryCommands(root);
  AddAuditCommands(root);
  AddLogCommands(root);
  AddBackupCommands(root);
  AddGroupCommands(root);
  AddProjectionCommands(root);
  AddImportCommands(root);
  AddWorkflowCommands(root);
  AddSampleCommand(root);
  AddServerCommands(root);
  AddCompletionCommands(root);
  AddHelpCommands(root);
}

int Fail(const absl::Status& status, const Terminal& terminal) {
  terminal.err << ErrorText(status);
  if (IsFileError(status)) return kExitFailure;
  if (IsAuditFailure(status)) return kExitAuditFailed;
  return base::ReasonOf(status) == "USAGE" ? kExitUsage : ExitCodeOf(status);
}

// A value that is refused is the same error as when the server refuses it; anything else is usage.
absl::Status FromParseError(const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ValidationError) ||
      error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ConversionError)) {
    return base::Error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID", error.what());
  }
  return base::Error(absl::StatusCode::kInvalidArgument, "USAGE", error.what());
}

// What is missing, or, where an unknown word stands in its place, that word.
absl::Status FromRequiredError(const CLI::RequiredError& error, const CLI::App& app) {
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  if (unknown.empty()) return FromParseError(error);
  return base::Error(absl::StatusCode::kInvalidArgument, "USAGE",
                     absl::StrCat("unknown command or argument: ", unknown.front()));
}

// The time zone, colour and actor that the environment gives.
void Complete(const Terminal& terminal, bool no_color, Globals& globals) {
  const char* user = std::getenv("USER");
  if (globals.actor.empty() && user != nullptr) globals.actor = user;
  const char* never = std::getenv("NO_COLOR");
  globals.color = terminal.out_is_terminal && !no_color && (never == nullptr || *never == '\0');
  globals.progress = terminal.err_is_terminal && !globals.json;
}

}  // namespace

int Run(const std::vector<std::string>& arguments, const Terminal& terminal) {
  Globals globals;
  bool no_color = false;
  Action action;
  CLI::App app("dealog: the command line of Dealog, an event-sourced CRM", "dealog");
  // Global options are accepted after the command, too.
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("--version", kVersion);
  app.footer(
      "Example:\n  dealog --tenant acme board --pipeline Sales\n"
      "Every command has --help with an example; `dealog help exit-codes` lists the codes.");
  AddGlobalOptions(app, globals, no_color);
  AddCommands({app, action});
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::Success& wanted) {  // --help, --version.
    return app.exit(wanted, terminal.out, terminal.err);
  } catch (const CLI::RequiredError& error) {
    return Fail(FromRequiredError(error, app), terminal);
  } catch (const CLI::ParseError& error) {
    return Fail(FromParseError(error), terminal);
  }
  Complete(terminal, no_color, globals);
  Session session(globals, terminal.out, terminal.err);
  const absl::Status status = action(session);
  terminal.out.flush();
  if (!status.ok()) return Fail(status, terminal);
  if (!terminal.out.good()) return Fail(FileError("stdout", "it cannot be written"), terminal);
  return session.exit_code();
}

}  // namespace dealog::cli
