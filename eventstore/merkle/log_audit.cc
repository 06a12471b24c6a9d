#include "eventstore/merkle/log_audit.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"

namespace dealog::eventstore {
namespace {

absl::Status WrongBatch(const SignedBatch& batch, std::string_view what) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     absl::StrCat("batch ", batch.number.value, " of partition ",
                                  batch.partition.value, " ", base::View(what)));
}

}  // namespace

LogAudit::LogAudit(std::vector<Checkpoint> kept) : history_(std::move(kept)) {
  DEALOG_CHECK(!history_.kept().empty());
  for (const Checkpoint& checkpoint : history_.kept()) {
    if (checkpoint.batch) batches_.push_back(*checkpoint.batch);
  }
}

absl::Status LogAudit::CompareDigest(const storage::v1::BatchHeader& header) {
  for (size_t i = 0; i < batches_.size();) {
    const SignedBatch& batch = batches_[i];
    if (batch.partition.value != header.partition() || batch.number.value != header.number()) {
      ++i;
      continue;
    }
    if (base::AsView(batch.digest) != header.digest()) {
      return WrongBatch(batch,
                        "has another digest than a checkpoint was signed for: a byte of it or of a "
                        "batch before it was changed");
    }
    batches_.erase(batches_.begin() + static_cast<ptrdiff_t>(i));
  }
  return absl::OkStatus();
}

absl::Status LogAudit::Add(const storage::v1::BatchHeader& header,
                           std::span<const CommitPtr> commits) {
  const std::string& origin = history_.kept()[0].origin;
  for (const CommitPtr& commit : commits) {
    if (!IsOriginOfTenant(origin, commit->tenant())) continue;
    for (size_t i = 0; i < commit->event_count(); ++i) {
      RETURN_IF_ERROR(history_.Add(commit->event(i)));
    }
  }
  // After the events: their error says more.
  return CompareDigest(header);
}

absl::Status LogAudit::Finish() const {
  RETURN_IF_ERROR(history_.Finish());
  if (batches_.empty()) return absl::OkStatus();
  return WrongBatch(batches_[0], "is named by a checkpoint, but the log ends before it");
}

}  // namespace dealog::eventstore
