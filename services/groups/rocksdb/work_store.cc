#include "services/groups/rocksdb/work_store.h"

#include <utility>

#include "eventstore/base/status.h"
#include "eventstore/side_db/side_db.h"

namespace dealog::groups {
namespace {

using eventstore::SideDb;
using eventstore::SideWrite;

constexpr size_t kBlockCacheBytes = 4 << 20;
constexpr size_t kMemtableBytes = 8 << 20;
constexpr int kOpenFilesMax = 64;
constexpr char kFormatKey[] = "F";
constexpr char kFormat[] = "1";

class SideWorkStore final : public WorkStore {
 public:
  explicit SideWorkStore(std::unique_ptr<SideDb> db) : db_(std::move(db)) {}

  absl::Status Write(const WorkWrite& write, bool sync) override {
    SideWrite rows;
    for (const std::string& prefix : write.dropped_prefixes) rows.DeletePrefix(prefix);
    for (const WorkWrite::Row& row : write.rows) {
      if (row.value) {
        rows.Put(row.key, *row.value);
      } else {
        rows.Delete(row.key);
      }
    }
    return db_->Write(rows, sync);
  }

  absl::Status Scan(
      std::string_view prefix,
      const std::function<absl::Status(std::string_view, std::string_view)>& row) const override {
    return db_->Scan(prefix, row);
  }

 private:
  const std::unique_ptr<SideDb> db_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WorkStore>> OpenWorkStore(const std::string& path) {
  ASSIGN_OR_RETURN(
      auto db, SideDb::Open(path, {.name = "consumer groups",
                                   .advice = "restore the folder from a copy, or move it away and "
                                             "create the groups anew",
                                   .format_key = kFormatKey,
                                   .format = kFormat,
                                   .block_cache_bytes = kBlockCacheBytes,
                                   .memtable_bytes = kMemtableBytes,
                                   .open_files_max = kOpenFilesMax,
                                   .damage = eventstore::SideDbDamage::kRefused}));
  return std::make_unique<SideWorkStore>(std::move(db));
}

}  // namespace dealog::groups
