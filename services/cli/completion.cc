#include "services/cli/completion.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/groups.h"

namespace dealog::cli {
namespace {

// What may follow a path of commands ("deal move"): commands and options.
using Words = std::vector<std::pair<std::string, std::vector<std::string>>>;

std::vector<std::string> OptionsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

void Collect(const CLI::App& app, const std::string& path, const std::vector<std::string>& globals,
             Words& words) {
  std::vector<std::string> next;
  const auto children = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) next.push_back(child->get_name());
  for (std::string& option : OptionsOf(app)) next.push_back(std::move(option));
  if (!path.empty()) next.insert(next.end(), globals.begin(), globals.end());
  words.emplace_back(path, std::move(next));
  for (const CLI::App* child : children) {
    Collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), globals,
            words);
  }
}

Words AllWords(const CLI::App& root) {
  Words words;
  std::vector<std::string> globals;
  for (const std::string& option : OptionsOf(root)) {
    if (option != "--help" && option != "--version") globals.push_back(option);
  }
  Collect(root, "", globals, words);
  return words;
}

// `case` branches that set `words` by the path of commands typed so far.
std::string Cases(const CLI::App& root) {
  std::string text;
  for (const auto& [path, words] : AllWords(root)) {
    absl::StrAppend(&text, "    '", path, "') words='", absl::StrJoin(words, " "), "' ;;\n");
  }
  return text;
}

// The paths that are commands, so that arguments are not taken for commands.
std::string Paths(const CLI::App& root) {
  std::string text;
  for (const auto& [path, words] : AllWords(root)) {
    if (!path.empty()) absl::StrAppend(&text, text.empty() ? "" : "|", "'", path, "'");
  }
  return text;
}

// Both shells: walks the typed words and keeps those that make a longer command path. Words that
// follow an option are tried, too; an option's value is rarely the name of a subcommand.
std::string WalkFunction(const CLI::App& root, const std::string& typed) {
  return absl::StrCat("  local path='' word try words=''\n", "  for word in ", typed, "; do\n",
                      "    if [ -z \"$path\" ]; then try=\"$word\"; else try=\"$path $word\"; fi\n",
                      "    case \"$try\" in\n    ", Paths(root), ") path=\"$try\" ;;\n    esac\n",
                      "  done\n", "  case \"$path\" in\n", Cases(root), "  esac\n");
}

}  // namespace

std::string BashCompletion(const CLI::App& root) {
  return absl::StrCat(
      "# bash completion of dealog; load it with: source <(dealog completion bash)\n",
      "_dealog() {\n", WalkFunction(root, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\""),
      "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n",
      "  [ ${#COMPREPLY[@]} -gt 0 ] || compopt -o default\n", "}\n",
      "complete -F _dealog dealog\n");
}

std::string ZshCompletion(const CLI::App& root) {
  return absl::StrCat("#compdef dealog\n",
                      "# zsh completion of dealog; load it with: source <(dealog completion zsh)\n",
                      "_dealog() {\n", WalkFunction(root, "\"${(@)argv[2,CURRENT-1]}\""),
                      "  compadd -- ${=words} || _files\n", "}\n", "compdef _dealog dealog\n");
}

void AddCompletionCommands(const CommandTree& root) {
  const CommandTree group = root.Group("completion", "Completion scripts for shells");
  const CLI::App* tree = &root.app();
  group.Leaf("bash", "Prints the script for bash", "source <(dealog completion bash)",
             [tree](Session& session) {
               session.printer().out() << BashCompletion(*tree);
               return absl::OkStatus();
             });
  group.Leaf("zsh", "Prints the script for zsh", "source <(dealog completion zsh)",
             [tree](Session& session) {
               session.printer().out() << ZshCompletion(*tree);
               return absl::OkStatus();
             });
}

}  // namespace dealog::cli
