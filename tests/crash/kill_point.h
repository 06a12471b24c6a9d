#pragma once

// Where a victim of the crash tests kills itself, without a hook in the product:
//
//   before_write   a batch is staged, nothing of it was handed to the disk
//   before_sync    its bytes were handed over, none is synced
//   after_sync     the disk has them, the log does not know
//   before_publish the log knows, readers do not
//   before_reply   readers see them, the caller does not (crash_writer only)
//   table          in the middle of writing a table: a memtable flush or a compaction
//   manifest       in the middle of recording one

#include <signal.h>

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include "tests/crash/fault_file_system.h"

namespace dealog::eventstore {

// Kills the process the COUNT-th time that it comes to a point. Thread safety: yes.
class KillPoint {
 public:
  KillPoint(std::string point, int count) : point_(std::move(point)), left_(count) {}
  void Reach(std::string_view point) {
    if (point == point_ && --left_ == 0) raise(SIGKILL);
  }
  // As the file system's observer.
  void Observe(FileOperation operation, std::string_view file, bool done) {
    if (file.ends_with(".log")) {
      if (operation == FileOperation::kAppend) Reach("before_write");
      if (operation == FileOperation::kSync) Reach(done ? "after_sync" : "before_sync");
    } else if (operation == FileOperation::kAppend) {
      if (file.ends_with(".sst")) Reach("table");
      if (file.starts_with("MANIFEST")) Reach("manifest");
    }
  }

 private:
  const std::string point_;
  std::atomic<int> left_;
};

}  // namespace dealog::eventstore
