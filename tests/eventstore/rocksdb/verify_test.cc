// `log verify`: a whole log is found whole, and every kind of damage done behind the log's back is
// found and named.
// Method: write a log, change rows directly in its RocksDB, verify, look for the sentence.

#include "eventstore/rocksdb/verify.h"

#include <fstream>
#include <functional>

#include "eventstore/base/crypto.h"
#include "eventstore/batch_codec.h"
#include "eventstore/bytes.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "tests/contracts/event_log_contract.h"
#include "tests/eventstore/rocksdb/log_folder.h"

namespace dealog::eventstore {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// Two tenants, several streams, a request, an eventless commit, keys taken, moved and freed.
void WriteSample(const std::string& path) {
  auto log = OpenRocksDbLog({.path = path, .partition_count = 2}).value();
  for (int i = 0; i < 5; ++i) {
    for (const char* tenant : {"acme", "other", "third"}) {
      NewCommit commit = MakeCommit(
          tenant, {MakeEvent("deal/1", "DealMoved"), MakeEvent("contact/a", "ContactUpdated"),
                   MakeEvent("deal/1", "DealMoved")});
      commit.request = MakeRequest("r" + std::to_string(i));
      if (i % 2 == 0) commit.claims = {MakeUnique("contact.email", 'x', "contact/a")};
      if (i % 2 == 1) commit.releases = {MakeUnique("contact.email", 'x', "contact/a")};
      ASSERT_TRUE(AppendOne(*log, commit).ok());
    }
  }
  NewCommit eventless = MakeCommit("acme", {});
  eventless.request = MakeRequest("again");
  ASSERT_TRUE(AppendOne(*log, eventless).ok());
}

LogVerifyReport Verify(const std::string& path) {
  auto report = VerifyRocksDbLog(path, {.now_us = 1});  // No request has expired.
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *std::move(report) : LogVerifyReport{};
}

TEST(VerifyLog, FindsAWholeLogWhole) {
  LogFolder folder;
  WriteSample(folder.path());
  int told = 0;
  const auto report = VerifyRocksDbLog(folder.path(), {.progress = [&](const LogVerifyReport& now) {
                                         ++told;
                                         EXPECT_LE(now.steps, now.steps_total);
                                         return absl::OkStatus();
                                       }});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_TRUE(report->ok());
  EXPECT_EQ(report->batches, 16u);
  EXPECT_EQ(report->commits, 16u);
  EXPECT_EQ(report->events, 45u);
  EXPECT_GT(report->index_rows, 16u * 3);
  EXPECT_GT(told, 0);
  EXPECT_TRUE(OpenRocksDbLog({.path = folder.path(), .partition_count = 2}).ok())
      << "verifying lets go of the folder";
}

TEST(VerifyLog, FindsAnEmptyLogWhole) {
  LogFolder folder;
  ASSERT_TRUE(OpenRocksDbLog({.path = folder.path()}).ok());
  EXPECT_TRUE(Verify(folder.path()).ok());
}

TEST(VerifyLog, RefusesAFolderInUseOrWithoutALog) {
  LogFolder folder;
  EXPECT_EQ(VerifyRocksDbLog(folder.path(), {}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  auto log = OpenRocksDbLog({.path = folder.path()}).value();
  const auto in_use = VerifyRocksDbLog(folder.path(), {});
  EXPECT_EQ(in_use.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(in_use.status().message()), HasSubstr("in use"));
}

void Put(const LogDatabase& database, Family family, const std::string& key,
         const std::string& value) {
  ASSERT_TRUE(database.db().Put({}, database.family(family), key, value).ok());
}

void Remove(const LogDatabase& database, Family family, const std::string& key) {
  ASSERT_TRUE(database.Get(family, key)->has_value()) << "the test names a row that is not there";
  ASSERT_TRUE(database.db().Delete({}, database.family(family), key).ok());
}

std::string StreamKey(uint64_t revision) {
  return NumberedKey(StreamPrefix("acme", "deal", "1"), revision);
}

PartitionId PartitionOfAcme(const LogDatabase& database) {
  const std::string row = database.Get(Family::kTenants, TenantPrefix("acme"))->value();
  return PartitionId{LoadBig<uint32_t>(row.data())};
}

std::string BatchKey(const LogDatabase& database, uint64_t number) {
  return NumberedKey(PartitionPrefix(PartitionOfAcme(database)), number);
}

// Puts a commit with a right CRC in place of position 6 of acme (its second commit).
void ReplaceCommit(const LogDatabase& database,
                   const std::function<void(std::string& bytes)>& edit) {
  const std::string key = CommitKey("acme", 6, 0);
  std::string bytes = database.Get(Family::kCommits, key)->value();
  bytes.resize(bytes.size() - 4);
  edit(bytes);
  AppendBig(bytes, base::Crc32c(bytes, base::Crc32c(key)));
  Put(database, Family::kCommits, key, bytes);
}

struct Damage {
  std::string name;
  std::string message;
  std::function<void(const LogDatabase&)> spoil;
};

std::vector<Damage> DamagedRecords() {
  return {
      {"bit of a commit", "tenant acme position 6: the CRC32C",
       [](const LogDatabase& database) {
         const std::string key = CommitKey("acme", 6, 0);
         std::string value = database.Get(Family::kCommits, key)->value();
         value[value.size() / 2] ^= 4;
         Put(database, Family::kCommits, key, value);
       }},
      {"commit removed", "tenant acme position 6: it is missing",
       [](const LogDatabase& database) {
         Remove(database, Family::kCommits, CommitKey("acme", 6, 0));
       }},
      {"commits swapped", "tenant acme position 6: the CRC32C",
       [](const LogDatabase& database) {
         const std::string six = database.Get(Family::kCommits, CommitKey("acme", 6, 0))->value();
         const std::string nine = database.Get(Family::kCommits, CommitKey("acme", 9, 0))->value();
         Put(database, Family::kCommits, CommitKey("acme", 6, 0), nine);
         Put(database, Family::kCommits, CommitKey("acme", 9, 0), six);
       }},
      {"forged payload", "tenant acme position 6: its SHA-256 is not",
       [](const LogDatabase& database) {
         ReplaceCommit(database, [](std::string& bytes) { bytes[bytes.rfind("payload")] = 'P'; });
       }},
      {"commit of no batch", "row 0461636D6500000000000003E7 follows from no readable batch",
       [](const LogDatabase& database) {
         Put(database, Family::kCommits, CommitKey("acme", 999, 0), "x");
       }},
      {"batch removed", "expected batch 2, found 3",
       [](const LogDatabase& database) {
         Remove(database, Family::kBatches, BatchKey(database, 2));
       }},
      {"batch re-digested", "it does not name the digest of the one before",
       [](const LogDatabase& database) {
         storage::v1::BatchHeader header;
         const std::string key = BatchKey(database, 2);
         ASSERT_TRUE(header.ParseFromString(database.Get(Family::kBatches, key)->value()));
         header.set_written_at_us(1);
         header.set_digest(BatchDigestOf(header));
         Put(database, Family::kBatches, key, header.SerializeAsString());
       }},
      {"batch damaged", "the header does not parse",
       [](const LogDatabase& database) {
         Put(database, Family::kBatches, BatchKey(database, 2), "\xff\xff");
       }},
  };
}

std::vector<Damage> DamagedIndexes() {
  const auto removed = [](std::string name, Family family, std::string key) {
    return Damage{name + " row removed", "family " + name + ": row ",
                  [=](const LogDatabase& database) { Remove(database, family, key); }};
  };
  const std::string hash(32, 'x');
  return {
      removed("streams", Family::kStreams, StreamKey(4)),
      removed("types", Family::kTypes, NumberedKey(TypePrefix("acme", "DealMoved"), 6)),
      removed("requests", Family::kRequests, RequestKey("acme", "user:ada", "r1")),
      removed("uniques", Family::kUniques, UniqueKeyBytes("acme", "contact.email", hash)),
      removed("tenants", Family::kTenants, TenantPrefix("acme")),
      {"stream row beside", "family streams: row ",
       [](const LogDatabase& database) {
         Put(database, Family::kStreams, StreamKey(77), std::string(8, '\0'));
       }},
      {"type row beside", "family types: row ",
       [](const LogDatabase& database) {
         Put(database, Family::kTypes, NumberedKey(TypePrefix("acme", "Ghost"), 6), "");
       }},
      {"stream row elsewhere", "has another value than follows from its batch",
       [](const LogDatabase& database) {
         Put(database, Family::kStreams, StreamKey(4), std::string(8, '\1'));
       }},
      {"request row changed", "family requests: row ",
       [](const LogDatabase& database) {
         Put(database, Family::kRequests, RequestKey("acme", "user:ada", "r1"), "");
       }},
      {"owner changed", "family uniques: row ",
       [hash](const LogDatabase& database) {
         Put(database, Family::kUniques, UniqueKeyBytes("acme", "contact.email", hash), "");
       }},
      {"time row beside", "family times: row ",
       [](const LogDatabase& database) {
         Put(database, Family::kTimes, NumberedKey(TenantPrefix("acme"), 1u << 30),
             std::string(8, '\0'));
       }},
  };
}

void ExpectFound(const std::vector<Damage>& damages) {
  for (const Damage& damage : damages) {
    LogFolder folder;
    WriteSample(folder.path());
    EditLog(folder.path(), damage.spoil);
    const LogVerifyReport report = Verify(folder.path());
    EXPECT_FALSE(report.ok()) << damage.name;
    EXPECT_THAT(report.problems, Contains(HasSubstr(damage.message))) << damage.name;
    EXPECT_EQ(report.problem_count, report.problems.size());
  }
}

TEST(VerifyLog, FindsDamagedRecords) { ExpectFound(DamagedRecords()); }
TEST(VerifyLog, FindsDamagedIndexes) { ExpectFound(DamagedIndexes()); }

// Flips a byte of the first block of the family's table files, where its rows are.
void DamageTables(const std::string& path, Family family) {
  std::vector<rocksdb::LiveFileMetaData> files;
  EditLog(path, [&](const LogDatabase& database) {
    ASSERT_TRUE(database.db().Flush({}, database.family(family)).ok());
    database.db().GetLiveFilesMetaData(&files);
  });
  int damaged = 0;
  for (const rocksdb::LiveFileMetaData& meta : files) {
    if (meta.column_family_name != FamilyName(family)) continue;
    ++damaged;
    std::fstream file(meta.db_path + meta.name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(10);
    const char byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(10);
    file.put(byte);
  }
  ASSERT_GT(damaged, 0);
}

TEST(VerifyLog, FindsDamagedTablesOfEveryFamilyAndGoesOnBehindThem) {
  for (const Family family :
       {Family::kCommits, Family::kBatches, Family::kStreams, Family::kTypes, Family::kTimes,
        Family::kRequests, Family::kUniques, Family::kTenants}) {
    const std::string name(FamilyName(family));
    LogFolder folder;
    WriteSample(folder.path());
    DamageTables(folder.path(), family);
    EditLog(folder.path(), [&](const LogDatabase& database) {
      // Damage beside, of a family that can be read.
      const Family other = family == Family::kTypes ? Family::kUniques : Family::kTypes;
      Put(database, other, "beside", "x");
    });
    const LogVerifyReport report = Verify(folder.path());
    EXPECT_THAT(report.problems, Contains(AllOf(HasSubstr("table file "),
                                                HasSubstr("(family " + name + "): Corruption"))))
        << name;
    if (family == Family::kBatches) {
      EXPECT_THAT(report.problems, Contains(HasSubstr("were not compared")));
    } else if (family == Family::kCommits) {
      EXPECT_THAT(report.problems, Contains(HasSubstr("tenant acme position 6: it can't be read")));
      EXPECT_THAT(report.problems, Contains(HasSubstr("may be those of the 16 commits")));
    } else {
      EXPECT_THAT(report.problems, Contains(HasSubstr("626573696465"))) << name << ": row beside";
    }
    EXPECT_LT(report.problem_count, 100u) << name;
  }
}

TEST(VerifyLog, ReportsALogThatIsTooDamagedToBeOpened) {
  LogFolder folder;
  WriteSample(folder.path());
  std::ofstream(folder.path() + "/CURRENT") << "nonsense";
  const LogVerifyReport report = Verify(folder.path());
  EXPECT_THAT(report.problems,
              testing::ElementsAre(AllOf(HasSubstr(folder.path()), HasSubstr("is damaged"))));
}

TEST(VerifyLog, NamesTheMissingRow) {
  LogFolder folder;
  WriteSample(folder.path());
  EditLog(folder.path(),
          [](const LogDatabase& database) { Remove(database, Family::kStreams, StreamKey(4)); });
  const LogVerifyReport report = Verify(folder.path());
  EXPECT_THAT(report.problems, Contains(AllOf(HasSubstr(ToSlice(StreamKey(4)).ToString(true)),
                                              HasSubstr("is missing"))));
  // The row behind it now follows another revision than its commit says.
  EXPECT_THAT(report.problems, Contains(HasSubstr("follows revision 4, expected")));
  EXPECT_EQ(report.problems.size(), 2u);
}

}  // namespace
}  // namespace dealog::eventstore
