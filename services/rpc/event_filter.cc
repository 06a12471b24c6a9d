#include "services/rpc/event_filter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/event_types.h"
#include "projections/states/stream_types.h"
#include "projections/views/texts.h"
#include "services/domain/stream_type.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

absl::Status CheckCount(int count, std::string_view field) {
  if (static_cast<size_t>(count) <= kEventFilterItemsMax) return absl::OkStatus();
  return base::InvalidField(
      field, absl::StrCat("expected at most ", kEventFilterItemsMax, " items, found ", count));
}

bool IsOwnEventType(const std::string& type) {
  const auto& own = domain::AllEventTypeNames();
  return std::binary_search(own.begin(), own.end(), type);
}

}  // namespace

absl::StatusOr<eventstore::StreamId> ParseStream(std::string_view text, std::string_view field) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size() ||
      slash > eventstore::kStreamTypeBytesMax ||
      text.size() - slash - 1 > eventstore::kStreamIdBytesMax) {
    return base::InvalidField(field, absl::StrCat("expected a stream as type/id, for example "
                                                  "deal/deal_01h455vb4pex5vsknk084sn02q, found ",
                                                  text.size(), " other bytes"));
  }
  return eventstore::StreamId{std::string(text.substr(0, slash)),
                              std::string(text.substr(slash + 1))};
}

absl::StatusOr<RegisteredTypes> ReadRegisteredTypes(domain::StateReader& states) {
  RegisteredTypes types;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, domain::StreamTypeNames(states));
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const auto* state, domain::FindStreamType("stream_type", name, states));
    types.stream_types.insert(name);
    for (const auto& type : state->definition->event_types()) types.event_types.insert(type.type());
  }
  return types;
}

absl::StatusOr<eventstore::EventFilter> ParseEventFilter(const v1::EventFilter& filter,
                                                         const RegisteredTypes& registered) {
  RETURN_IF_ERROR(CheckCount(filter.streams_size(), "filter.streams"));
  RETURN_IF_ERROR(CheckCount(filter.stream_types_size(), "filter.stream_types"));
  RETURN_IF_ERROR(CheckCount(filter.event_types_size(), "filter.event_types"));
  eventstore::EventFilter parsed;
  for (const std::string& stream : filter.streams()) {
    ASSIGN_OR_RETURN(parsed.streams.emplace_back(), ParseStream(stream, "filter.streams"));
  }
  for (const std::string& type : filter.stream_types()) {
    if (!domain::IsOwnStreamType(type) && !registered.stream_types.contains(type)) {
      return base::InvalidField(
          "filter.stream_types",
          absl::StrCat("expected stream types such as deal or contact, or registered ones, found ",
                       projections::Quoted(type)));
    }
    parsed.stream_types.push_back(type);
  }
  for (const std::string& type : filter.event_types()) {
    if (!IsOwnEventType(type) && !registered.event_types.contains(type)) {
      return base::InvalidField(
          "filter.event_types",
          absl::StrCat("expected event types such as DealWon, or registered ones, found ",
                       projections::Quoted(type)));
    }
    parsed.event_types.push_back(type);
  }
  return parsed;
}

absl::StatusOr<eventstore::EventFilter> OpenEventFilter(const Core& core, const Call& call,
                                                        const v1::EventFilter& filter) {
  const auto& streams = filter.stream_types();
  const auto& events = filter.event_types();
  if (std::all_of(streams.begin(), streams.end(), domain::IsOwnStreamType) &&
      std::all_of(events.begin(), events.end(), IsOwnEventType)) {
    return ParseEventFilter(filter);
  }
  ASSIGN_OR_RETURN(const RegisteredTypes registered,
                   ReadRegisteredTypes(*core.sequencers.States(call.tenant)));
  return ParseEventFilter(filter, registered);
}

}  // namespace dealog::rpc
