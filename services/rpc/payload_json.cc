#include "services/rpc/payload_json.h"

#include "services/commands/state_loader.h"

namespace dealog::rpc {
namespace {

// Every union whose field is the external event begins with this byte: its tag.
constexpr char kExternalTag =
    static_cast<char>(events::v1::Event::kExternalFieldNumber << 3 | /*length-delimited*/ 2);

}  // namespace

std::string PayloadJson::Of(const eventstore::EventView& event) {
  if (event.payload.empty() || event.payload.front() != kExternalTag) return "";
  const absl::StatusOr<commands::ParsedEvent> parsed = commands::ParseEvent(event);
  return parsed.ok() ? Of(parsed->header, parsed->event.external()) : "";
}

std::string PayloadJson::Of(const storage::v1::EventHeader& header,
                            const events::v1::ExternalEvent& event) {
  const auto type = types_.At(tenant_, header.stream().type(), header.schema_version());
  if (!type.ok() || (*type)->messages == nullptr) return "";
  const events::v1::ExternalEventType* known = (*type)->FindEventType(event.type());
  if (known == nullptr) return "";
  const absl::StatusOr<std::string> json =
      (*type)->messages->ToJson(known->message(), event.payload());
  return json.ok() ? *json : "";
}

}  // namespace dealog::rpc
