#pragma once

// What RocksDB says of itself, in the log's words. Internal to this folder.

#include "eventstore/log_stats.h"
#include "eventstore/rocksdb/database.h"

namespace dealog::eventstore {

// Some hundred microseconds, some of them under RocksDB's lock: for metrics, not per batch.
EngineStats ReadEngineStats(const LogDatabase& database);

// A whole number that RocksDB keeps of a family (rocksdb/db.h, DB::Properties); 0 if it has none.
uint64_t EngineProperty(const LogDatabase& database, Family family, const std::string& property);

}  // namespace dealog::eventstore
