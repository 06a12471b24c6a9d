#pragma once

// The commands of one row, decided one after another on each other's effects.

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/status.h"
#include "services/domain/catalog.h"
#include "services/domain/contact.h"
#include "services/domain/deal.h"
#include "services/domain/decider.h"
#include "services/domain/organization.h"
#include "services/domain/pipeline.h"

namespace dealog::jobs {

// Thread safety: none. Ownership: `states` must outlive it.
class RowStaging {
 public:
  // `meta.id_seed` is the row's own.
  RowStaging(domain::CommandMeta meta, domain::StateReader& states)
      : meta_(std::move(meta)), states_(states) {}

  // Decides a command as of that business time, and stages its events.
  template <typename Request>
  absl::Status Do(const Request& request, int64_t occurred_at_us) {
    domain::CommandMeta meta = meta_;
    meta.occurred_at_us = occurred_at_us;
    ASSIGN_OR_RETURN(domain::Decision decision, domain::Decide(request, meta, states_));
    return states_.Stage(std::move(decision), meta, total_);
  }

  // Like Do for a command that sets values: as of that business time if they then hold, else as of
  // now, because a later change by somebody else would win.
  template <typename Request>
  absl::Status Change(const Request& request, int64_t occurred_at_us) {
    domain::CommandMeta meta = meta_;
    meta.occurred_at_us = occurred_at_us;
    absl::StatusOr<domain::Decision> dated = domain::Decide(request, meta, states_);
    domain::CommandMeta now = meta_;
    now.occurred_at_us = now.now_us;
    if (dated.ok()) {
      if (dated->events.empty()) return absl::OkStatus();
      domain::Staging trial(states());
      domain::Decision unused;
      RETURN_IF_ERROR(trial.Stage(*dated, meta, unused));
      ASSIGN_OR_RETURN(const domain::Decision still, domain::Decide(request, now, trial));
      if (still.events.empty()) return states_.Stage(*std::move(dated), meta, total_);
    }
    ASSIGN_OR_RETURN(domain::Decision decision, domain::Decide(request, now, states_));
    return states_.Stage(std::move(decision), now, total_);
  }

  // The state with what was staged so far; valid until the next Do or Change.
  template <typename State>
  absl::StatusOr<const State*> Find(std::string_view stream_type, const std::string& id) {
    ASSIGN_OR_RETURN(const domain::AggregateState* state,
                     states_.Find({std::string(stream_type), id}));
    return static_cast<const State*>(state);
  }
  absl::StatusOr<bool> Exists(std::string_view stream_type, const std::string& id) {
    ASSIGN_OR_RETURN(const domain::AggregateState* state,
                     states_.Find({std::string(stream_type), id}));
    return state->revision > 0;
  }
  domain::StateReader& states() { return states_; }
  const domain::CommandMeta& meta() const { return meta_; }
  domain::Decision Take() { return std::move(total_); }

 private:
  const domain::CommandMeta meta_;
  domain::Staging states_;
  domain::Decision total_;
};

}  // namespace dealog::jobs
