#pragma once

// The checksums of every block of every table file. Internal to this folder.

#include "absl/status/status.h"
#include "eventstore/log_verify.h"
#include "eventstore/rocksdb/database.h"
#include "eventstore/rocksdb/verify_pace.h"

namespace dealog::eventstore {

// Reads each file that the database has now as a whole, past its cache of blocks and, as far as the
// operating system lets it, from the disk. Files that a compaction removes meanwhile are left out:
// the compaction has read them.
absl::Status VerifyTables(const LogDatabase& database, LogVerifyReport& report, VerifyPace& pace);

}  // namespace dealog::eventstore
