#pragma once

// What must hold of a log and of what is made of it, whatever happened before.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/event_log.h"
#include "services/commands/sequencer.h"

namespace dealog::simulation {

// What a client was told, by tenant and request id.
struct Acknowledged {
  std::map<std::pair<std::string, std::string>, commands::CommandResult> requests;
};

// Every tenant: positions dense from 1; the revisions of every stream dense; recorded_at rising
// with the commits; no request written twice; every acknowledged request there, at its position.
absl::Status CheckLog(const eventstore::EventLog& log, const Acknowledged& acknowledged);

// Looks at a log as it grows, event by event: the same, without the acknowledged.
class LogWatch {
 public:
  // What the tenant's log has got since the last call.
  absl::Status See(const eventstore::EventLog& log, const eventstore::TenantId& tenant);

 private:
  struct Seen {
    uint64_t position = 0;
    int64_t recorded_at_us = 0;
    std::map<std::string, uint64_t> revisions;
    std::set<std::string> requests;
  };
  static absl::Status SeeEvent(const storage::v1::EventHeader& header, Seen& seen);

  std::map<std::string, Seen> tenants_;
};

// Every instance: started once, its steps in order, each once, nothing after its end; what a step
// did is written once. `ended`: every instance has ended and every trigger has its instance.
absl::Status CheckWorkflows(const eventstore::EventLog& log, bool ended);

// Rows by view and tenant.
using ViewRows = std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>>;
// All views folded by a plain loop over the log.
absl::StatusOr<ViewRows> FoldNaively(const eventstore::EventLog& log);
// INTERNAL that names the first difference.
absl::Status CompareRows(const ViewRows& expected, const ViewRows& found);

}  // namespace dealog::simulation
