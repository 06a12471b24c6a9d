#include "eventstore/follow/point.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"

namespace dealog::eventstore {
namespace {

constexpr char kForkedReason[] = "POSITION_FORKED";
// Enough of a digest to tell two batches apart, bytes.
constexpr size_t kShownDigestBytes = 8;

std::string Shown(const std::string& digest) {
  return absl::BytesToHexString(digest.substr(0, kShownDigestBytes));
}

absl::Status Forked(PartitionId partition, const FollowPoint& point, const std::string& found) {
  return base::Error(
      absl::StatusCode::kFailedPrecondition, kForkedReason,
      absl::StrCat("expected batch ", point.number.value, " of partition ", partition.value,
                   " with digest ", Shown(point.digest), ", found ", found,
                   ": the log was restored or replaced; what was derived from the "
                   "other one is made anew"));
}

}  // namespace

absl::Status CheckPoint(const EventLog& log, PartitionId partition, const FollowPoint& point) {
  if (point.number.value == 0) return absl::OkStatus();
  const absl::StatusOr<std::string> digest = log.BatchDigest(partition, point.number);
  if (absl::IsNotFound(digest.status())) {
    return Forked(partition, point,
                  absl::StrCat("that the log ends at ", log.BatchHead(partition).number.value));
  }
  if (!digest.ok()) return digest.status();
  if (*digest == point.digest) return absl::OkStatus();
  return Forked(partition, point, absl::StrCat("another one with ", Shown(*digest)));
}

bool IsForked(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) && base::ReasonOf(status) == kForkedReason;
}

}  // namespace dealog::eventstore
