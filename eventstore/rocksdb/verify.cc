#include "eventstore/rocksdb/verify.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/status.h"
#include "eventstore/bytes.h"
#include "eventstore/rocksdb/folder_lock.h"
#include "eventstore/rocksdb/limits.h"
#include "eventstore/rocksdb/request_reclaim.h"
#include "eventstore/rocksdb/verify_batches.h"
#include "eventstore/rocksdb/verify_rows.h"
#include "eventstore/rocksdb/verify_tables.h"

namespace dealog::eventstore {
namespace {

// Rows whose sums are wrong are gathered by name, at most so many at once; the rest is counted.
constexpr uint64_t kRowsNamedMax = 200'000;

constexpr std::array kFamilies = {Family::kCommits, Family::kBatches, Family::kStreams,
                                  Family::kTypes,   Family::kTimes,   Family::kRequests,
                                  Family::kUniques, Family::kTenants};

// Rows that later batches may replace or delete.
bool MayChange(Family family) {
  return family == Family::kRequests || family == Family::kUniques || family == Family::kTenants;
}

// Commits and batches were compared when they were read; here it is only asked which there are.
std::string_view ComparedValue(const Row& row) {
  return row.family == Family::kCommits || row.family == Family::kBatches ? "" : row.value;
}

// Keys of different families in one set.
std::string Tagged(Family family, std::string_view key) {
  std::string tagged(1, static_cast<char>(family));
  return tagged.append(key);
}

std::string Name(Family family, std::string_view key) {
  return absl::StrCat("family ", std::string(FamilyName(family)), ": row ",
                      ToSlice(key).ToString(true));
}

// One verification. Thread safety: none.
class Verifier {
 public:
  Verifier(const LogDatabase& database, const LogVerifyOptions& options)
      : database_(database),
        now_us_(options.now_us != 0 ? options.now_us : base::SystemClock().NowMicros()),
        pace_(options, report_),
        walk_(database, options, report_, pace_),
        last_rows_(options.rows_in_memory_max) {}

  absl::StatusOr<LogVerifyReport> Run() {
    report_.steps_total = CountBatches();
    RETURN_IF_ERROR(VerifyTables(database_, report_, pace_));
    RETURN_IF_ERROR(walk_.Run(/*check=*/true, [this](const ExpectedRow& row) { Expect(row); }));
    if (!walk_.complete()) return WithoutIndexes();
    for (const RowSums& sums : expected_) report_.steps_total += sums.count();
    report_.steps_total += last_rows_.size();
    RETURN_IF_ERROR(CompareSums());
    RETURN_IF_ERROR(CompareLastRows());
    while (last_rows_.NextRange()) {
      report_.steps_total += report_.batches;
      RETURN_IF_ERROR(
          walk_.Run(/*check=*/false, [this](const ExpectedRow& row) { ExpectLast(row.row); }));
      RETURN_IF_ERROR(CompareLastRows());
    }
    RETURN_IF_ERROR(NameProblems());
    return Done();
  }

 private:
  struct Named {
    std::string value;
    uint64_t revision_before = 0;
    PartitionId partition;
    BatchNumber number;
    bool found = false;
  };

  absl::StatusOr<LogVerifyReport> WithoutIndexes() {
    report_.Add("the rows of the indexes were not compared: not every batch could be read");
    return Done();
  }

  // A row that follows from no batch that could be read. Where commits could not, their rows would
  // drown what else there is.
  void AddForeign(const Row& row) {
    const bool of_commits = row.family != Family::kCommits && row.family != Family::kBatches;
    if (of_commits && walk_.unreadable_commits() > 0) {
      ++foreign_rows_;
    } else {
      report_.Add(absl::StrCat(Name(row.family, row.key), " follows from no readable batch"));
    }
  }

  absl::StatusOr<LogVerifyReport> Done() {
    if (foreign_rows_ > 0) {
      report_.Add(absl::StrCat(foreign_rows_,
                               " rows of indexes follow from no readable batch; they may be those "
                               "of the ",
                               walk_.unreadable_commits(), " commits that can't be read"));
    }
    report_.steps_total = report_.steps;
    RETURN_IF_ERROR(pace_.Tell());
    return std::move(report_);
  }

  uint64_t CountBatches() const {
    uint64_t count = 0;
    for (uint32_t i = 0; i < database_.partition_count(); ++i) {
      PrefixRows rows(database_, Family::kBatches, PartitionPrefix(PartitionId{i}));
      rows.SeekToLast();
      if (rows.Valid()) count += rows.number();
    }
    return count;
  }

  RowSums& Expected(Family family) { return expected_[static_cast<size_t>(family)]; }
  std::vector<size_t>& Suspicious(Family family) {
    return suspicious_[static_cast<size_t>(family)];
  }

  void Expect(const ExpectedRow& expected) {
    const Row& row = expected.row;
    if (row.family != Family::kBatches && row.family != Family::kCommits) ++report_.index_rows;
    if (MayChange(row.family)) return ExpectLast(row);
    Expected(row.family).Add(row.key, ComparedValue(row), expected.revision_before);
  }

  void ExpectLast(const Row& row) {
    if (!MayChange(row.family)) return;
    const std::string key = Tagged(row.family, row.key);
    // What has expired may be gone at any time.
    if (row.deleted || (row.family == Family::kRequests && HasExpired(row.value, now_us_))) {
      last_rows_.Remove(key);
    } else {
      last_rows_.Take(key, row.value);
    }
  }

  // Calls `row` with what there is, for a row of streams also with its stream's revision before.
  // Damage that ends it is in the report, and the family in unreadable_.
  template <typename Function>
  absl::Status EachRow(Family family, Function row) {
    if (unreadable_.contains(family)) return absl::OkStatus();
    PrefixRows rows(database_, family, "");
    std::string stream;
    uint64_t revision = 0;
    uint64_t position = 0;
    for (rows.SeekKey(""); rows.Valid(); rows.Next()) {
      uint64_t before = 0;
      if (family == Family::kStreams && rows.key().size() > sizeof(uint64_t)) {
        const size_t prefix_size = rows.key().size() - sizeof(uint64_t);
        const std::string_view prefix = rows.key().substr(0, prefix_size);
        const bool same = prefix == stream;
        const uint64_t at = ByteReader(rows.value()).Big<uint64_t>();
        if (same && at <= position)
          before = UINT64_MAX;  // Out of order: equal to nothing.
        else if (same)
          before = revision;
        if (!same) stream = prefix;
        revision = NumberIn(rows.key(), prefix_size);
        position = at;
      }
      row(Row{family, rows.key(), rows.value()}, before);
      RETURN_IF_ERROR(pace_.Step(rows.key().size() + rows.value().size()));
    }
    const absl::Status read = rows.status();
    if (!absl::IsDataLoss(read)) return read;
    unreadable_.insert(family);
    report_.Add(absl::StrCat("family ", std::string(FamilyName(family)),
                             ": its rows can't be compared: ", std::string(read.message())));
    return absl::OkStatus();
  }

  absl::Status CompareSums() {
    for (const Family family : kFamilies) {
      if (MayChange(family)) continue;
      RowSums there;
      RETURN_IF_ERROR(EachRow(family, [&](const Row& row, uint64_t before) {
        there.Add(row.key, ComparedValue(row), before);
      }));
      if (!unreadable_.contains(family)) Suspicious(family) = there.Differing(Expected(family));
    }
    return absl::OkStatus();
  }

  absl::Status CompareLastRows() {
    for (const Family family : kFamilies) {
      if (!MayChange(family)) continue;
      RETURN_IF_ERROR(EachRow(family, [&](const Row& row, uint64_t) { CompareLast(row); }));
    }
    // What is missing may be in a family that can't be read.
    if (!unreadable_.empty()) return absl::OkStatus();
    for (const uint64_t key : last_rows_.Missing(kProblemsListedMax)) missing_.insert(key);
    return absl::OkStatus();
  }

  void CompareLast(const Row& row) {
    switch (last_rows_.Found(Tagged(row.family, row.key), row.value)) {
      case LastRows::Match::kOutOfRange:
      case LastRows::Match::kEqual:
        return;
      case LastRows::Match::kOtherValue:
        return report_.Add(absl::StrCat(Name(row.family, row.key),
                                        " has another value than follows from its batch"));
      case LastRows::Match::kUnknown:
        if (row.family == Family::kRequests && HasExpired(row.value, now_us_) &&
            FollowsFromItsCommit(row)) {
          return;
        }
        return AddForeign(row);
    }
  }

  // A remembered request that has expired and was not reclaimed yet.
  bool FollowsFromItsCommit(const Row& row) const {
    storage::v1::RequestRecord record;
    if (!record.ParseFromArray(row.value.data(), static_cast<int>(row.value.size()))) return false;
    const std::string_view tenant = ByteReader(row.key).Prefixed<uint8_t>();
    const LogReader reader(database_);
    for (const int64_t eventless_at : {int64_t{0}, record.recorded_at_us()}) {
      const std::string key = CommitKey(tenant, record.last_position(), eventless_at);
      const auto commit = reader.ReadCommit(key);
      if (!commit.ok() || (*commit)->recorded_at_us() != record.recorded_at_us()) continue;
      storage::v1::BatchHeader alone;
      alone.add_commits();
      bool follows = false;
      Apply(alone, {&*commit, 1}, [&](const Row& made) {
        follows |= made.family == row.family && made.key == row.key && made.value == row.value;
      });
      return follows;
    }
    return false;
  }

  // Says which rows are wrong where so far only hashes were: goes through batches and rows again.
  absl::Status NameProblems() {
    uint64_t unnamed = ChooseNamed();
    bool any = !missing_.empty();
    for (const Family family : kFamilies) any |= !Suspicious(family).empty();
    if (!any) return absl::OkStatus();
    report_.steps_total += report_.batches;
    RETURN_IF_ERROR(walk_.Run(/*check=*/false, [this](const ExpectedRow& row) { Gather(row); }));
    for (const Family family : kFamilies) {
      if (Suspicious(family).empty()) continue;
      RETURN_IF_ERROR(
          EachRow(family, [&](const Row& row, uint64_t before) { CompareNamed(row, before); }));
    }
    for (const auto& [key, row] : named_) {
      if (row.found) continue;
      SayMissing(static_cast<Family>(key[0]), std::string_view(key).substr(1), row.partition,
                 row.number);
    }
    if (unnamed > 0) {
      report_.Add(absl::StrCat("more rows are wrong than can be named at once: about ", unnamed,
                               " further groups of rows differ; repair what is named, then verify "
                               "again"));
    }
    return absl::OkStatus();
  }

  // Leaves so many suspicious buckets that their rows can be gathered; returns how many it drops.
  uint64_t ChooseNamed() {
    uint64_t rows = 0;
    uint64_t dropped = 0;
    for (const Family family : kFamilies) {
      std::vector<size_t>& buckets = Suspicious(family);
      const auto fits = [&](size_t bucket) {
        rows += Expected(family).count(bucket);
        return rows <= kRowsNamedMax;
      };
      const auto end = std::find_if_not(buckets.begin(), buckets.end(), fits);
      dropped += static_cast<uint64_t>(buckets.end() - end);
      buckets.erase(end, buckets.end());
    }
    return dropped;
  }

  bool IsSuspicious(Family family, std::string_view key) {
    const std::vector<size_t>& buckets = Suspicious(family);
    return !buckets.empty() &&
           std::binary_search(buckets.begin(), buckets.end(), RowSums::BucketOf(key));
  }

  void Gather(const ExpectedRow& expected) {
    const Row& row = expected.row;
    if (MayChange(row.family)) {
      if (row.deleted || missing_.erase(LastRows::HashOfKey(Tagged(row.family, row.key))) == 0) {
        return;
      }
      return SayMissing(row.family, row.key, expected.partition, expected.number);
    }
    if (!IsSuspicious(row.family, row.key)) return;
    named_[Tagged(row.family, row.key)] = {.value = std::string(ComparedValue(row)),
                                           .revision_before = expected.revision_before,
                                           .partition = expected.partition,
                                           .number = expected.number};
  }

  void SayMissing(Family family, std::string_view key, PartitionId partition, BatchNumber number) {
    report_.Add(absl::StrCat(Name(family, key), " of batch ", number.value, " of partition ",
                             partition.value, " is missing"));
  }

  void CompareNamed(const Row& row, uint64_t before) {
    if (!IsSuspicious(row.family, row.key)) return;
    const auto expected = named_.find(Tagged(row.family, row.key));
    if (expected == named_.end()) return AddForeign(row);
    expected->second.found = true;
    if (expected->second.value != ComparedValue(row)) {
      report_.Add(absl::StrCat(Name(row.family, row.key),
                               " has another value than follows from its batch"));
    } else if (expected->second.revision_before != before) {
      report_.Add(absl::StrCat(Name(row.family, row.key), ": the stream's commit in batch ",
                               expected->second.number.value, " follows revision ",
                               expected->second.revision_before,
                               ", expected it to follow the stream's commit before it"));
    }
  }

  const LogDatabase& database_;
  const int64_t now_us_;
  LogVerifyReport report_;
  VerifyPace pace_;
  BatchWalk walk_;
  std::array<RowSums, kFamilyCount> expected_;                // By Family.
  std::array<std::vector<size_t>, kFamilyCount> suspicious_;  // Buckets, by Family.
  LastRows last_rows_;                                        // Tagged.
  uint64_t foreign_rows_ = 0;
  absl::flat_hash_set<Family> unreadable_;  // To their end.
  absl::flat_hash_set<uint64_t> missing_;   // LastRows::HashOfKey.
  std::map<std::string, Named> named_;      // Tagged.
};

}  // namespace

absl::StatusOr<LogVerifyReport> VerifyRocksDbLog(const std::string& path,
                                                 const LogVerifyOptions& options) {
  FolderLock lock(path);
  RETURN_IF_ERROR(lock.Take());
  const auto database =
      LogDatabase::Open({.path = path, .block_cache_bytes = kBlockCacheBytes, .read_only = true});
  if (absl::IsDataLoss(database.status())) {
    LogVerifyReport report;
    report.Add(std::string(database.status().message()));
    return report;
  }
  RETURN_IF_ERROR(database.status());
  return Verifier(**database, options).Run();
}

absl::StatusOr<LogVerifyReport> VerifyLog(const LogDatabase& database,
                                          const LogVerifyOptions& options) {
  const std::unique_ptr<LogDatabase> now = database.Snapshot();
  return Verifier(*now, options).Run();
}

}  // namespace dealog::eventstore
