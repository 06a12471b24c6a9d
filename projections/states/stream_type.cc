#include "projections/states/stream_type.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/states/limits.h"
#include "projections/states/values.h"

namespace dealog::states {

using events::v1::ExternalEventType;
using events::v1::StreamTypeDefinition;
using events::v1::StreamTypeEvent;

size_t StreamTypeState::ApproximateBytes() const {
  return sizeof(*this) + name.size() + definition->SpaceUsedLong() +
         (messages == nullptr ? 0 : messages->ApproximateBytes());
}

const ExternalEventType* StreamTypeState::FindEventType(std::string_view type) const {
  for (const ExternalEventType& known : definition->event_types()) {
    if (known.type() == type) return &known;
  }
  return nullptr;
}

void StreamTypeState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  const StreamTypeEvent& change = event.stream_type();
  switch (change.kind_case()) {
    case StreamTypeEvent::kStreamTypeRegistered:
      registered_at_us = meta.recorded_at_us;
      definition =
          std::make_shared<StreamTypeDefinition>(change.stream_type_registered().definition());
      break;
    case StreamTypeEvent::kStreamTypeUpdated:
      definition =
          std::make_shared<StreamTypeDefinition>(change.stream_type_updated().definition());
      break;
    case StreamTypeEvent::KIND_NOT_SET:
      return;
  }
  // What was registered did build; history that does not is kept, and its payloads are refused.
  auto built = MessagesOf(*definition);
  messages = built.ok() ? *std::move(built) : nullptr;
}

absl::StatusOr<std::unique_ptr<const base::MessageTypes>> MessagesOf(
    const StreamTypeDefinition& definition) {
  constexpr char kField[] = "definition.descriptor_set";
  const size_t bytes = definition.descriptor_set().size();
  if (definition.payload_type() != events::v1::PAYLOAD_TYPE_PROTOBUF) {
    if (bytes == 0) return nullptr;
    return base::InvalidField(
        kField,
        absl::StrCat("expected none, because payloads are opaque, found ", bytes, " bytes"));
  }
  if (bytes > kDescriptorSetBytesMax) {
    return base::InvalidField(
        kField, absl::StrCat("expected at most ", kDescriptorSetBytesMax, " bytes, found ", bytes,
                             "; leave out source info and files that are not needed"));
  }
  auto messages = base::MessageTypes::Build(definition.descriptor_set());
  if (!messages.ok()) {
    const absl::string_view why = messages.status().message();
    return base::InvalidField(kField, {why.data(), why.size()});
  }
  return messages;
}

bool NamesDeal(const StreamTypeState& type, std::string_view event_type) {
  const ExternalEventType* known = type.FindEventType(event_type);
  return known != nullptr && type.messages != nullptr &&
         type.messages->HasText(known->message(), kDealIdField);
}

std::string DealIdOf(const StreamTypeState& type, const events::v1::ExternalEvent& event) {
  const ExternalEventType* known = type.FindEventType(event.type());
  if (known == nullptr || type.messages == nullptr) return "";
  return type.messages->Text(known->message(), kDealIdField, event.payload());
}

v1::StreamType ToStreamType(const StreamTypeState& state, bool with_descriptors) {
  v1::StreamType type;
  type.set_name(state.name);
  type.set_etag(absl::StrCat(state.revision));
  *type.mutable_definition() = *state.definition;
  if (!with_descriptors) type.mutable_definition()->clear_descriptor_set();
  *type.mutable_registered_at() = ToTimestamp(state.registered_at_us);
  *type.mutable_updated_at() = ToTimestamp(state.updated_at_us);
  return type;
}

}  // namespace dealog::states
