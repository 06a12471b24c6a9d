#include "services/commands/state_loader.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"

namespace dealog::commands {

using eventstore::EventLog;
using eventstore::Position;
using eventstore::Revision;
using eventstore::StreamId;
using eventstore::TenantId;

domain::EventMeta ParsedEvent::meta() const {
  return {.revision = header.revision(),
          .position = header.position(),
          .recorded_at_us = header.recorded_at_us(),
          .occurred_at_us = header.occurred_at_us(),
          .principal = header.actor().principal()};
}

absl::StatusOr<ParsedEvent> ParseEvent(const eventstore::EventView& view) {
  ParsedEvent parsed;
  if (!parsed.header.ParseFromArray(view.header.data(), static_cast<int>(view.header.size()))) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       "an event's header does not parse; run `dealog log verify`");
  }
  if (!parsed.event.ParseFromArray(view.payload.data(), static_cast<int>(view.payload.size()))) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       absl::StrCat("the payload of the event at position ",
                                    parsed.header.position(), " of tenant ", parsed.header.tenant(),
                                    " does not parse; run `dealog log verify`"));
  }
  return parsed;
}

namespace {

constexpr Position kNewestPosition{std::numeric_limits<uint64_t>::max()};

// Applies events after the state's revision until one lies past either bound.
absl::Status Apply(const EventLog& log, const TenantId& tenant, const domain::StreamRef& stream,
                   Revision up_to, Position known_at, domain::AggregateState& state) {
  const StreamId id{stream.type, stream.id};
  if (state.HasOnlyRevision() && known_at == kNewestPosition) {
    ASSIGN_OR_RETURN(const Revision head, log.StreamHead(tenant, id));
    state.revision = std::min(head, up_to).value;
    return absl::OkStatus();
  }
  while (state.revision < up_to.value) {
    ASSIGN_OR_RETURN(const eventstore::ReadPage page,
                     log.ReadStream(tenant, id, {.from = Revision{state.revision + 1}}));
    for (const eventstore::PageEvent& item : page.events) {
      if (item.position() > known_at) return absl::OkStatus();
      ASSIGN_OR_RETURN(const ParsedEvent parsed, ParseEvent(item.view()));
      if (parsed.header.revision() > up_to.value) return absl::OkStatus();
      state.Apply(parsed.event, parsed.meta());
    }
    if (page.end || page.events.empty()) break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CatchUp(const EventLog& log, const TenantId& tenant, const domain::StreamRef& stream,
                     Revision up_to, domain::AggregateState& state) {
  return Apply(log, tenant, stream, up_to, kNewestPosition, state);
}

absl::StatusOr<std::unique_ptr<domain::AggregateState>> FoldStream(const EventLog& log,
                                                                   const TenantId& tenant,
                                                                   const domain::StreamRef& stream,
                                                                   Revision up_to) {
  std::unique_ptr<domain::AggregateState> state = domain::MakeState(stream.type, stream.id);
  RETURN_IF_ERROR(Apply(log, tenant, stream, up_to, kNewestPosition, *state));
  return state;
}

absl::StatusOr<std::unique_ptr<domain::AggregateState>> FoldStreamAt(
    const EventLog& log, const TenantId& tenant, const domain::StreamRef& stream,
    Position known_at) {
  std::unique_ptr<domain::AggregateState> state = domain::MakeState(stream.type, stream.id);
  RETURN_IF_ERROR(Apply(log, tenant, stream, kNewestRevision, known_at, *state));
  return state;
}

std::string UniqueHash(const base::Secret& secret, std::string_view kind, std::string_view value) {
  // The zero byte keeps ("a", "bc") and ("ab", "c") apart: kinds hold none.
  std::string text;
  text.reserve(kind.size() + 1 + value.size());
  text.append(kind).append(1, '\0').append(value);
  return std::string(base::AsView(base::HmacSha256(secret.bytes(), text)));
}

namespace {

class LogStateReader final : public domain::StateReader {
 public:
  LogStateReader(const EventLog& log, TenantId tenant, const base::Secret& secret)
      : log_(log), tenant_(std::move(tenant)), secret_(secret) {}

  absl::StatusOr<const domain::AggregateState*> Find(const domain::StreamRef& stream) override {
    std::unique_ptr<domain::AggregateState>& state = states_[StreamId{stream.type, stream.id}];
    if (state == nullptr) {
      ASSIGN_OR_RETURN(state, FoldStream(log_, tenant_, stream));
    }
    return state.get();
  }

  absl::StatusOr<std::optional<std::string>> FindUnique(std::string_view kind,
                                                        std::string_view value) override {
    ASSIGN_OR_RETURN(const std::optional<StreamId> owner,
                     log_.FindUnique(tenant_, kind, UniqueHash(secret_, kind, value)));
    if (!owner.has_value()) return std::nullopt;
    return owner->id;
  }

 private:
  const EventLog& log_;
  const TenantId tenant_;
  const base::Secret& secret_;
  // unique_ptr: a state stays where it is while others are folded.
  absl::flat_hash_map<StreamId, std::unique_ptr<domain::AggregateState>> states_;
};

}  // namespace

std::unique_ptr<domain::StateReader> MakeLogStateReader(const EventLog& log, TenantId tenant,
                                                        const base::Secret& secret) {
  return std::make_unique<LogStateReader>(log, std::move(tenant), secret);
}

}  // namespace dealog::commands
