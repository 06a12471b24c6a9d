#pragma once

// Keeps a verification at its rate and tells how far it is. Internal to this folder.

#include <cstdint>

#include "absl/status/status.h"
#include "eventstore/log_verify.h"

namespace dealog::eventstore {

// Thread safety: none.
class VerifyPace {
 public:
  VerifyPace(const LogVerifyOptions& options, LogVerifyReport& report);
  // A step that read so many bytes was done. An error, the progress function's, ends it all.
  absl::Status Step(uint64_t bytes);
  // Tells how far it is, whatever was told last.
  absl::Status Tell();

 private:
  const LogVerifyOptions& options_;
  LogVerifyReport& report_;
  const int64_t begin_us_;
  int64_t next_tell_us_ = 0;
  uint64_t bytes_unpaced_ = 0;
};

}  // namespace dealog::eventstore
