#include "services/server/signals.h"

#include <unistd.h>

#include <csignal>

#include "eventstore/base/check.h"

namespace dealog::server {
namespace {

sigset_t EndingSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void BlockSignals() {
  const sigset_t set = EndingSignals();
  DEALOG_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0) << "can't block signals";
  std::signal(SIGPIPE, SIG_IGN);
}

int WaitForSignal() {
  const sigset_t set = EndingSignals();
  int number = 0;
  DEALOG_CHECK(sigwait(&set, &number) == 0) << "can't wait for signals";
  return number;
}

void RequestStop() { kill(getpid(), SIGTERM); }

}  // namespace dealog::server
