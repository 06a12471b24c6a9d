#pragma once

// The whole command line as a function, so that tests run it as a user does.

#include <ostream>
#include <string>
#include <vector>

namespace dealog::cli {

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
};

// Runs `arguments` (without the program's name) and returns the exit code.
int Run(const std::vector<std::string>& arguments, const Terminal& terminal);

}  // namespace dealog::cli
