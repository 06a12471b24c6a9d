#pragma once

// What a query sees: one tenant's views, all folded up to the same position. It is read in place,
// under the tenant's lock, unless it takes its time: then it detaches first.

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/types.h"
#include "projections/projection.h"

namespace dealog::projections {

// Thread safety: const methods from the thread that holds the read.
class TenantViews {
 public:
  virtual ~TenantViews() = default;
  // All views are folded up to here.
  virtual eventstore::Position position() const = 0;
  // recorded_at of that position's commit, µs since 1970 UTC.
  virtual int64_t recorded_at_us() const = 0;
  // The view's state; UNAVAILABLE / VIEW_FAILED if it stopped. `View` must be the view's own type.
  template <typename View>
  absl::StatusOr<const View*> Get(std::string_view name) const {
    absl::StatusOr<const ViewState*> state = Find(name);
    if (!state.ok()) return state.status();
    return static_cast<const View*>(*state);
  }
  // Lets go of the lock, so that no fold waits for a long answer: from here on Get gives copies of
  // the views, at the same position. What it gave before is void. Where a view can't be copied, or
  // there is no lock, nothing changes. Idempotent.
  virtual void Detach() const {}

 protected:
  virtual absl::StatusOr<const ViewState*> Find(std::string_view name) const = 0;
};

}  // namespace dealog::projections
