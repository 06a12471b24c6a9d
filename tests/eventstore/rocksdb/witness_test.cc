// Method: logs whose newest batches are taken away behind their back, by cutting the write-ahead
// log as a disk does that lied about its syncs, or by putting an older copy in place; the witness
// must refuse exactly those that lack a witnessed batch. The file's own faults by editing its
// bytes.

#include "eventstore/rocksdb/witness.h"

#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/crypto.h"
#include "eventstore/bytes.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "tests/contracts/event_log_contract.h"
#include "tests/eventstore/rocksdb/log_folder.h"

namespace dealog::eventstore {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using testing::HasSubstr;
using testing::IsEmpty;

std::string WitnessOf(const LogFolder& folder) { return folder.path() + ".witness/head"; }

HeadWitnessOptions EveryBatch(std::vector<std::string> files) {
  return {.files = std::move(files), .every_batch = true};
}

absl::StatusOr<std::unique_ptr<EventLog>> Open(const LogFolder& folder,
                                               HeadWitnessOptions witness) {
  return OpenRocksDbLog({.path = folder.path(), .witness = std::move(witness)});
}

void Append(EventLog& log, int batches, const std::string& payload = "payload") {
  for (int i = 0; i < batches; ++i) {
    ASSERT_TRUE(
        AppendOne(log, MakeCommit("acme", {MakeEvent("deal/1", "DealMoved", payload)})).ok());
  }
}

fs::path WriteAheadLog(const std::string& folder) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
  }
  return newest;
}

// The number in the file's newest slot.
uint64_t Witnessed(const std::string& file) {
  const auto opened = WitnessFile::Open(file);
  EXPECT_TRUE(opened.ok()) << opened.status();
  return (*opened)->found()->at(0).number.value;
}

void FlipByte(const std::string& path, size_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(byte);
}

PartitionHeads Heads(uint64_t number) {
  return {{.number = BatchNumber{number}, .digest = std::string(32, 'd'), .owner_epoch = 7}};
}

TEST(WitnessFile, RemembersTheNewestHeads) {
  LogFolder folder;
  const std::string path = WitnessOf(folder);
  for (uint64_t number = 1; number <= 5; ++number) {
    const auto file = WitnessFile::Open(path).value();
    EXPECT_EQ(file->found().has_value(), number > 1);
    ASSERT_TRUE(file->Write(Heads(number)).ok());
    ASSERT_TRUE(file->Write(Heads(number * 10)).ok());
    const auto found = WitnessFile::Open(path).value()->found().value();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].number.value, number * 10);
    EXPECT_EQ(found[0].owner_epoch, 7u);
    EXPECT_EQ(found[0].digest, std::string(32, 'd'));
  }
  EXPECT_EQ(fs::file_size(path), 2u * 4096) << "writes are made in place";
}

TEST(WitnessFile, HoldsManyPartitions) {
  LogFolder folder;
  PartitionHeads heads(200, Heads(3)[0]);
  ASSERT_TRUE(WitnessFile::Open(WitnessOf(folder)).value()->Write(heads).ok());
  EXPECT_EQ(WitnessFile::Open(WitnessOf(folder)).value()->found()->size(), 200u);
}

TEST(WitnessFile, AWriteThatWasCutOffLeavesTheOneBefore) {
  LogFolder folder;
  const std::string path = WitnessOf(folder);
  const auto file = WitnessFile::Open(path).value();
  ASSERT_TRUE(file->Write(Heads(1)).ok());  // First slot.
  ASSERT_TRUE(file->Write(Heads(2)).ok());  // Second slot.
  FlipByte(path, 4096 + 40);
  EXPECT_EQ(Witnessed(path), 1u);
  FlipByte(path, 4096 + 40);
  FlipByte(path, 40);
  EXPECT_EQ(Witnessed(path), 2u);
}

TEST(WitnessFile, DamageOfBothSlotsAndAnotherFormatAreRefused) {
  LogFolder folder;
  const std::string path = WitnessOf(folder);
  ASSERT_TRUE(WitnessFile::Open(path).value()->Write(Heads(1)).ok());
  FlipByte(path, 40);
  const auto damaged = WitnessFile::Open(path);
  EXPECT_THAT(damaged, FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD"));
  EXPECT_THAT(std::string(damaged.status().message()), HasSubstr(path));
  EXPECT_THAT(std::string(damaged.status().message()), HasSubstr("dealog log verify"));

  // A whole slot of format 2.
  std::string slot = "DLWT";
  AppendBig(slot, uint32_t{2});
  AppendBig(slot, uint64_t{1});
  AppendBig(slot, uint32_t{0});
  AppendBig(slot, base::Crc32c(slot));
  std::ofstream(path, std::ios::binary) << slot << slot;
  const auto newer = WitnessFile::Open(path);
  EXPECT_THAT(newer, FailsWith(StatusCode::kFailedPrecondition, "NOT_READY"));
  EXPECT_THAT(std::string(newer.status().message()), HasSubstr("of format 2, expected 1"));

  fs::remove(path);
  fs::create_directory(path);
  EXPECT_THAT(WitnessFile::Open(path), FailsWith(StatusCode::kFailedPrecondition, "NOT_READY"));
}

TEST(HeadWitness, ALogThatLostItsEndIsRefused) {
  LogFolder folder;
  uintmax_t size_at_three = 0;
  {
    auto log = Open(folder, EveryBatch({WitnessOf(folder)})).value();
    Append(*log, 3);
    size_at_three = fs::file_size(WriteAheadLog(folder.path()));
    Append(*log, 2);
  }
  EXPECT_EQ(Witnessed(WitnessOf(folder)), 5u);
  fs::resize_file(WriteAheadLog(folder.path()), size_at_three);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto opened = Open(folder, EveryBatch({WitnessOf(folder)}));
    ASSERT_THAT(opened, FailsWith(StatusCode::kDataLoss, "HEAD_LOST"));
    const std::string message(opened.status().message());
    EXPECT_THAT(message, HasSubstr("partition 0 ends at batch 3"));
    EXPECT_THAT(message, HasSubstr(WitnessOf(folder) + " saw batch 5 synced: 2 batches"));
    EXPECT_THAT(message, HasSubstr("Restore the folder from a backup"));
  }
  // What the message says goes on without them.
  fs::remove(WitnessOf(folder));
  auto log = Open(folder, EveryBatch({WitnessOf(folder)}));
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ((*log)->BatchHead(PartitionId{0}).number.value, 3u);
}

TEST(HeadWitness, ALogThatIsGoneIsRefused) {
  LogFolder folder;
  Append(*Open(folder, EveryBatch({WitnessOf(folder)})).value(), 2);
  fs::remove_all(folder.path());
  EXPECT_THAT(Open(folder, EveryBatch({WitnessOf(folder)})),
              FailsWith(StatusCode::kDataLoss, "HEAD_LOST"));
}

TEST(HeadWitness, AnotherHistoryIsRefused) {
  LogFolder folder;
  LogFolder other;
  Append(*Open(folder, EveryBatch({WitnessOf(folder)})).value(), 2, "this");
  Append(*Open(other, EveryBatch({WitnessOf(other)})).value(), 9, "other");
  const auto opened = Open(other, EveryBatch({WitnessOf(other), WitnessOf(folder)}));
  ASSERT_THAT(opened, FailsWith(StatusCode::kDataLoss, "HEAD_LOST"));
  EXPECT_THAT(std::string(opened.status().message()),
              HasSubstr("batch 2 of partition 0 (of 9) is not the one"));
  const auto count = OpenRocksDbLog({.path = folder.path() + ".new",
                                     .partition_count = 3,
                                     .witness = EveryBatch({WitnessOf(folder)})});
  EXPECT_THAT(count, FailsWith(StatusCode::kFailedPrecondition, "NOT_READY"));
  EXPECT_THAT(std::string(count.status().message()), HasSubstr("1 partitions, this one has 3"));
}

TEST(HeadWitness, AMissingOneIsSaidAndMade) {
  LogFolder folder;
  std::vector<std::string> said;
  HeadWitnessOptions options = EveryBatch({WitnessOf(folder)});
  options.say = [&](std::string_view what) { said.emplace_back(what); };
  Append(*Open(folder, options).value(), 2);
  EXPECT_THAT(said, IsEmpty()) << "a new log has no witness yet";
  fs::remove(WitnessOf(folder));
  ASSERT_TRUE(Open(folder, options).ok());
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0], HasSubstr(WitnessOf(folder) + " is missing"));
  EXPECT_EQ(Witnessed(WitnessOf(folder)), 2u);
}

TEST(HeadWitness, TheCopyOnAnotherDeviceIsAskedToo) {
  LogFolder folder;
  LogFolder device;
  const std::vector<std::string> files = {WitnessOf(folder), WitnessOf(device)};
  Append(*Open(folder, EveryBatch(files)).value(), 1);
  fs::copy(folder.path(), folder.path() + ".old", fs::copy_options::recursive);
  fs::copy(WitnessOf(folder), folder.path() + ".old.head");
  Append(*Open(folder, EveryBatch(files)).value(), 3);
  // The data folder as a whole is an older copy: its own witness agrees with it.
  fs::remove_all(folder.path());
  fs::rename(folder.path() + ".old", folder.path());
  fs::rename(folder.path() + ".old.head", WitnessOf(folder));
  EXPECT_TRUE(Open(folder, EveryBatch({WitnessOf(folder)})).ok());
  const auto opened = Open(folder, EveryBatch(files));
  ASSERT_THAT(opened, FailsWith(StatusCode::kDataLoss, "HEAD_LOST"));
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr(WitnessOf(device)));
}

TEST(HeadWitness, ACleanStopWitnessesTheNewest) {
  LogFolder folder;
  Append(*Open(folder, {.files = {WitnessOf(folder)}, .interval_us = 3'600'000'000}).value(), 4);
  EXPECT_EQ(Witnessed(WitnessOf(folder)), 4u);
}

// The window: batches may be lost unnoticed only while they are younger than the interval. Of
// copies taken while a writer runs, every cut behind the witness must be refused and every other
// one accepted; the age of the oldest batch beyond the witness is the window, which is printed.
TEST(HeadWitness, EveryLossBehindItIsRefusedAndTheWindowIsShort) {
  constexpr int64_t kIntervalMicros = 100'000;
  constexpr int64_t kSlackMicros = 400'000;  // Of a loaded machine's threads and syncs.
  LogFolder folder;
  LogFolder copy;
  std::mt19937 random(7);
  std::map<uint64_t, std::pair<uintmax_t, int64_t>> batches;  // Number: size of the WAL, time.
  int64_t window_us = 0;
  int refused = 0;
  int accepted = 0;
  auto log = Open(folder, {.files = {WitnessOf(folder)}, .interval_us = kIntervalMicros}).value();
  uint64_t number = 0;
  for (int round = 0; round < 12; ++round) {
    const int64_t until = base::MonotonicMicros() + 40'000 + random() % 120'000;
    while (base::MonotonicMicros() < until) {
      Append(*log, 1);
      batches[++number] = {fs::file_size(WriteAheadLog(folder.path())), base::MonotonicMicros()};
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    const int64_t now = base::MonotonicMicros();
    fs::remove_all(copy.path());
    fs::remove_all(copy.path() + ".witness");
    fs::copy(folder.path() + ".witness", copy.path() + ".witness", fs::copy_options::recursive);
    fs::copy(folder.path(), copy.path(), fs::copy_options::recursive);
    const uint64_t witnessed = Witnessed(WitnessOf(copy));
    ASSERT_LE(witnessed, number);
    const auto first_beyond = batches.find(witnessed + 1);
    if (first_beyond != batches.end()) {
      window_us = std::max(window_us, now - first_beyond->second.second);
    }
    const uint64_t keep = number - std::min<uint64_t>(number - 1, random() % 100);
    fs::resize_file(WriteAheadLog(copy.path()), batches[keep].first);
    const auto opened = Open(copy, {.files = {WitnessOf(copy)}});
    if (keep < witnessed) {
      ++refused;
      EXPECT_THAT(opened, FailsWith(StatusCode::kDataLoss, "HEAD_LOST")) << keep;
    } else {
      ++accepted;
      ASSERT_TRUE(opened.ok()) << opened.status();
      EXPECT_EQ((*opened)->BatchHead(PartitionId{0}).number.value, keep);
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(accepted, 0);
  EXPECT_LE(window_us, kIntervalMicros + kSlackMicros);
  std::printf(
      "head witness: interval %d ms, window measured %d ms, %d losses refused, %d starts "
      "without loss\n",
      static_cast<int>(kIntervalMicros / 1000), static_cast<int>(window_us / 1000), refused,
      accepted);
}

// Files can't be written while it lives.
class NoMoreWrites {
 public:
  NoMoreWrites() {
    old_handler_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    rlimit none = old_;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoMoreWrites() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  sighandler_t old_handler_ = nullptr;
};

absl::StatusOr<std::string> NoDigest(PartitionId, BatchNumber) { return std::string(32, '\0'); }

TEST(HeadWitness, WithEveryBatchAFailedWriteIsAnError) {
  LogFolder folder;
  auto witness = HeadWitness::Open(EveryBatch({WitnessOf(folder)}), Heads(0), NoDigest);
  ASSERT_TRUE(witness.ok()) << witness.status();
  absl::Status failed;
  {
    NoMoreWrites disk;
    failed = (*witness)->Synced(PartitionId{0}, Heads(1)[0]);
  }
  EXPECT_THAT(failed, FailsWith(StatusCode::kFailedPrecondition, "NOT_READY"));
  EXPECT_THAT(std::string(failed.message()), HasSubstr("can't write " + WitnessOf(folder)));
}

TEST(HeadWitness, AFailedWriteInTheBackgroundIsSaidOnceAndTriedAgain) {
  LogFolder folder;
  base::Mutex mu;
  std::vector<std::string> said;
  HeadWitnessOptions options{.files = {WitnessOf(folder)}, .interval_us = 1000};
  options.say = [&](std::string_view what) {
    base::MutexLock lock(mu);
    said.emplace_back(what);
  };
  const auto said_count = [&] {
    base::MutexLock lock(mu);
    return said.size();
  };
  auto witness = HeadWitness::Open(options, Heads(0), NoDigest).value();
  {
    NoMoreWrites disk;
    ASSERT_TRUE(witness->Synced(PartitionId{0}, Heads(1)[0]).ok());
    while (said_count() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  while (Witnessed(WitnessOf(folder)) == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(said_count(), 1u);
  EXPECT_THAT(said[0], HasSubstr("a loss of newer batches would not be noticed"));
}

}  // namespace
}  // namespace dealog::eventstore
