#include "tests/eventstore/merkle/rocksdb/forge.h"

#include "eventstore/base/check.h"
#include "eventstore/base/crypto.h"
#include "eventstore/batch_codec.h"
#include "eventstore/bytes.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "rocksdb/write_batch.h"
#include "tests/eventstore/rocksdb/log_folder.h"
#include "tests/support/event_log_commits.h"
#include "tests/support/manual_clock.h"

namespace dealog::eventstore {
namespace {

constexpr size_t kCrcBytes = 4;

void Put(const LogDatabase& database, Family family, std::string_view key,
         const std::string& value) {
  DEALOG_CHECK(database.db().Put({}, database.family(family), ToSlice(key), ToSlice(value)).ok());
}

// Every batch as its commits are now.
void RewriteChain(const LogDatabase& database) {
  PrefixRows rows(database, Family::kBatches, PartitionPrefix({0}));
  std::string previous(kDigestBytes, '\0');
  for (rows.Seek(0); rows.Valid(); rows.Next()) {
    storage::v1::BatchHeader header;
    DEALOG_CHECK(header.ParseFromString(std::string(rows.value())));
    for (storage::v1::CommitDigest& commit : *header.mutable_commits()) {
      const std::string row =
          database
              .Get(Family::kCommits, CommitKey(commit.tenant(), commit.last_position(),
                                               commit.eventless_recorded_at_us()))
              .value()
              .value();
      const std::string_view bytes(row.data(), row.size() - kCrcBytes);
      commit.set_sha256(std::string(base::AsView(base::Sha256(bytes))));
    }
    header.set_previous_digest(previous);
    header.set_digest(BatchDigestOf(header));
    previous = header.digest();
    Put(database, Family::kBatches, rows.key(), header.SerializeAsString());
  }
}

}  // namespace

void WriteHistory(const std::string& log_path, const std::vector<NewCommit>& commits) {
  const dealog::testing::ManualClock clock(1'700'000'000'000'000);
  auto log = OpenRocksDbLog({.path = log_path, .clock = &clock});
  DEALOG_CHECK_OK(log);
  for (const NewCommit& commit : commits) DEALOG_CHECK_OK(AppendOne(**log, commit));
}

void ForgeHistory(const std::string& log_path, const std::vector<NewCommit>& commits) {
  LogFolder elsewhere;
  WriteHistory(elsewhere.path(), commits);
  const auto from = LogDatabase::Open({.path = elsewhere.path(), .block_cache_bytes = 1 << 20});
  DEALOG_CHECK_OK(from);
  EditLog(log_path, [&](const LogDatabase& into) {
    for (size_t i = 0; i < kFamilyCount; ++i) {
      const Family family = static_cast<Family>(i);
      rocksdb::WriteBatch rows;
      const std::unique_ptr<rocksdb::Iterator> old(into.db().NewIterator({}, into.family(family)));
      for (old->SeekToFirst(); old->Valid(); old->Next()) {
        DEALOG_CHECK(rows.Delete(into.family(family), old->key()).ok());
      }
      const std::unique_ptr<rocksdb::Iterator> forged(
          (*from)->db().NewIterator({}, (*from)->family(family)));
      for (forged->SeekToFirst(); forged->Valid(); forged->Next()) {
        DEALOG_CHECK(rows.Put(into.family(family), forged->key(), forged->value()).ok());
      }
      DEALOG_CHECK(into.db().Write({}, &rows).ok());
    }
  });
}

void ChangeCommitBytes(const LogDatabase& database, const std::string& tenant, size_t n,
                       const std::function<void(std::string& bytes)>& edit) {
  PrefixRows rows(database, Family::kCommits, TenantPrefix(tenant));
  rows.Seek(0);
  for (size_t i = 0; i < n && rows.Valid(); ++i) rows.Next();
  DEALOG_CHECK(rows.Valid());
  const std::string key(rows.key());
  std::string bytes(rows.value());
  bytes.resize(bytes.size() - kCrcBytes);
  edit(bytes);
  AppendBig(bytes, base::Crc32c(bytes, base::Crc32c(key)));
  Put(database, Family::kCommits, key, bytes);
}

void ForgeCommitBytes(const LogDatabase& database, const std::string& tenant, size_t n,
                      const std::function<void(std::string& bytes)>& edit) {
  ChangeCommitBytes(database, tenant, n, edit);
  RewriteChain(database);
}

}  // namespace dealog::eventstore
