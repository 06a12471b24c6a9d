#include "eventstore/rocksdb/witness.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::eventstore {
namespace {

constexpr char kWhatToDo[] =
    "Restore the folder from a backup that has them. To go on without them, which breaks what was "
    "promised to clients, first keep a copy of the folder, then move the witness file away and "
    "start again";

absl::Status HeadLost(std::string what) {
  return base::Error(absl::StatusCode::kDataLoss, "HEAD_LOST", what);
}

absl::Status CheckPartitionHead(PartitionId partition, const PartitionHead& witnessed,
                                const PartitionHead& recovered, const std::string& file,
                                HeadWitness::DigestAt digest_at) {
  const std::string place = absl::StrCat("partition ", partition.value);
  if (recovered.number < witnessed.number) {
    return HeadLost(absl::StrCat(
        "the log of ", place, " ends at batch ", recovered.number.value, ", but the head witness ",
        file, " saw batch ", witnessed.number.value,
        " synced: ", witnessed.number.value - recovered.number.value,
        " batches or more, acknowledged to clients, are gone. Either the disk said that it had "
        "synced what it had not, or the folder is an older copy, or the witness is another "
        "log's. ",
        kWhatToDo));
  }
  if (witnessed.number.value == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string digest, digest_at(partition, witnessed.number));
  if (digest == witnessed.digest) return absl::OkStatus();
  return HeadLost(absl::StrCat(
      "batch ", witnessed.number.value, " of ", place, " (of ", recovered.number.value,
      ") is not the one that the head witness ", file,
      " saw synced: its digest differs. Either the folder was replaced by another history, or the "
      "witness is another log's. ",
      kWhatToDo));
}

absl::Status CheckFile(const WitnessFile& file, const PartitionHeads& recovered,
                       HeadWitness::DigestAt digest_at) {
  const PartitionHeads& witnessed = *file.found();
  if (witnessed.size() != recovered.size()) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "NOT_READY",
                       absl::StrCat("the head witness ", file.path(), " is of a log with ",
                                    witnessed.size(), " partitions, this one has ",
                                    recovered.size(), "; give the witness of this log"));
  }
  for (uint32_t i = 0; i < recovered.size(); ++i) {
    RETURN_IF_ERROR(
        CheckPartitionHead(PartitionId{i}, witnessed[i], recovered[i], file.path(), digest_at));
  }
  return absl::OkStatus();
}

bool AnyBatch(const PartitionHeads& heads) {
  for (const PartitionHead& head : heads) {
    if (head.number.value > 0) return true;
  }
  return false;
}

}  // namespace

HeadWitness::HeadWitness(HeadWitnessOptions options, PartitionHeads heads)
    : options_(std::move(options)), heads_(std::move(heads)) {}

absl::StatusOr<std::unique_ptr<HeadWitness>> HeadWitness::Open(HeadWitnessOptions options,
                                                               PartitionHeads recovered,
                                                               DigestAt digest_at) {
  std::unique_ptr<HeadWitness> witness(new HeadWitness(std::move(options), std::move(recovered)));
  PartitionHeads heads;
  {
    base::MutexLock lock(witness->mu_);
    heads = witness->heads_;
  }
  {
    base::MutexLock lock(witness->files_mu_);
    for (const std::string& path : witness->options_.files) {
      ASSIGN_OR_RETURN(auto file, WitnessFile::Open(path));
      if (file->found()) {
        RETURN_IF_ERROR(CheckFile(*file, heads, digest_at));
      } else if (AnyBatch(heads) && witness->options_.say) {
        witness->options_.say(absl::StrCat(
            "the log has batches, but its head witness ", path,
            " is missing: a loss of its newest batches before now would not be noticed; the "
            "witness is made again"));
      }
      witness->files_.push_back(std::move(file));
    }
  }
  // What was recovered is in synced files: the database wrote it out while it was opened.
  RETURN_IF_ERROR(witness->WriteAll(heads));
  if (!witness->options_.every_batch && !witness->options_.files.empty()) {
    witness->worker_ = base::Worker("log-witness", [raw = witness.get()] { raw->Run(); });
  }
  return witness;
}

HeadWitness::~HeadWitness() {
  {
    base::MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  worker_.Join();
  WriteDirty();
}

absl::Status HeadWitness::Synced(PartitionId partition, const PartitionHead& head) {
  if (options_.files.empty()) return absl::OkStatus();
  if (!options_.every_batch) {
    base::MutexLock lock(mu_);
    heads_[partition.value] = head;
    if (!dirty_) changed_.NotifyOne();
    dirty_ = true;
    return absl::OkStatus();
  }
  base::MutexLock files_lock(files_mu_);
  PartitionHeads heads;
  {
    base::MutexLock lock(mu_);
    heads_[partition.value] = head;
    heads = heads_;
  }
  for (const auto& file : files_) RETURN_IF_ERROR(file->Write(heads));
  return absl::OkStatus();
}

absl::Status HeadWitness::WriteAll(const PartitionHeads& heads) {
  base::MutexLock lock(files_mu_);
  absl::Status outcome;
  for (const auto& file : files_) outcome.Update(file->Write(heads));
  return outcome;
}

void HeadWitness::WriteDirty() {
  PartitionHeads heads;
  {
    base::MutexLock lock(mu_);
    if (!dirty_) return;
    dirty_ = false;
    heads = heads_;
  }
  const absl::Status written = WriteAll(heads);
  base::MutexLock lock(files_mu_);
  if (!written.ok() && !failing_ && options_.say) {
    options_.say(absl::StrCat(std::string(written.message()),
                              "; until it can be written, a loss of newer batches would not be "
                              "noticed"));
  }
  failing_ = !written.ok();
  if (!failing_) return;
  base::MutexLock again(mu_);
  dirty_ = true;
}

// Writes as soon as there is something to write, then waits out the interval.
void HeadWitness::Run() {
  for (;;) {
    {
      base::MutexLock lock(mu_);
      while (!dirty_ && !stopping_) changed_.Wait(mu_);
      if (stopping_) return;
    }
    WriteDirty();
    const int64_t until = base::MonotonicMicros() + options_.interval_us;
    base::MutexLock lock(mu_);
    while (!stopping_) {
      const int64_t left = until - base::MonotonicMicros();
      if (left <= 0) break;
      changed_.WaitFor(mu_, std::chrono::microseconds(left));
    }
  }
}

}  // namespace dealog::eventstore
