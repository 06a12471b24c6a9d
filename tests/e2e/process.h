#pragma once

// Runs the two programs: a command to its end, or a server until it is stopped.

#include <sys/types.h>

#include <string>
#include <vector>

namespace dealog::e2e {

struct Outcome {
  // Exit status, or 128 + the signal that ended it.
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Path of `dealogd` or `dealog`: in $DEALOG_BIN_DIR if set, else beside this build.
std::string ProgramPath(const std::string& name);

// Runs a program to its end; kills it after `seconds_max`.
Outcome RunProgram(const std::vector<std::string>& arguments, int seconds_max = 60);

// A program that goes on running, with its standard output as a pipe. Killed in the destructor.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const std::string& stderr_path);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The next line of its standard output; "" if none comes in time or it has ended.
  std::string ReadLine(int seconds_max);
  void Signal(int number) const;
  // Waits for its end; -1 if it does not end in time.
  int Wait(int seconds_max);

 private:
  pid_t pid_ = -1;
  int stdout_ = -1;
  std::string buffered_;
};

}  // namespace dealog::e2e
