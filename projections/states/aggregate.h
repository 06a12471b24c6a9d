#pragma once

// The state of one aggregate: a projection of its stream, which decides commands (services/domain)
// and is what reads show (projections/views). Evolve is its only definition.
//
//   DealState state("deal_01…");
//   for (each event of the stream) state.Apply(event, meta);

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dealog/events/v1/event.pb.h"
#include "projections/states/event_types.h"

namespace dealog::states {

// Names a stream within the tenant. Types in use: deal, pipeline, contact, organization, activity,
// note, member, product, tenant, import, workflow, workflow_instance, stream_type, and those that
// other services registered.
struct StreamRef {
  std::string type;
  std::string id;
  bool operator==(const StreamRef&) const = default;
};

// What Evolve knows of an event besides its payload.
struct EventMeta {
  uint64_t revision = 0;
  uint64_t position = 0;
  int64_t recorded_at_us = 0;
  int64_t occurred_at_us = 0;
  std::string_view principal;
};

// State of one aggregate: folded from its stream, never stored. Revision 0 = does not exist.
// Evolve is total and silent on surprises: history is never refused.
class AggregateState {
 public:
  virtual ~AggregateState() = default;
  void Apply(const events::v1::Event& event, const EventMeta& meta) {
    Evolve(event, meta);
    revision = meta.revision;
    updated_at_us = meta.recorded_at_us;
    if (!newer) newer = FindNewerField(event);
  }
  virtual std::unique_ptr<AggregateState> Clone() const = 0;
  // About how much memory it holds, bytes (the state cache's budget).
  virtual size_t ApproximateBytes() const = 0;
  // True if the newest revision is the whole state: nobody needs to fold the stream for it, and
  // updated_at_us may be unset.
  virtual bool HasOnlyRevision() const { return false; }

  uint64_t revision = 0;
  int64_t updated_at_us = 0;
  // Set if the stream holds what this build does not know: the state lacks it, so nobody may decide
  // on it.
  NewerField newer;

 protected:
  virtual void Evolve(const events::v1::Event& event, const EventMeta& meta) = 0;
};

// Implements what does not depend on the aggregate. `Derived` has a constructor from its stream id,
// and an Evolve.
template <typename Derived>
class StateOf : public AggregateState {
 public:
  std::unique_ptr<AggregateState> Clone() const final {
    return std::make_unique<Derived>(static_cast<const Derived&>(*this));
  }
};

}  // namespace dealog::states
