#include "services/cli/stored_events.h"

#include "dealog/v1/log.grpc.pb.h"
#include "eventstore/base/status.h"

namespace dealog::cli {

absl::Status ReadStoredEvents(const Client& client, uint64_t count,
                              absl::FunctionRef<absl::Status(const v1::StoredEvent&)> event,
                              absl::FunctionRef<void(uint64_t events)> read) {
  if (count == 0) return absl::OkStatus();  // A limit of 0 would mean none.
  v1::ReadLogRequest request;
  request.set_payload_form(v1::PAYLOAD_FORM_STORED);
  request.set_limit(static_cast<int64_t>(count));
  grpc::ClientContext context;
  client.Prepare(context, /*stream=*/true);
  const auto stub = client.Stub<v1::LogService>();
  const auto reader = stub->ReadLog(&context, request);
  v1::ReadLogResponse message;
  uint64_t events = 0;
  while (reader->Read(&message)) {
    for (const v1::StoredEvent& stored : message.stored_events()) {
      const absl::Status status = event(stored);
      if (status.ok()) continue;
      context.TryCancel();
      reader->Finish();
      return status;
    }
    events += static_cast<uint64_t>(message.stored_events_size());
    read(events);
  }
  return FromGrpc(reader->Finish());
}

}  // namespace dealog::cli
