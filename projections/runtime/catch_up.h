#pragma once

// Brings the slots of one tenant that are behind up to where its live ones are: their rows from the
// store, what these lack from the log. It works on states of its own, so nobody waits for it but
// who reads these views; at the tenant's position it hands them over.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "projections/runtime/fold.h"
#include "projections/runtime/shared.h"

namespace dealog::projections {

// Thread safety: none; one at a time for a tenant (the loader sees to it).
class CatchUp {
 public:
  CatchUp(Shared& shared, TenantPtr tenant) : shared_(shared), tenant_(std::move(tenant)) {}

  // Until nothing of the tenant is behind, but for what waits for its rows to be dropped; or until
  // everything ends. After an error slots stay behind, and another one has to begin.
  absl::Status Run();

 private:
  // A slot's new state while it is ours.
  struct Part {
    ViewIndex view = 0;
    uint64_t life = 0;
    std::unique_ptr<ViewState> state;
    SlotPoint point;
  };
  // Takes the slots that are behind; false if there is none.
  bool Take();
  absl::Status LoadRows(Part& part);
  absl::Status ReadRows(Part& part) const;
  absl::Status Follow();
  void Fold(const eventstore::StoredCommit& commit);
  // True if no part is left to fold for: the tenant's position is reached.
  bool HandOver();
  // Writes what has changed, without waiting for a lock that readers need; waits until it is
  // written, so that what waits for the disk stays bounded.
  void Flush();
  // Shows how far the parts are, and forgets those whose slot began another life.
  void Report();

  Shared& shared_;
  const TenantPtr tenant_;
  std::vector<Part> parts_;
  CommitParser parser_;
  size_t dirty_events_ = 0;
};

}  // namespace dealog::projections
