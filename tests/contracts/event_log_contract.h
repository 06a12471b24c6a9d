#pragma once

// What every implementation of EventLog must do, as one suite that each runs whole:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, EventLogContract, testing::Values(LogFactory{...}), LogName);
//
// An implementation gives a factory of logs that can be closed and opened again, and whose writes
// and disk can be made to fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "eventstore/base/error.h"
#include "eventstore/event_log.h"
#include "tests/support/event_log_commits.h"

namespace dealog::eventstore {

// A log, and power over what it stands on.
class LogUnderTest {
 public:
  virtual ~LogUnderTest() = default;
  virtual EventLog& log() = 0;
  // Closes the log and opens what it left; with an error the log stays closed.
  virtual void Reopen() = 0;
  virtual void SetWritesFailing(bool failing) = 0;
  virtual void SetDiskLow(bool low) = 0;
};

struct LogFactory {
  std::string name;
  std::function<std::unique_ptr<LogUnderTest>(uint32_t partition_count)> make;
  // Live batches come from memory (false: the ring was made so small that all come from disk).
  bool live_from_ring = true;
};

inline std::string LogName(const testing::TestParamInfo<LogFactory>& info) {
  return info.param.name;
}

class EventLogContract : public testing::TestWithParam<LogFactory> {
 protected:
  EventLog& log() { return under_test_->log(); }
  LogUnderTest& under_test() { return *under_test_; }
  // Replaces the log by a new, empty one of so many partitions.
  void UsePartitions(uint32_t count) {
    under_test_.reset();
    under_test_ = GetParam().make(count);
  }

  const TenantId acme_{"acme"};
  const PartitionId partition_{0};

 private:
  std::unique_ptr<LogUnderTest> under_test_ = GetParam().make(1);
};

// Matches a status (or the status of a StatusOr) by code and reason.
MATCHER_P2(FailsWith, code, reason, "") {
  const absl::Status status = [&] {
    if constexpr (std::is_same_v<std::decay_t<arg_type>, absl::Status>) {
      return arg;
    } else {
      return arg.status();
    }
  }();
  *result_listener << status.ToString();
  return status.code() == code && base::ReasonOf(status) == reason;
}

}  // namespace dealog::eventstore
