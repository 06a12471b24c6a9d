#pragma once

// Remembered requests that have expired take no space for ever: a compaction filter drops them. The
// sequencer alone decides what has expired; this only clears away what it ignores. Internal to this
// folder.

#include <cstdint>
#include <memory>
#include <string_view>

#include "eventstore/base/clock.h"
#include "rocksdb/compaction_filter.h"

namespace dealog::eventstore {

// True if the record's expiry is not after `now_us`. A record that does not parse never expires.
bool HasExpired(std::string_view record, int64_t now_us);

// Drops records that expired kRequestGraceMicros ago, so that a clock that was set back a little
// still finds what it must find. `clock` must outlive it.
std::shared_ptr<rocksdb::CompactionFilterFactory> MakeRequestReclaim(const base::Clock& clock);

}  // namespace dealog::eventstore
