#include "eventstore/merkle/history_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/merkle/leaf.h"
#include "eventstore/merkle/limits.h"

namespace dealog::eventstore {
namespace {

absl::Status Changed(std::string_view what) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", what);
}

}  // namespace

HistoryCheck::HistoryCheck(std::vector<Checkpoint> kept) : kept_(std::move(kept)) {
  std::stable_sort(kept_.begin(), kept_.end(),
                   [](const Checkpoint& a, const Checkpoint& b) { return a.size < b.size; });
  while (next_kept_ < kept_.size() && kept_[next_kept_].size == 0) ++next_kept_;
}

absl::Status HistoryCheck::CheckKept() const {
  for (size_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i].size == 0 && kept_[i].root != EmptyRoot()) {
      return Changed("a checkpoint of size 0 does not have the root of the empty tree");
    }
    if (i > 0 && kept_[i].size == kept_[i - 1].size && kept_[i].root != kept_[i - 1].root) {
      return Changed(absl::StrCat("two checkpoints of size ", kept_[i].size,
                                  " have different roots: the log's key signed two histories"));
    }
  }
  return absl::OkStatus();
}

absl::Status HistoryCheck::Add(std::string_view header, std::string_view payload,
                               std::span<const std::string_view> sealed) {
  storage::v1::EventHeader parsed;
  const uint64_t expected = size() + 1;
  if (!parsed.ParseFromArray(header.data(), static_cast<int>(header.size()))) {
    return Changed(absl::StrCat("position ", expected, ": the event's header does not parse"));
  }
  if (parsed.position() != expected) {
    return Changed(absl::StrCat("expected the event of position ", expected,
                                ", found that of position ", parsed.position(),
                                ": events were removed, added or reordered"));
  }
  frontier_.Append(HashLeaf(LeafEntry(header, payload, sealed)));
  if (size() % kPrefixRootEvents == 0) prefix_roots_.push_back(Root());
  for (; next_kept_ < kept_.size() && kept_[next_kept_].size == size(); ++next_kept_) {
    if (kept_[next_kept_].root != Root()) {
      return Changed(absl::StrCat("the events of positions 1 to ", size(),
                                  " are not those that the checkpoint of size ", size(),
                                  " was signed for; up to position ", matched_size_,
                                  " they are those of an older checkpoint"));
    }
    matched_size_ = size();
  }
  return absl::OkStatus();
}

absl::Status HistoryCheck::Finish() const {
  if (next_kept_ == kept_.size()) return absl::OkStatus();
  return Changed(absl::StrCat("the log ends at position ", size(), ", but a checkpoint of ",
                              kept_.back().size, " events was signed: the newest events are gone"));
}

absl::StatusOr<HistoryCheck::Positions> HistoryCheck::FindChange(
    absl::FunctionRef<absl::StatusOr<Proof>(uint64_t old_size)> prove) const {
  DEALOG_CHECK(next_kept_ < kept_.size() && kept_[next_kept_].size == size());
  const Checkpoint& checkpoint = kept_[next_kept_];
  // Our own prefix of a size is the signed tree's own if the proof joins the two.
  size_t same = 0;
  size_t differs = static_cast<size_t>((size() - 1) / kPrefixRootEvents) + 1;
  while (differs - same > 1) {
    const size_t middle = same + (differs - same) / 2;
    const uint64_t old_size = middle * kPrefixRootEvents;
    ASSIGN_OR_RETURN(const Proof proof, prove(old_size));
    const bool continues = VerifyConsistency(old_size, checkpoint.size, prefix_roots_[middle - 1],
                                             checkpoint.root, proof)
                               .ok();
    (continues ? same : differs) = middle;
  }
  return Positions{.first = same * kPrefixRootEvents + 1,
                   .last = std::min<uint64_t>(differs * kPrefixRootEvents, size())};
}

}  // namespace dealog::eventstore
