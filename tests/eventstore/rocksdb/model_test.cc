// Property: whatever is done to it, the RocksDB log answers as the memory log does.
// Method: seeded random operations on both, every answer compared; reopened at random. A failure
// names its seed.

#include <random>

#include "absl/strings/str_cat.h"
#include "eventstore/memory/memory_log.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "eventstore/rocksdb/verify.h"
#include "tests/contracts/event_log_contract.h"
#include "tests/eventstore/rocksdb/log_folder.h"

namespace dealog::eventstore {
namespace {

constexpr int kSeeds = 12;
constexpr int kOperations = 250;

class FixedClock : public base::Clock {
 public:
  int64_t NowMicros() const override { return 1234; }
};

class Pair {
 public:
  explicit Pair(uint32_t seed)
      : random_(seed),
        options_{.path = folder_.path(),
                 .partition_count = 2,
                 .clock = &clock_,
                 .ring_bytes = seed % 3 == 0 ? 0 : size_t{2000} << seed % 5,
                 .stream_heads = seed % 2 == 0 ? size_t{2} : size_t{100}} {
    Reopen();
  }

  void Step() {
    switch (Below(12)) {
      case 0:
        return Reopen();
      case 1:
      case 2:
      case 3:
      case 4:
        return Append();
      case 5:
      case 6:
        return ReadStream();
      case 7:
      case 8:
      case 9:
        return ReadTenant();
      case 10:
        return AskForKeys();
      default:
        return Follow();
    }
  }

  void VerifyFolder() {
    disk_log_.reset();
    const auto report = VerifyRocksDbLog(folder_.path(), {});
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->problems, testing::IsEmpty());
  }

 private:
  uint32_t Below(uint32_t bound) { return random_() % bound; }
  std::string Tenant() { return absl::StrCat("tenant", Below(3)); }
  std::string Stream() { return absl::StrCat(Below(3) == 0 ? "contact/" : "deal/", Below(6)); }
  std::string Type() { return absl::StrCat("Type", Below(4)); }
  Direction AnyDirection() { return Below(2) == 0 ? Direction::kForward : Direction::kBackward; }

  void Reopen() {
    disk_log_.reset();
    disk_log_ = OpenRocksDbLog(options_).value();
    memory_log_.reset();
    memory_log_ = MakeMemoryLog({.disk = memory_disk_, .clock = &clock_});
  }

  NewCommit AnyCommit(const std::string& tenant) {
    NewCommit commit = MakeCommit(tenant, {}, Below(2000));
    for (uint32_t i = Below(6); i > 0; --i) {
      commit.events.push_back(MakeEvent(Stream(), Type(), std::string(Below(200), 'p')));
    }
    if (commit.events.empty() || Below(3) == 0) {
      commit.request = MakeRequest(absl::StrCat("r", Below(20)), absl::StrCat("user:", Below(2)));
    }
    for (uint32_t i = Below(3); i > 0; --i) {
      commit.conditions.push_back(
          {MakeStream(Stream()), static_cast<StreamCondition::Kind>(Below(4)), Revision{Below(8)}});
    }
    const auto key = [&] {
      return MakeUnique("contact.email", static_cast<char>('a' + Below(4)), Stream());
    };
    if (Below(4) == 0) commit.releases = {key()};
    if (Below(4) == 0) commit.claims = {key(), key()};
    if (Below(2) == 0) commit.subject = MakeStream(Stream());
    return commit;
  }

  void Append() {
    const std::string tenant = Tenant();
    std::vector<NewCommit> commits;
    for (uint32_t i = 1 + Below(4); i > 0; --i) commits.push_back(AnyCommit(tenant));
    const auto on_disk = AppendAll(*disk_log_, commits);
    const auto in_memory = AppendAll(*memory_log_, commits);
    ASSERT_TRUE(on_disk.ok() && in_memory.ok());
    for (size_t i = 0; i < commits.size(); ++i) {
      // Without the payloads: metadata is a map, whose bytes have no order.
      ASSERT_EQ((*on_disk)[i].status().code(), (*in_memory)[i].status().code());
      ASSERT_EQ((*on_disk)[i].status().message(), (*in_memory)[i].status().message());
      ASSERT_EQ(base::ReasonOf((*on_disk)[i].status()), base::ReasonOf((*in_memory)[i].status()));
      if (!(*on_disk)[i].ok()) continue;
      EXPECT_EQ((*on_disk)[i]->first, (*in_memory)[i]->first);
      EXPECT_EQ((*on_disk)[i]->last, (*in_memory)[i]->last);
      EXPECT_EQ((*on_disk)[i]->recorded_at_us, (*in_memory)[i]->recorded_at_us);
      EXPECT_EQ((*on_disk)[i]->subject_revision, (*in_memory)[i]->subject_revision);
    }
    const PartitionId partition = disk_log_->PartitionOf(TenantId{tenant});
    EXPECT_EQ(disk_log_->BatchHead(partition).number, memory_log_->BatchHead(partition).number);
    EXPECT_EQ(disk_log_->BatchHead(partition).digest, memory_log_->BatchHead(partition).digest);
    EXPECT_EQ(disk_log_->Head(TenantId{tenant})->recorded_at_us,
              memory_log_->Head(TenantId{tenant})->recorded_at_us);
  }

  void ExpectSame(const absl::StatusOr<ReadPage>& a, const absl::StatusOr<ReadPage>& b) {
    EXPECT_EQ(Describe(a), Describe(b));
    EXPECT_EQ(a->read_to, b->read_to);
    EXPECT_EQ(a->end, b->end);
  }

  void ReadStream() {
    const TenantId tenant{Tenant()};
    const StreamId stream = MakeStream(Stream());
    const StreamReadOptions options{Revision{Below(30)}, AnyDirection(), 1 + Below(10)};
    ExpectSame(disk_log_->ReadStream(tenant, stream, options),
               memory_log_->ReadStream(tenant, stream, options));
    EXPECT_EQ(*disk_log_->StreamHead(tenant, stream), *memory_log_->StreamHead(tenant, stream));
  }

  void ReadTenant() {
    const TenantId tenant{Tenant()};
    TenantReadOptions options{Position{Below(150)}, AnyDirection(), {}, 1 + Below(20)};
    for (uint32_t i = Below(3); i > 0; --i) options.filter.streams.push_back(MakeStream(Stream()));
    for (uint32_t i = Below(3); i > 0; --i) options.filter.event_types.push_back(Type());
    if (Below(3) == 0) options.filter.stream_types = {"contact"};
    ExpectSame(disk_log_->ReadTenant(tenant, options), memory_log_->ReadTenant(tenant, options));
    const int64_t time = Below(3000);
    EXPECT_EQ(*disk_log_->PositionAt(tenant, time), *memory_log_->PositionAt(tenant, time));
  }

  void AskForKeys() {
    const TenantId tenant{Tenant()};
    const std::string hash(32, static_cast<char>('a' + Below(4)));
    EXPECT_EQ(*disk_log_->FindUnique(tenant, "contact.email", hash),
              *memory_log_->FindUnique(tenant, "contact.email", hash));
    const std::string caller = absl::StrCat("user:", Below(2));
    const std::string id = absl::StrCat("r", Below(20));
    const auto on_disk = *disk_log_->FindRequest(tenant, caller, id);
    const auto in_memory = *memory_log_->FindRequest(tenant, caller, id);
    ASSERT_EQ(on_disk.has_value(), in_memory.has_value());
    if (!on_disk) return;
    EXPECT_EQ(on_disk->SerializeAsString(), in_memory->SerializeAsString());
  }

  // Bytes of every commit after a place.
  static std::vector<std::string> Everything(EventLog& log, PartitionId partition,
                                             BatchNumber after) {
    std::vector<std::string> bytes;
    auto subscription = log.SubscribePartition(partition, after).value();
    for (auto page = subscription->Poll(3000); !page->items.empty();
         page = subscription->Poll(3000)) {
      for (const BatchPtr& batch : page->items) {
        for (const CommitPtr& commit : batch->commits) bytes.emplace_back(commit->bytes());
      }
    }
    return bytes;
  }

  void Follow() {
    const PartitionId partition{Below(2)};
    const BatchNumber after{Below(disk_log_->BatchHead(partition).number.value + 1)};
    EXPECT_EQ(Everything(*disk_log_, partition, after), Everything(*memory_log_, partition, after));
  }

  std::mt19937 random_;
  FixedClock clock_;
  LogFolder folder_;
  RocksDbLogOptions options_;
  std::shared_ptr<MemoryDisk> memory_disk_ = std::make_shared<MemoryDisk>(2);
  std::unique_ptr<EventLog> disk_log_;
  std::unique_ptr<EventLog> memory_log_;
};

TEST(RocksDbLogModel, AnswersAsTheMemoryLog) {
  for (uint32_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Pair pair(seed);
    for (int i = 0; i < kOperations && !testing::Test::HasFailure(); ++i) pair.Step();
    pair.VerifyFolder();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace dealog::eventstore
