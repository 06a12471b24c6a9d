#pragma once

// Current states from the log for rows that come in the order in which they were imported before.
//
// commands::MakeLogStateReader reads a commit per stream. An import wrote many rows per commit, so
// a dry run over what is there would read each commit once per row; here it is read once.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "eventstore/base/secret.h"
#include "eventstore/event_log.h"
#include "services/domain/decider.h"

namespace dealog::jobs {

// Shows each stream as it was when first asked for. Thread safety: none. Ownership: `log` and
// the secret must outlive it. Invariants: between two Trims nothing leaves, so states that Find
// returned stay.
class LogStates final : public domain::StateReader {
 public:
  LogStates(const eventstore::EventLog& log, eventstore::TenantId tenant,
            const base::Secret& unique_key_secret)
      : log_(log), tenant_(std::move(tenant)), secret_(unique_key_secret) {}

  absl::StatusOr<const domain::AggregateState*> Find(const domain::StreamRef& stream) override;
  absl::StatusOr<std::optional<std::string>> FindUnique(std::string_view kind,
                                                        std::string_view value) override;
  // Forgets everything if more than kDryRunStatesMax states are held: memory stays bounded.
  void Trim();

 private:
  struct Stored {
    eventstore::Revision revision;
    eventstore::PageEvent event;
  };

  absl::Status Fold(const eventstore::StreamId& stream, domain::AggregateState& state);
  const Stored* FindStored(const eventstore::StreamId& stream, uint64_t revision) const;
  absl::Status ReadCommits(const eventstore::StreamId& stream, eventstore::Revision from);
  absl::Status Index(const eventstore::CommitPtr& commit);

  const eventstore::EventLog& log_;
  const eventstore::TenantId tenant_;
  const base::Secret& secret_;
  // unique_ptr: a state stays where it is while others are folded.
  absl::flat_hash_map<eventstore::StreamId, std::unique_ptr<domain::AggregateState>> states_;
  // Events of the commits read lately, by stream.
  absl::flat_hash_map<eventstore::StreamId, std::vector<Stored>> events_;
  absl::flat_hash_set<uint64_t> commits_;  // Their first positions.
};

}  // namespace dealog::jobs
