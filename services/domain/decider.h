#pragma once

// The pure core: Decide turns a command into events or a refusal. It knows no clock, randomness,
// I/O or log: time, ids and the actor come in CommandMeta, states through StateReader.
//
//   StatusOr<Decision> Decide(const v1::MoveDealRequest&, const CommandMeta&, StateReader&);
//
// Commands are the API's own request messages: there is no mapping layer.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/events/v1/event.pb.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/base/ids.h"
#include "projections/states/aggregate.h"

namespace dealog::domain {

// States are what every line of a decider is about: their names are at home here.
using namespace states;

// Who, when and how of a command; stamped before it is decided.
struct CommandMeta {
  std::string tenant;
  std::string principal;
  int64_t now_us = 0;           // recorded_at of the commit, if it is written.
  int64_t occurred_at_us = 0;   // As asked for; == now_us where the request did not say.
  std::string override_reason;  // Empty: rules hold.
  std::string etag;             // Empty: any revision.
  storage::v1::Via via = storage::v1::VIA_API;
  base::Uuid id_seed{};  // Fresh per command (or derived, for imports and workflows).

  // The n-th new id of this command; a pure function of id_seed.
  std::string NewId(std::string_view prefix, int n = 0) const;
};

// Current states of the tenant's aggregates, including what the batch has staged so far.
// A returned pointer is valid until the reader is used to apply an event.
class StateReader {
 public:
  virtual ~StateReader() = default;
  // The state; one of revision 0 if the stream does not exist. Fails only if the log can't be read.
  virtual absl::StatusOr<const AggregateState*> Find(const StreamRef& stream) = 0;
  // Id of the stream that owns a unique key; nullopt if it is free. `value` is normalised.
  virtual absl::StatusOr<std::optional<std::string>> FindUnique(std::string_view kind,
                                                                std::string_view value) = 0;
};

// A unique key to take or free; `value` is normalised plain text, hashed before it is stored.
struct UniqueClaim {
  std::string kind;  // contact.email, organization.domain, pipeline.name, member.name, …
  std::string value;
  StreamRef owner;
};

// One event that a command leads to.
struct PendingEvent {
  StreamRef stream;
  events::v1::Event event;
  // Business time of this event; 0 = the command's.
  int64_t occurred_at_us = 0;
  uint32_t schema_version = 1;
};

// What a command leads to. No events: the command changes nothing, and succeeds.
struct Decision {
  StreamRef subject;  // The stream whose state answers the command.
  std::vector<PendingEvent> events;
  std::vector<UniqueClaim> releases;
  std::vector<UniqueClaim> claims;
};

// A StateReader over another one that also shows events staged on top: composite commands (an
// import's rows, a workflow's action and step) decide their parts one after another on it.
// Thread safety: none. `base` must outlive it.
class Staging final : public StateReader {
 public:
  explicit Staging(StateReader& base);
  ~Staging() override;
  absl::StatusOr<const AggregateState*> Find(const StreamRef& stream) override;
  absl::StatusOr<std::optional<std::string>> FindUnique(std::string_view kind,
                                                        std::string_view value) override;
  // Applies a decision's events and keys on top, and appends them to `total`.
  absl::Status Stage(Decision decision, const CommandMeta& meta, Decision& total);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dealog::domain
