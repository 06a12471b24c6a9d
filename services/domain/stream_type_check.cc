#include "services/domain/stream_type_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/event_types.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/stream_type.h"
#include "services/domain/text.h"

namespace dealog::domain {
namespace {

using events::v1::ExternalEventType;
using events::v1::StreamTypeDefinition;

constexpr char kLower[] = "abcdefghijklmnopqrstuvwxyz";
constexpr char kUpper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr char kDigits[] = "0123456789";

// Aggregates that the CRM is going to have: a service that took their names would be in the way.
constexpr std::string_view kReservedNames[] = {
    "quote", "ticket", "form", "engagement",   "segment",        "goal",      "rate",
    "team",  "reason", "tag",  "custom_field", "consumer_group", "operation", "subject",
};

absl::Status CheckEventTypeName(const std::string& field, const std::string& type) {
  const bool ok =
      !type.empty() && type.size() <= kEventTypeBytesMax &&
      std::string_view(kUpper).find(type.front()) != std::string_view::npos &&
      type.find_first_not_of(std::string(kLower) + kUpper + kDigits) == std::string::npos;
  if (!ok) {
    return base::InvalidField(
        field, absl::StrCat("expected 1 to ", kEventTypeBytesMax,
                            " letters and digits, a capital first, such as InvoiceSent, found \"",
                            type.substr(0, kEventTypeBytesMax), "\""));
  }
  const auto& own = AllEventTypeNames();
  if (!std::binary_search(own.begin(), own.end(), type)) return absl::OkStatus();
  return base::Error(
             absl::StatusCode::kInvalidArgument, "STREAM_TYPE_RESERVED",
             absl::StrCat(field, ": expected an event type that is not the CRM's own, found ", type,
                          "; choose another name"))
      .With("event_type", type);
}

absl::Status CheckEventTypes(const StreamTypeDefinition& definition,
                             const base::MessageTypes* messages) {
  const size_t count = static_cast<size_t>(definition.event_types_size());
  if (count == 0 || count > kEventTypesMax) {
    return base::InvalidField("definition.event_types",
                              absl::StrCat("expected 1 to ", kEventTypesMax, ", found ", count));
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < definition.event_types_size(); ++i) {
    const ExternalEventType& type = definition.event_types(i);
    const std::string where = absl::StrCat("definition.event_types[", i, "]");
    RETURN_IF_ERROR(CheckEventTypeName(where + ".type", type.type()));
    if (!seen.insert(type.type()).second) {
      return base::InvalidField(where + ".type", absl::StrCat("expected types that differ, found ",
                                                              type.type(), " again"));
    }
    if (messages == nullptr && !type.message().empty()) {
      return base::InvalidField(where + ".message",
                                "expected no message, because payloads are opaque, found one");
    }
    if (messages != nullptr && !messages->Has(type.message())) {
      return base::InvalidField(
          where + ".message",
          absl::StrCat("expected the full name of a message of descriptor_set, such as "
                       "billing.v1.InvoiceSent, found \"",
                       type.message(), "\""));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckDefinition(const StreamTypeDefinition& definition) {
  RETURN_IF_ERROR(CheckText("definition.description", definition.description(),
                            {.chars_max = kDescriptionCharsMax, .multiline = true}));
  RETURN_IF_ERROR(
      CheckText("definition.owner", definition.owner(), {.chars_max = kDisplayNameCharsMax}));
  if (definition.payload_type() == events::v1::PAYLOAD_TYPE_UNSPECIFIED) {
    return base::InvalidField("definition.payload_type",
                              "expected PAYLOAD_TYPE_OPAQUE or PAYLOAD_TYPE_PROTOBUF, found none");
  }
  ASSIGN_OR_RETURN(const auto messages, MessagesOf(definition));
  return CheckEventTypes(definition, messages.get());
}

absl::Status CheckReplaces(const StreamTypeDefinition& old,
                           const StreamTypeDefinition& definition) {
  if (old.payload_type() != definition.payload_type()) {
    return base::InvalidField(
        "definition.payload_type",
        absl::StrCat("expected ", PayloadType_Name(old.payload_type()),
                     ", which never changes, found ", PayloadType_Name(definition.payload_type())));
  }
  for (const ExternalEventType& kept : old.event_types()) {
    const auto& types = definition.event_types();
    const auto same = [&](const ExternalEventType& type) {
      return type.type() == kept.type() && type.message() == kept.message();
    };
    if (std::any_of(types.begin(), types.end(), same)) continue;
    return base::InvalidField(
        "definition.event_types",
        absl::StrCat("expected every event type there was, with its message, found no ",
                     kept.type(), kept.message().empty() ? "" : " of ", kept.message(),
                     "; events of it may be stored"));
  }
  return absl::OkStatus();
}

absl::Status CheckStreamTypeName(std::string_view field, std::string_view name) {
  const bool ok =
      !name.empty() && name.size() <= kStreamTypeBytesMax &&
      std::string_view(kLower).find(name.front()) != std::string_view::npos &&
      name.find_first_not_of(std::string(kLower) + kDigits + "_") == std::string_view::npos;
  if (!ok) {
    return base::InvalidField(
        field, absl::StrCat("expected the name of a stream type, 1 to ", kStreamTypeBytesMax,
                            " of [a-z0-9_], a letter first, found \"",
                            View(name.substr(0, kStreamTypeBytesMax)), "\""));
  }
  const bool own = IsOwnStreamType(name);
  const bool planned = std::find(std::begin(kReservedNames), std::end(kReservedNames), name) !=
                       std::end(kReservedNames);
  if (!own && !planned) return absl::OkStatus();
  return base::Error(
             absl::StatusCode::kInvalidArgument, "STREAM_TYPE_RESERVED",
             absl::StrCat(View(field), ": ", View(name),
                          own ? " streams are the CRM's own and change through its commands "
                                "only; call those"
                              : " is kept for the CRM itself; choose another name"))
      .With("stream_type", name);
}

}  // namespace dealog::domain
