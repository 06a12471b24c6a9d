// The program `dealog`.

#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "services/cli/app.h"

int main(int argc, char** argv) {
  // `dealog log read | head` ends quietly: the write fails and the exit code says so.
  std::signal(SIGPIPE, SIG_IGN);
  // What protobuf would print of an argument that is no UTF-8: the server's refusal names the
  // field.
  google::protobuf::SetLogHandler(nullptr);
  std::ios::sync_with_stdio(false);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return dealog::cli::Run(
      arguments, {std::cout, std::cerr, isatty(STDOUT_FILENO) == 1, isatty(STDERR_FILENO) == 1});
}
