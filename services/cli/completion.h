#pragma once

// Completion scripts for shells, made from the command tree itself, so that they cannot lag behind.

#include <CLI/CLI.hpp>

#include <string>

namespace dealog::cli {

std::string BashCompletion(const CLI::App& root);
std::string ZshCompletion(const CLI::App& root);

}  // namespace dealog::cli
