// dealogd: everything of the server in one process.
//
// Standard output has one line, `ready HOST:PORT`, once it serves; logs go to standard error.
// Exit codes: 0 after SIGTERM or SIGINT, 1 if it could not start, 64 for a wrong command line,
// 70 if the log could not be written any more.

#include <atomic>
#include <cstdio>

#include "services/server/options.h"
#include "services/server/server.h"
#include "services/server/signals.h"

namespace {

constexpr int kStartFailedExit = 1;
constexpr int kFatalExit = 70;  // EX_SOFTWARE of sysexits.h.

}  // namespace

int main(int argc, char** argv) {
  using dealog::telemetry::Level;
  using dealog::telemetry::Log;

  dealog::server::BlockSignals();
  dealog::server::CommandLine line = dealog::server::ParseCommandLine(argc, argv);
  if (line.exit_code) {
    std::fputs(line.text.c_str(), *line.exit_code == 0 ? stdout : stderr);
    return *line.exit_code;
  }
  std::atomic<bool> fatal{false};
  line.options.on_fatal = [&fatal] {
    fatal = true;
    dealog::server::RequestStop();
  };
  dealog::telemetry::InitLogging(line.options.log_level, line.options.log_format);

  auto server = dealog::server::Start(line.options);
  if (!server.ok()) {
    Log(Level::kError, "can't start", {{"reason", std::string(server.status().message())}});
    return kStartFailedExit;
  }
  std::printf("ready %s\n", (*server)->address().c_str());
  std::fflush(stdout);

  const int number = dealog::server::WaitForSignal();
  Log(Level::kInfo, "signal received", {{"signal", static_cast<int64_t>(number)}});
  (*server)->Stop();
  return fatal ? kFatalExit : 0;
}
