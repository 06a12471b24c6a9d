#include "services/domain/stream_type.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/stream_type_check.h"
#include "services/domain/values.h"

namespace dealog::domain {
namespace {

using events::v1::StreamTypeDefinition;

bool Same(const StreamTypeDefinition& a, const StreamTypeDefinition& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

absl::StatusOr<bool> IsTaken(size_t slot, StateReader& reader) {
  ASSIGN_OR_RETURN(const std::optional<std::string> owner,
                   reader.FindUnique(kStreamTypeSlot, absl::StrCat(slot)));
  return owner.has_value();
}

// Slots are taken in order and never freed: the first free one is found by halving.
absl::StatusOr<size_t> FirstFreeSlot(StateReader& reader) {
  size_t free = kStreamTypesMax;
  for (size_t low = 0; low < free;) {
    const size_t middle = low + (free - low) / 2;
    ASSIGN_OR_RETURN(const bool taken, IsTaken(middle, reader));
    if (taken) {
      low = middle + 1;
    } else {
      free = middle;
    }
  }
  return free;
}

absl::Status Register(const v1::RegisterStreamTypeRequest& request, StateReader& reader,
                      Decision& decision) {
  ASSIGN_OR_RETURN(const size_t slot, FirstFreeSlot(reader));
  if (slot == kStreamTypesMax) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("expected at most ", kStreamTypesMax,
                                    " stream types of one tenant, found as many already; add "
                                    "event types to one of them"))
        .With("limit", "stream_types");
  }
  decision.claims.push_back({kStreamTypeSlot, absl::StrCat(slot), decision.subject});
  *AddEvent(decision, decision.subject)
       .mutable_stream_type()
       ->mutable_stream_type_registered()
       ->mutable_definition() = request.definition();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Decision> Decide(const v1::RegisterStreamTypeRequest& request,
                                const CommandMeta& meta, StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  RETURN_IF_ERROR(CheckStreamTypeName("name", request.name()));
  RETURN_IF_ERROR(CheckDefinition(request.definition()));
  const StreamRef subject{kStreamTypeStream, request.name()};
  ASSIGN_OR_RETURN(const StreamTypeState* state,
                   Load<StreamTypeState>(reader, subject.type, subject.id));
  RETURN_IF_ERROR(CheckEtag(meta, subject, *state));
  Decision decision{.subject = subject};
  if (state->revision == 0) {
    RETURN_IF_ERROR(Register(request, reader, decision));
    return decision;
  }
  if (Same(*state->definition, request.definition())) return decision;
  if (meta.etag.empty()) {
    return base::Error(absl::StatusCode::kAlreadyExists, "STREAM_TYPE_EXISTS",
                       absl::StrCat("stream type ", request.name(),
                                    " is registered with another definition; send etag \"",
                                    state->revision, "\" to replace that"))
        .With("name", request.name())
        .With("etag", absl::StrCat(state->revision));
  }
  RETURN_IF_ERROR(CheckReplaces(*state->definition, request.definition()));
  *AddEvent(decision, subject)
       .mutable_stream_type()
       ->mutable_stream_type_updated()
       ->mutable_definition() = request.definition();
  return decision;
}

absl::StatusOr<const StreamTypeState*> FindStreamType(std::string_view field, std::string_view name,
                                                      StateReader& reader) {
  RETURN_IF_ERROR(CheckStreamTypeName(field, name));
  ASSIGN_OR_RETURN(const StreamTypeState* state,
                   Load<StreamTypeState>(reader, kStreamTypeStream, name));
  if (state->revision > 0) return state;
  return base::Error(absl::StatusCode::kNotFound, "STREAM_TYPE_NOT_FOUND",
                     absl::StrCat(View(field), ": expected a registered stream type, found \"",
                                  View(name), "\"; register it, or correct the name"))
      .With(field, name);
}

absl::StatusOr<std::vector<std::string>> StreamTypeNames(StateReader& reader) {
  std::vector<std::string> names;
  while (names.size() < kStreamTypesMax) {
    ASSIGN_OR_RETURN(std::optional<std::string> owner,
                     reader.FindUnique(kStreamTypeSlot, absl::StrCat(names.size())));
    if (!owner) break;
    names.push_back(*std::move(owner));
  }
  return names;
}

absl::StatusOr<std::vector<const StreamTypeState*>> StreamTypesOfEvent(std::string_view event_type,
                                                                       StateReader& reader) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, StreamTypeNames(reader));
  std::vector<const StreamTypeState*> types;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const StreamTypeState* type,
                     Load<StreamTypeState>(reader, kStreamTypeStream, name));
    if (type->FindEventType(event_type) != nullptr) types.push_back(type);
  }
  return types;
}

}  // namespace dealog::domain
