#pragma once

// An auditor's work: recomputes a tenant's tree from its events and compares it with checkpoints
// that he kept. Trusts nothing but those: neither the server nor its proofs.
//
//   HistoryCheck check(kept);
//   for (each event, from position 1 on) RETURN_IF_ERROR(check.Add(header, payload, sealed));
//   RETURN_IF_ERROR(check.Finish());

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "eventstore/merkle/checkpoint.h"
#include "eventstore/merkle/tree.h"

namespace dealog::eventstore {

// Thread safety: none.
class HistoryCheck {
 public:
  // In any order; verified notes of one origin (checkpoint.h).
  explicit HistoryCheck(std::vector<Checkpoint> kept);

  // Two checkpoints of one size that name different roots: the server signed two histories.
  absl::Status CheckKept() const;
  // Takes the next event. DATA_LOSS / CORRUPT_RECORD: it is not the next one of its tenant, by its
  // own header, or a checkpoint was signed over other events than those taken so far.
  absl::Status Add(std::string_view header, std::string_view payload,
                   std::span<const std::string_view> sealed);
  absl::Status Add(const EventView& event) {
    return Add(event.header, event.payload, event.sealed);
  }
  // After the last event: DATA_LOSS / CORRUPT_RECORD if a checkpoint has more.
  absl::Status Finish() const;

  uint64_t size() const { return frontier_.size(); }
  Digest Root() const { return frontier_.Root(); }
  // The largest checkpoint that was met and matched; size 0 if none was.
  uint64_t matched_size() const { return matched_size_; }
  const std::vector<Checkpoint>& kept() const { return kept_; }

  // After Add reported another root for the checkpoint of size(): the positions [first, last], at
  // most kPrefixRootEvents of them, that hold the first change. `prove` returns a consistency proof
  // from a smaller size to that of the checkpoint, as the server made it; its errors are returned.
  struct Positions {
    uint64_t first = 0;
    uint64_t last = 0;
  };
  absl::StatusOr<Positions> FindChange(
      absl::FunctionRef<absl::StatusOr<Proof>(uint64_t old_size)> prove) const;

 private:
  std::vector<Checkpoint> kept_;  // By size.
  size_t next_kept_ = 0;
  uint64_t matched_size_ = 0;
  TreeFrontier frontier_;
  std::vector<Digest> prefix_roots_;  // Of the sizes kPrefixRootEvents, 2 × kPrefixRootEvents, …
};

}  // namespace dealog::eventstore
