#pragma once

// Stream types that other services register for their own events: stream type "stream_type", id =
// the registered name. A name is never freed.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dealog/v1/append.pb.h"
#include "eventstore/base/message_types.h"
#include "services/domain/decider.h"
#include "services/domain/state.h"

namespace dealog::domain {

// The n-th registered type of a tenant holds the value "n", from 0 and dense: counting them is a
// search, and listing them needs no view.
inline constexpr char kStreamTypeSlot[] = "stream_type.slot";

// Invariants: `definition` is never null; `messages` is null for opaque payloads.
class StreamTypeState final : public StateOf<StreamTypeState> {
 public:
  explicit StreamTypeState(std::string_view stream_id) : name(stream_id) {}
  size_t ApproximateBytes() const override;

  // The event type of that name; nullptr if it has none.
  const events::v1::ExternalEventType* FindEventType(std::string_view type) const;

  std::string name;
  // Shared: copies of the state, made per command that is only previewed, stay small.
  std::shared_ptr<const events::v1::StreamTypeDefinition> definition =
      std::make_shared<events::v1::StreamTypeDefinition>();
  std::shared_ptr<const base::MessageTypes> messages;
  int64_t registered_at_us = 0;  // When recorded.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

// FIELD_INVALID naming `field` unless `name` can name a stream type; STREAM_TYPE_RESERVED for one
// of the CRM's own, or one that is kept for what the CRM will have.
absl::Status CheckStreamTypeName(std::string_view field, std::string_view name);

// Registers, or with the type's etag replaces. FIELD_INVALID naming a part of the definition;
// STREAM_TYPE_RESERVED also for an event type of the CRM; STREAM_TYPE_EXISTS for another definition
// without an etag; REVISION_CONFLICT; LIMIT_EXCEEDED past kStreamTypesMax.
absl::StatusOr<Decision> Decide(const v1::RegisterStreamTypeRequest& request,
                                const CommandMeta& meta, StateReader& reader);

// The state of a registered type. STREAM_TYPE_RESERVED, STREAM_TYPE_NOT_FOUND; `field` says where
// the name stands.
absl::StatusOr<const StreamTypeState*> FindStreamType(std::string_view field, std::string_view name,
                                                      StateReader& reader);

// Names of the tenant's registered types, in the order of registration.
absl::StatusOr<std::vector<std::string>> StreamTypeNames(StateReader& reader);

// Types of which streams may hold events of that type; several services may use one name.
absl::StatusOr<std::vector<const StreamTypeState*>> StreamTypesOfEvent(std::string_view event_type,
                                                                       StateReader& reader);

// An event of another service is about a deal if its payload has a text field of this name.
inline constexpr char kDealIdField[] = "deal_id";
bool NamesDeal(const StreamTypeState& type, std::string_view event_type);
// What that field holds, as the service wrote it; empty if there is none.
std::string DealIdOf(const StreamTypeState& type, const events::v1::ExternalEvent& event);

// `with_descriptors`: whether the definition's descriptor_set is filled.
v1::StreamType ToStreamType(const StreamTypeState& state, bool with_descriptors);

}  // namespace dealog::domain
