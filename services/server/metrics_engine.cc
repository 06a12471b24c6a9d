#include <string>

#include "services/server/metrics.h"

namespace dealog::server {
namespace {

using eventstore::EngineFamilyStats;
using eventstore::EngineStats;
using telemetry::MetricFamilies;

double Number(uint64_t value) { return static_cast<double>(value); }

// Samples of one metric lie together, so one pass per metric.
void CollectFamilies(const EngineStats& engine, MetricFamilies& families) {
  for (const EngineFamilyStats& family : engine.families) {
    for (size_t level = 0; level < family.level_files.size(); ++level) {
      families.Gauge("dealog_rocksdb_level_files", "Table files, by family of rows and level.",
                     Number(family.level_files[level]),
                     {{"family", family.name}, {"level", std::to_string(level)}});
    }
  }
  for (const EngineFamilyStats& family : engine.families) {
    for (size_t level = 0; level < family.level_bytes.size(); ++level) {
      families.Gauge("dealog_rocksdb_level_bytes", "Their bytes.",
                     Number(family.level_bytes[level]),
                     {{"family", family.name}, {"level", std::to_string(level)}});
    }
  }
  for (const EngineFamilyStats& family : engine.families) {
    families.Gauge("dealog_rocksdb_memtable_bytes", "Bytes in memtables, by family.",
                   Number(family.memtable_bytes), {{"family", family.name}});
  }
  for (const EngineFamilyStats& family : engine.families) {
    families.Gauge("dealog_rocksdb_memtables_to_flush", "Full memtables that are not on disk yet.",
                   Number(family.memtables_to_flush), {{"family", family.name}});
  }
  for (const EngineFamilyStats& family : engine.families) {
    families.Gauge("dealog_rocksdb_compaction_pending_bytes",
                   "Bytes that compactions must rewrite.", Number(family.compaction_pending_bytes),
                   {{"family", family.name}});
  }
}

}  // namespace

void CollectEngine(const EngineStats& engine, MetricFamilies& families) {
  CollectFamilies(engine, families);
  families.Counter("dealog_rocksdb_put_bytes_total", "Bytes that the log handed to the engine.",
                   Number(engine.bytes_put));
  // Over what was put, these are the write amplification.
  const char* const written = "dealog_rocksdb_written_bytes_total";
  families.Counter(written, "Bytes written to disk, by what wrote them.",
                   Number(engine.wal_bytes_written), {{"by", "wal"}});
  families.Counter(written, "", Number(engine.flush_bytes_written), {{"by", "flush"}});
  families.Counter(written, "", Number(engine.compaction_bytes_written), {{"by", "compaction"}});
  families.Counter("dealog_rocksdb_compaction_read_bytes_total", "Bytes that compactions read.",
                   Number(engine.compaction_bytes_read));
  families.Counter("dealog_rocksdb_block_cache_hits_total", "Blocks found in memory.",
                   Number(engine.block_cache_hits));
  families.Counter("dealog_rocksdb_block_cache_misses_total", "Blocks read from files.",
                   Number(engine.block_cache_misses));
  families.Gauge("dealog_rocksdb_block_cache_bytes", "Bytes of cached blocks.",
                 Number(engine.block_cache_bytes));
  families.Counter("dealog_rocksdb_stall_seconds_total", "How long the engine held writes up.",
                   Number(engine.stall_us) / 1e6);
  families.Gauge("dealog_rocksdb_writes_stopped", "1 while the engine stops writes.",
                 engine.writes_stopped ? 1 : 0);
  families.Gauge("dealog_rocksdb_delayed_bytes_per_second",
                 "Rate to which the engine slows writes; 0 = not at all.",
                 Number(engine.delayed_bytes_per_second));
  families.Gauge("dealog_rocksdb_flushes_running", "Flushes under way.",
                 Number(engine.flushes_running));
  families.Gauge("dealog_rocksdb_compactions_running", "Compactions under way.",
                 Number(engine.compactions_running));
}

}  // namespace dealog::server
