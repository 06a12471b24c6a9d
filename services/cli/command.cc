#include "services/cli/command.h"

#include "absl/strings/str_cat.h"

namespace dealog::cli {
namespace {

constexpr char kGlobalOptions[] =
    "Options of every command (--tenant, --output json, …): dealog --help";

bool IsArgument(const std::string& name) { return name.front() != '-'; }

// Throws, as CLI11 wants it; app.cc turns it into FIELD_INVALID.
void Refuse(const std::string& name, const absl::Status& status) {
  throw CLI::ValidationError(name, std::string(status.message()));
}

}  // namespace

CommandTree CommandTree::Group(const std::string& name, const std::string& description) const {
  CLI::App* group = app_->add_subcommand(name, description);
  group->require_subcommand(1);
  return {*group, *selected_};
}

CLI::App* CommandTree::Leaf(const std::string& name, const std::string& description,
                            const std::string& example, Action action) const {
  CLI::App* command = app_->add_subcommand(name, description);
  command->footer(absl::StrCat("Example:\n  ", example, "\n", kGlobalOptions));
  // A command may have commands below it (`import`, `import list`): the deepest one counts.
  command->final_callback([command, selected = selected_, action = std::move(action)] {
    if (command->get_subcommands().empty()) *selected = action;
  });
  return command;
}

CLI::Option* AddReader(CLI::App* command, const std::string& name, const std::string& description,
                       Reader reader) {
  CLI::Option* option = command->add_option_function<std::string>(
      name,
      [name, reader = std::move(reader)](const std::string& text) {
        if (const absl::Status status = reader(text); !status.ok()) Refuse(name, status);
      },
      description);
  return option->required(IsArgument(name));
}

CLI::Option* AddRepeatedReader(CLI::App* command, const std::string& name,
                               const std::string& description, Reader reader) {
  CLI::Option* option = command->add_option_function<std::vector<std::string>>(
      name,
      [name, reader = std::move(reader)](const std::vector<std::string>& texts) {
        for (const std::string& text : texts) {
          if (const absl::Status status = reader(text); !status.ok()) Refuse(name, status);
        }
      },
      description);
  // An argument takes all that is left; `--tag a b` would swallow what follows.
  option->allow_extra_args(IsArgument(name));
  return option->required(IsArgument(name));
}

CLI::Option* AddText(CLI::App* command, const std::string& name, const std::string& description,
                     std::string* target) {
  return AddReader(command, name, description, [target](const std::string& text) {
    *target = text;
    return absl::OkStatus();
  });
}

}  // namespace dealog::cli
