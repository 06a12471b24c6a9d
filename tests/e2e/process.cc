#include "tests/e2e/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "eventstore/base/check.h"

namespace dealog::e2e {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

Deadline In(int seconds) {
  return std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
}

int MillisecondsUntil(Deadline deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<int64_t>(left.count(), 0));
}

// Starts a program whose standard output and error go to the two descriptors.
pid_t Spawn(const std::vector<std::string>& arguments, int out, int err) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  DEALOG_CHECK(pid >= 0) << "fork";
  if (pid != 0) return pid;
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execv(argv[0], argv.data());
  _exit(127);
}

// The exit code once it has ended; -1 if it still runs at the deadline.
int WaitUntil(pid_t pid, Deadline deadline) {
  for (;;) {
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == pid) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (MillisecondsUntil(deadline) == 0) return -1;
    usleep(2000);
  }
}

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A file of its own for each stream of a program: a full pipe cannot stop it.
int OpenTemporary(std::string& path) {
  path = (std::filesystem::temp_directory_path() / "dealog_e2e_XXXXXX").string();
  const int descriptor = mkostemp(path.data(), O_CLOEXEC);
  DEALOG_CHECK(descriptor >= 0) << path;
  return descriptor;
}

}  // namespace

std::string ProgramPath(const std::string& name) {
  const char* folder = std::getenv("DEALOG_BIN_DIR");
  return std::string(folder != nullptr ? folder : DEALOG_BIN_DIR) + "/" + name;
}

Outcome RunProgram(const std::vector<std::string>& arguments, int seconds_max) {
  std::string out_path;
  std::string err_path;
  const int out = OpenTemporary(out_path);
  const int err = OpenTemporary(err_path);
  const pid_t pid = Spawn(arguments, out, err);
  Outcome outcome;
  outcome.exit_code = WaitUntil(pid, In(seconds_max));
  if (outcome.exit_code < 0) {
    kill(pid, SIGKILL);
    outcome.exit_code = WaitUntil(pid, In(10));
  }
  close(out);
  close(err);
  outcome.out = Content(out_path);
  outcome.err = Content(err_path);
  std::filesystem::remove(out_path);
  std::filesystem::remove(err_path);
  return outcome;
}

Process::Process(const std::vector<std::string>& arguments, const std::string& stderr_path) {
  int pipe_ends[2];
  DEALOG_CHECK(pipe2(pipe_ends, O_CLOEXEC) == 0) << "pipe";
  const int err = open(stderr_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  pid_ = Spawn(arguments, pipe_ends[1], err);
  close(pipe_ends[1]);
  close(err);
  stdout_ = pipe_ends[0];
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    Wait(10);
  }
  close(stdout_);
}

std::string Process::ReadLine(int seconds_max) {
  const Deadline deadline = In(seconds_max);
  for (;;) {
    if (const size_t end = buffered_.find('\n'); end != std::string::npos) {
      std::string line = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return line;
    }
    pollfd descriptor{stdout_, POLLIN, 0};
    if (poll(&descriptor, 1, MillisecondsUntil(deadline)) <= 0) return "";
    char bytes[4096];
    const ssize_t count = read(stdout_, bytes, sizeof(bytes));
    if (count <= 0) return "";
    buffered_.append(bytes, static_cast<size_t>(count));
  }
}

void Process::Signal(int number) const { kill(pid_, number); }

int Process::Wait(int seconds_max) {
  if (pid_ <= 0) return -1;
  const int exit_code = WaitUntil(pid_, In(seconds_max));
  if (exit_code >= 0) pid_ = -1;
  return exit_code;
}

}  // namespace dealog::e2e
