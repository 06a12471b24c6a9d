#include "services/jobs/log_states.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"
#include "services/commands/state_loader.h"
#include "services/jobs/limits.h"

namespace dealog::jobs {

using eventstore::Revision;
using eventstore::StreamId;

absl::StatusOr<const domain::AggregateState*> LogStates::Find(const domain::StreamRef& stream) {
  const StreamId id{stream.type, stream.id};
  std::unique_ptr<domain::AggregateState>& state = states_[id];
  if (state == nullptr) {
    auto folded = domain::MakeState(stream.type, stream.id);
    RETURN_IF_ERROR(Fold(id, *folded));
    state = std::move(folded);
  }
  return state.get();
}

absl::StatusOr<std::optional<std::string>> LogStates::FindUnique(std::string_view kind,
                                                                 std::string_view value) {
  ASSIGN_OR_RETURN(const std::optional<StreamId> owner,
                   log_.FindUnique(tenant_, kind, commands::UniqueHash(secret_, kind, value)));
  if (!owner.has_value()) return std::nullopt;
  return owner->id;
}

void LogStates::Trim() {
  if (states_.size() <= kDryRunStatesMax) return;
  states_.clear();
}

absl::Status LogStates::Fold(const StreamId& stream, domain::AggregateState& state) {
  ASSIGN_OR_RETURN(const Revision head, log_.StreamHead(tenant_, stream));
  while (state.revision < head.value) {
    const uint64_t next = state.revision + 1;
    const Stored* stored = FindStored(stream, next);
    if (stored == nullptr) {
      RETURN_IF_ERROR(ReadCommits(stream, Revision{next}));
      stored = FindStored(stream, next);
    }
    if (stored == nullptr) {
      return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                         absl::StrCat(stream.ToString(), ": revision ", next,
                                      " is missing; run `dealog log verify`"));
    }
    ASSIGN_OR_RETURN(const commands::ParsedEvent parsed,
                     commands::ParseEvent(stored->event.view()));
    state.Apply(parsed.event, parsed.meta());
  }
  return absl::OkStatus();
}

const LogStates::Stored* LogStates::FindStored(const StreamId& stream, uint64_t revision) const {
  const auto found = events_.find(stream);
  if (found == events_.end()) return nullptr;
  for (const Stored& stored : found->second) {
    if (stored.revision.value == revision) return &stored;
  }
  return nullptr;
}

absl::Status LogStates::ReadCommits(const StreamId& stream, Revision from) {
  if (commits_.size() >= kDryRunCommitsMax) {
    events_.clear();
    commits_.clear();
  }
  ASSIGN_OR_RETURN(const eventstore::ReadPage page,
                   log_.ReadStream(tenant_, stream, {.from = from}));
  for (const eventstore::PageEvent& event : page.events) {
    if (commits_.insert(event.commit->first_position().value).second) {
      RETURN_IF_ERROR(Index(event.commit));
    }
  }
  return absl::OkStatus();
}

absl::Status LogStates::Index(const eventstore::CommitPtr& commit) {
  storage::v1::EventHeader header;
  for (uint32_t i = 0; i < commit->event_count(); ++i) {
    const std::string_view bytes = commit->event(i).header;
    if (!header.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                         "an event's header does not parse; run `dealog log verify`");
    }
    events_[{header.stream().type(), header.stream().id()}].push_back(
        {Revision{header.revision()}, {commit, i}});
  }
  return absl::OkStatus();
}

}  // namespace dealog::jobs
