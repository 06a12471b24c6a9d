#include <algorithm>
#include <map>
#include <utility>

#include "services/domain/decider.h"

namespace dealog::domain {

struct Staging::Impl {
  StateReader& base;
  // States with staged events, by stream type and id.
  std::map<std::pair<std::string, std::string>, std::unique_ptr<AggregateState>> states;
  // Keys that staged decisions took (the owner's id) or freed (nullopt), by kind and value.
  std::map<std::pair<std::string, std::string>, std::optional<std::string>> keys;

  absl::Status Apply(const PendingEvent& pending, const CommandMeta& meta) {
    auto& state = states[{pending.stream.type, pending.stream.id}];
    if (state == nullptr) {
      absl::StatusOr<const AggregateState*> found = base.Find(pending.stream);
      if (!found.ok()) return found.status();
      state = (*found)->Clone();
    }
    EventMeta event_meta;
    event_meta.revision = state->revision + 1;
    event_meta.recorded_at_us = meta.now_us;
    event_meta.occurred_at_us =
        pending.occurred_at_us != 0 ? pending.occurred_at_us : meta.occurred_at_us;
    event_meta.principal = meta.principal;
    state->Apply(pending.event, event_meta);
    return absl::OkStatus();
  }

  void Release(UniqueClaim release, Decision& total) {
    keys[{release.kind, release.value}] = std::nullopt;
    // A commit frees keys before it takes any: a key that this very commit takes is freed by not
    // taking it.
    const auto taken = std::find_if(total.claims.begin(), total.claims.end(), [&](const auto& c) {
      return c.kind == release.kind && c.value == release.value;
    });
    if (taken != total.claims.end()) {
      total.claims.erase(taken);
    } else {
      total.releases.push_back(std::move(release));
    }
  }
};

Staging::Staging(StateReader& base) : impl_(new Impl{base, {}, {}}) {}
Staging::~Staging() = default;

absl::StatusOr<const AggregateState*> Staging::Find(const StreamRef& stream) {
  const auto it = impl_->states.find({stream.type, stream.id});
  if (it != impl_->states.end()) return it->second.get();
  return impl_->base.Find(stream);
}

absl::StatusOr<std::optional<std::string>> Staging::FindUnique(std::string_view kind,
                                                               std::string_view value) {
  const auto it = impl_->keys.find({std::string(kind), std::string(value)});
  if (it != impl_->keys.end()) return it->second;
  return impl_->base.FindUnique(kind, value);
}

absl::Status Staging::Stage(Decision decision, const CommandMeta& meta, Decision& total) {
  for (PendingEvent& pending : decision.events) {
    if (absl::Status status = impl_->Apply(pending, meta); !status.ok()) return status;
    // Parts of one commit may each have a business time of their own.
    if (pending.occurred_at_us == 0) pending.occurred_at_us = meta.occurred_at_us;
    total.events.push_back(std::move(pending));
  }
  for (UniqueClaim& release : decision.releases) impl_->Release(std::move(release), total);
  for (UniqueClaim& claim : decision.claims) {
    impl_->keys[{claim.kind, claim.value}] = claim.owner.id;
    total.claims.push_back(std::move(claim));
  }
  if (total.subject.type.empty()) total.subject = std::move(decision.subject);
  return absl::OkStatus();
}

}  // namespace dealog::domain
