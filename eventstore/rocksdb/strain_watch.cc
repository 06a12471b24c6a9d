#include "eventstore/rocksdb/strain_watch.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/keys.h"
#include "eventstore/log_errors.h"
#include "eventstore/rocksdb/engine_stats.h"
#include "eventstore/rocksdb/limits.h"

namespace dealog::eventstore {
namespace {

using Properties = rocksdb::DB::Properties;

constexpr char kLevel0Property[] = "rocksdb.num-files-at-level0";

std::string Of(const char* what, Family family) {
  const std::string_view name = FamilyName(family);
  return absl::StrCat(what, " of family ", base::View(name));
}

}  // namespace

StrainWatch::StrainWatch(const LogDatabase& database, DiskSpace& disk_space)
    : database_(database), disk_space_(disk_space) {
  for (size_t i = 0; i < kFamilyCount; ++i) {
    const rocksdb::Options options =
        database.db().GetOptions(database.family(static_cast<Family>(i)));
    limits_.push_back(
        {.level0_files =
             static_cast<uint64_t>(options.level0_slowdown_writes_trigger) - kLevel0Margin,
         .pending_bytes =
             options.soft_pending_compaction_bytes_limit / kStrainParts * (kStrainParts - 1),
         .memtables = static_cast<uint64_t>(options.max_write_buffer_number),
         .memtable_bytes = options.write_buffer_size / kStrainParts * (kStrainParts - 1)});
  }
}

absl::Status StrainWatch::Check() {
  const int64_t now = base::MonotonicMicros();
  int64_t due = next_look_us_.load(std::memory_order_relaxed);
  // One of those who ask at the same time looks; the others are told what was seen last.
  const bool look = now >= due && next_look_us_.compare_exchange_strong(
                                      due, now + kStrainCheckMicros, std::memory_order_relaxed);
  if (!look) {
    if (!strained()) return absl::OkStatus();
    base::MutexLock lock(mu_);
    return seen_;
  }
  absl::Status seen = disk_space_.Check();
  if (seen.ok()) seen = Look();
  base::MutexLock lock(mu_);
  seen_ = seen;
  strained_.store(!seen.ok(), std::memory_order_relaxed);
  return seen;
}

absl::Status StrainWatch::Look() const {
  const auto property = [&](const std::string& name) {
    return EngineProperty(database_, Family::kCommits, name);
  };
  if (property(Properties::kIsWriteStopped) != 0) {
    return Strained("the number of reasons to stop writes", 1, 1);
  }
  if (const uint64_t rate = property(Properties::kActualDelayedWriteRate); rate > 0) {
    return Strained("the rate in bytes per second to which writes are slowed", rate, 1);
  }
  for (size_t i = 0; i < kFamilyCount; ++i) RETURN_IF_ERROR(LookAt(static_cast<Family>(i)));
  return absl::OkStatus();
}

absl::Status StrainWatch::LookAt(Family family) const {
  const Limits& limits = limits_[static_cast<size_t>(family)];
  const auto property = [&](const std::string& name) {
    return EngineProperty(database_, family, name);
  };
  std::string text;
  uint64_t files = 0;
  database_.db().GetProperty(database_.family(family), kLevel0Property, &text);
  if (absl::SimpleAtoi(text, &files) && files >= limits.level0_files) {
    return Strained(Of("the number of files at level 0", family), files, limits.level0_files);
  }
  const uint64_t pending = property(Properties::kEstimatePendingCompactionBytes);
  if (limits.pending_bytes > 0 && pending >= limits.pending_bytes) {
    return Strained(Of("the number of bytes to compact", family), pending, limits.pending_bytes);
  }
  // The last memtable fills while all others wait to be flushed: once it is full, writes stop.
  const uint64_t bytes = property(Properties::kCurSizeActiveMemTable);
  if (property(Properties::kNumImmutableMemTable) + 1 >= limits.memtables &&
      bytes >= limits.memtable_bytes) {
    return Strained(Of("the number of bytes in the last free memtable", family), bytes,
                    limits.memtable_bytes);
  }
  return absl::OkStatus();
}

}  // namespace dealog::eventstore
