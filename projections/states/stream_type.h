#pragma once

// Stream types that other services register for their own events: stream type "stream_type", id =
// the registered name.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dealog/events/v1/external.pb.h"
#include "dealog/v1/append.pb.h"
#include "eventstore/base/message_types.h"
#include "projections/states/aggregate.h"

namespace dealog::states {

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

// The messages of a definition; null for opaque payloads. FIELD_INVALID naming
// definition.descriptor_set.
absl::StatusOr<std::unique_ptr<const base::MessageTypes>> MessagesOf(
    const events::v1::StreamTypeDefinition& definition);

// An event of another service is about a deal if its payload has a text field of this name.
inline constexpr char kDealIdField[] = "deal_id";
bool NamesDeal(const StreamTypeState& type, std::string_view event_type);
// What that field holds, as the service wrote it; empty if there is none.
std::string DealIdOf(const StreamTypeState& type, const events::v1::ExternalEvent& event);

// `with_descriptors`: whether the definition's descriptor_set is filled.
v1::StreamType ToStreamType(const StreamTypeState& state, bool with_descriptors);

}  // namespace dealog::states
