#include "tests/crash/fault_campaigns.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "eventstore/rocksdb/testing.h"
#include "eventstore/rocksdb/verify.h"
#include "tests/crash/fault_file_system.h"
#include "tests/eventstore/rocksdb/log_folder.h"
#include "tests/support/event_log_commits.h"

namespace dealog::eventstore {
namespace {

const TenantId kAcme{"acme"};
const PartitionId kPartition{0};

// One log through its lives, and what it has acknowledged.
class Victim {
 public:
  Victim(uint32_t seed, FaultReport& report) : random_(seed), seed_(seed), report_(report) {}

  std::shared_ptr<FaultFileSystem> NewDisk() { return disk_ = std::make_shared<FaultFileSystem>(); }
  ~Victim() {
    log_.reset();
    ForgetWitness();
  }
  // From now on every batch is witnessed, on a disk that does not fail.
  void KeepWitness() { witness_ = folder_.path() + ".witness"; }
  // The last witness that will survive is the one of now.
  BatchNumber SaveWitness() {
    std::filesystem::copy_file(witness_, witness_ + ".saved");
    return number_;
  }
  void RestoreWitness() { std::filesystem::rename(witness_ + ".saved", witness_); }
  void ForgetWitness() {
    if (witness_.empty()) return;
    std::filesystem::remove(witness_);
    witness_.clear();
  }

  absl::Status Open() {
    log_.reset();
    RocksDbLogOptions options{.path = folder_.path(), .stream_heads = 4};
    if (!witness_.empty()) options.witness = {.files = {witness_}, .every_batch = true};
    auto opened = OpenRocksDbLogForTest(options, {.file_system = disk_});
    if (!opened.ok()) return opened.status();
    log_ = *std::move(opened);
    return absl::OkStatus();
  }
  // Appends until it has done so often or it fails.
  absl::Status Append(uint32_t times) {
    for (; times > 0; --times) {
      NewCommit commit = MakeCommit(kAcme.value, {});
      for (uint32_t events = 1 + random_() % 3; events > 0; --events) {
        commit.events.push_back(
            MakeEvent(absl::StrCat("deal/", random_() % 9), "DealMoved",
                      absl::StrCat(seed_, "-", ++token_, "-", std::string(random_() % 2000, 'x'))));
      }
      const auto appended = AppendOne(*log_, commit);
      if (!appended.ok()) return appended.status();
      uint64_t position = appended->first.value;
      for (const NewEvent& event : commit.events) acknowledged_[position++] = event.payload;
      digest_ = log_->BatchHead(kPartition).digest;
      number_ = log_->BatchHead(kPartition).number;
      ++report_.acknowledged;
    }
    return absl::OkStatus();
  }
  void CutPower() {
    disk_->Crash();
    Close();
  }
  void Close() {
    log_.reset();
    report_.failures += disk_->failures();
    report_.lies += disk_->lies();
    report_.flips += disk_->flips();
  }
  // What a witness outside the log would say: is the newest acknowledged batch there?
  bool HeadIsThere() const {
    if (number_.value == 0) return true;
    const auto digest = log_->BatchDigest(kPartition, number_);
    return digest.ok() && *digest == digest_;
  }
  // Every acknowledged event is what it was. NOT_FOUND for one that is not there; a read that fails
  // is its error; INTERNAL for one that is another.
  absl::Status ReadAll() const {
    uint64_t read_to = 0;
    for (auto expected = acknowledged_.begin(); expected != acknowledged_.end();) {
      const auto page = log_->ReadTenant(kAcme, {.after = Position{read_to}});
      if (!page.ok()) return page.status();
      if (page->events.empty()) {
        return absl::NotFoundError(absl::StrCat("nothing at position ", expected->first));
      }
      for (const PageEvent& event : page->events) {
        read_to = event.position().value;
        if (expected == acknowledged_.end() || read_to > expected->first) break;
        if (expected->first != read_to) continue;  // Written, but its answer was lost.
        if (event.view().payload != expected->second) {
          return absl::InternalError(absl::StrCat("another event at position ", read_to));
        }
        ++expected;
      }
      if (expected != acknowledged_.end() && read_to > expected->first) {
        return absl::InternalError(absl::StrCat("a gap at position ", expected->first));
      }
    }
    return absl::OkStatus();
  }
  // Problems that the log's own verification finds.
  std::string Verify() {
    log_.reset();
    const auto verified = VerifyRocksDbLog(folder_.path(), {});
    if (!verified.ok()) return verified.status().ToString();
    return verified->problems.empty() ? "" : verified->problems.front();
  }

  BatchNumber head() const { return log_->BatchHead(kPartition).number; }
  std::string folder() const { return folder_.path(); }
  EventLog& log() { return *log_; }
  std::mt19937& random() { return random_; }
  void Problem(std::string_view what) {
    report_.problems.push_back(absl::StrCat("seed ", seed_, ": ", base::View(what)));
  }

 private:
  LogFolder folder_;
  std::string witness_;  // Its file; empty: none is kept.
  std::mt19937 random_;
  const uint32_t seed_;
  FaultReport& report_;
  std::shared_ptr<FaultFileSystem> disk_;
  std::unique_ptr<EventLog> log_;
  std::map<uint64_t, std::string> acknowledged_;  // Payloads by position.
  std::string digest_;                            // Of the newest acknowledged batch.
  BatchNumber number_;
  int token_ = 0;
};

Fault RandomFault(std::mt19937& random) {
  static const FileOperation kOperations[] = {FileOperation::kSync, FileOperation::kAppend,
                                              FileOperation::kCreate, FileOperation::kRename};
  static const char* const kFiles[] = {".log", "", ".sst", "MANIFEST"};
  Fault fault{.operation = kOperations[random() % 4], .file = kFiles[random() % 4]};
  fault.after = static_cast<int>(random() % 30);
  if (random() % 2 == 0) fault.times = 1;
  if (random() % 2 == 0) fault.error = DiskFull();
  return fault;
}

// After a failed write nothing more is accepted, also once the disk is well again.
void CheckRefuses(Victim& victim, FaultFileSystem& disk, const absl::Status& failed) {
  if (base::ReasonOf(failed) != "OUTCOME_UNKNOWN") {
    victim.Problem(absl::StrCat("a failed write was answered with ", failed.ToString()));
  }
  disk.Heal();
  const absl::Status next = victim.Append(1);
  if (base::ReasonOf(next) != "READ_ONLY") {
    victim.Problem(absl::StrCat("after a failed write, the next one got ", next.ToString()));
  }
  // Reads go on.
  if (const absl::Status read = victim.ReadAll(); !read.ok()) {
    victim.Problem(absl::StrCat("after a failed write, reading: ", read.ToString()));
  }
}

void FailOnce(Victim& victim) {
  const auto disk = victim.NewDisk();
  if (victim.random()() % 2 == 0) disk->WriteBackEarly(victim.random()());
  disk->Inject(RandomFault(victim.random()));
  // A log that can't be opened on a failing disk has lost nothing.
  if (victim.Open().ok()) {
    const absl::Status appended = victim.Append(30);
    if (!appended.ok()) CheckRefuses(victim, *disk, appended);
  }
  victim.random()() % 4 == 0 ? victim.Close() : victim.CutPower();
}

}  // namespace

FaultReport FailAndCheck(int lives, uint32_t seed) {
  FaultReport report;
  constexpr int kLivesPerLog = 5;
  for (; report.lives < lives && report.problems.empty();) {
    Victim victim(seed + static_cast<uint32_t>(report.lives), report);
    for (int i = 0; i < kLivesPerLog && report.lives < lives; ++i, ++report.lives) {
      FailOnce(victim);
      victim.NewDisk();
      const absl::Status opened = victim.Open();
      if (!opened.ok()) {
        victim.Problem(absl::StrCat("opening on a disk that is well: ", opened.ToString()));
        break;
      }
      const absl::Status read = victim.ReadAll();
      if (!read.ok()) victim.Problem(read.ToString());
      if (!victim.HeadIsThere()) victim.Problem("the newest acknowledged batch is not there");
      const std::string verified = victim.Verify();
      if (!verified.empty()) victim.Problem(verified);
    }
  }
  return report;
}

namespace {

// Opens it after the lies. The witness that survived refuses a log that lacks what it saw, and no
// other. False if the log could not be opened at all.
bool OpenAfterLies(Victim& victim, BatchNumber witnessed, FaultReport& report) {
  const absl::Status opened = victim.Open();
  if (opened.ok()) {
    if (victim.head() < witnessed) victim.Problem("a lie older than the witness went unnoticed");
    return true;
  }
  if (base::ReasonOf(opened) != "HEAD_LOST") {
    ++report.refused;
    return false;
  }
  ++report.told_by_witness;
  victim.ForgetWitness();
  DEALOG_CHECK_OK(victim.Open());
  if (victim.head() >= witnessed) victim.Problem("the witness refused a log that has what it saw");
  return true;
}

}  // namespace

FaultReport LieAndCheck(int lives, uint32_t seed) {
  FaultReport report;
  for (; report.lives < lives && report.problems.empty(); ++report.lives) {
    Victim victim(seed + static_cast<uint32_t>(report.lives), report);
    const auto disk = victim.NewDisk();
    victim.KeepWitness();
    DEALOG_CHECK_OK(victim.Open());
    DEALOG_CHECK_OK(victim.Append(1 + victim.random()() % 5));
    if (victim.random()() % 2 == 0) disk->WriteBackEarly(victim.random()());
    const bool honest_again = victim.random()() % 4 == 0;
    const bool early_witness = victim.random()() % 3 == 0;
    BatchNumber witnessed;
    if (early_witness) witnessed = victim.SaveWitness();
    disk->LieAboutSyncs(".log");
    DEALOG_CHECK_OK(victim.Append(1 + victim.random()() % 10));
    if (!early_witness) witnessed = victim.SaveWitness();
    DEALOG_CHECK_OK(victim.Append(victim.random()() % 4));
    if (honest_again) {
      disk->Heal();
      DEALOG_CHECK_OK(victim.Append(1));
    }
    victim.CutPower();
    victim.RestoreWitness();
    victim.NewDisk();
    if (!OpenAfterLies(victim, witnessed, report)) continue;
    const absl::Status read = victim.ReadAll();
    if (absl::IsNotFound(read)) {
      // The log's own rows are in order; only what was written down outside tells.
      ++report.told_by_head_only;
      if (victim.HeadIsThere()) victim.Problem("events are missing and the head is there");
    } else if (!read.ok()) {
      victim.Problem(read.ToString());
    }
    if (honest_again && !read.ok()) victim.Problem("a sync after the lies kept less than all");
    const std::string verified = victim.Verify();
    if (!verified.empty()) victim.Problem(verified);
  }
  return report;
}

namespace {

// Flips one bit of a file of the folder, weighted by size; false if all are empty.
bool FlipAtRest(const std::string& folder, std::mt19937& random) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    const bool holds_data = name.ends_with(".log") || name.ends_with(".sst") ||
                            name.starts_with("MANIFEST") || name == "CURRENT";
    if (holds_data && entry.file_size() > 0) files.push_back(entry.path());
  }
  if (files.empty()) return false;
  const std::filesystem::path path = files[random() % files.size()];
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto at = static_cast<std::streamoff>(random() % std::filesystem::file_size(path));
  file.seekg(at);
  const int byte = file.get();
  file.seekp(at);
  file.put(static_cast<char>(byte ^ (1 << random() % 8)));
  return file.good();
}

}  // namespace

FaultReport FlipAndCheck(int lives, uint32_t seed) {
  FaultReport report;
  for (; report.lives < lives && report.problems.empty(); ++report.lives) {
    Victim victim(seed + static_cast<uint32_t>(report.lives), report);
    auto disk = victim.NewDisk();
    // Three lives, so that there are tables, a manifest with history, and a write-ahead log.
    for (int i = 0; i < 3; ++i) {
      DEALOG_CHECK_OK(victim.Open());
      DEALOG_CHECK_OK(victim.Append(1 + victim.random()() % 10));
    }
    victim.Close();
    disk = victim.NewDisk();
    const bool at_rest = victim.random()() % 2 == 0;
    if (at_rest) {
      report.flips += FlipAtRest(victim.folder(), victim.random()) ? 1 : 0;
    } else {
      disk->FlipReads("", 1 + static_cast<int>(victim.random()() % 40), victim.random()());
    }
    absl::Status seen = victim.Open();
    if (seen.ok()) {
      seen = victim.ReadAll();
      const bool head = victim.HeadIsThere();
      if (absl::IsInternal(seen) && base::ReasonOf(seen).empty()) victim.Problem(seen.ToString());
      if (absl::IsNotFound(seen)) {
        ++report.told_by_head_only;
        if (head) victim.Problem("events are missing and the head is there");
        continue;
      }
    }
    if (!seen.ok() || !victim.Verify().empty()) ++report.refused;
    victim.Close();
  }
  return report;
}

}  // namespace dealog::eventstore
