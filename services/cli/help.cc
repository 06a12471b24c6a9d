// `dealog help`: what is not the help of one command.

#include "services/cli/groups.h"
#include "services/cli/text/exit_codes.h"

namespace dealog::cli {

void AddHelpCommands(const CommandTree& root) {
  const CommandTree group = root.Group("help", "More help");
  group.Leaf("exit-codes", "The exit codes, which never change", "dealog help exit-codes",
             [](Session& session) {
               session.printer().out() << ExitCodeTable();
               return absl::OkStatus();
             });
}

}  // namespace dealog::cli
