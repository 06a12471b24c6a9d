#include "eventstore/rocksdb/engine_stats.h"

#include "rocksdb/metadata.h"
#include "rocksdb/statistics.h"

namespace dealog::eventstore {
namespace {

using Properties = rocksdb::DB::Properties;

EngineFamilyStats ReadFamily(const LogDatabase& database, Family family) {
  rocksdb::ColumnFamilyMetaData meta;
  database.db().GetColumnFamilyMetaData(database.family(family), &meta);
  EngineFamilyStats stats{.name = meta.name};
  for (const rocksdb::LevelMetaData& level : meta.levels) {
    stats.level_files.push_back(level.files.size());
    stats.level_bytes.push_back(level.size);
  }
  stats.memtable_bytes = EngineProperty(database, family, Properties::kCurSizeAllMemTables);
  stats.memtables_to_flush = EngineProperty(database, family, Properties::kNumImmutableMemTable);
  stats.compaction_pending_bytes =
      EngineProperty(database, family, Properties::kEstimatePendingCompactionBytes);
  return stats;
}

}  // namespace

uint64_t EngineProperty(const LogDatabase& database, Family family, const std::string& property) {
  uint64_t value = 0;
  database.db().GetIntProperty(database.family(family), property, &value);
  return value;
}

EngineStats ReadEngineStats(const LogDatabase& database) {
  EngineStats stats;
  for (size_t i = 0; i < kFamilyCount; ++i) {
    stats.families.push_back(ReadFamily(database, static_cast<Family>(i)));
  }
  // What is not a family's own is answered alike for each.
  const auto property = [&](const std::string& name) {
    return EngineProperty(database, Family::kCommits, name);
  };
  stats.block_cache_bytes = property(Properties::kBlockCacheUsage);
  stats.writes_stopped = property(Properties::kIsWriteStopped) != 0;
  stats.delayed_bytes_per_second = property(Properties::kActualDelayedWriteRate);
  stats.flushes_running = property(Properties::kNumRunningFlushes);
  stats.compactions_running = property(Properties::kNumRunningCompactions);
  const auto ticker = [&](rocksdb::Tickers which) {
    return database.statistics().getTickerCount(which);
  };
  stats.block_cache_hits = ticker(rocksdb::BLOCK_CACHE_HIT);
  stats.block_cache_misses = ticker(rocksdb::BLOCK_CACHE_MISS);
  stats.bytes_put = ticker(rocksdb::BYTES_WRITTEN);
  stats.wal_bytes_written = ticker(rocksdb::WAL_FILE_BYTES);
  stats.flush_bytes_written = ticker(rocksdb::FLUSH_WRITE_BYTES);
  stats.compaction_bytes_written = ticker(rocksdb::COMPACT_WRITE_BYTES);
  stats.compaction_bytes_read = ticker(rocksdb::COMPACT_READ_BYTES);
  stats.stall_us = ticker(rocksdb::STALL_MICROS);
  return stats;
}

}  // namespace dealog::eventstore
