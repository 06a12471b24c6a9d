// `dealog group consume`: takes part in a group; an event counts as handled once it was printed.

#include <algorithm>
#include <cstdint>
#include <memory>

#include "absl/strings/str_cat.h"
#include "dealog/v1/groups.grpc.pb.h"
#include "services/cli/groups.h"
#include "services/cli/limits.h"

namespace dealog::cli {
namespace {

struct ConsumeInput {
  v1::ConsumeStart start;
  int64_t limit = 0;  // 0 = for ever.
};

using Stream = grpc::ClientReaderWriter<v1::ConsumeRequest, v1::ConsumeResponse>;

// Prints, then acks and asks for as many again: never more are in hand than were asked for first.
bool PrintAndAck(const v1::DeliveryBatch& batch, int32_t more, Stream& stream, Printer& printer) {
  v1::ConsumeRequest ack;
  for (int i = 0; i < batch.deliveries_size(); ++i) {
    printer.JsonLine(batch.deliveries(i));
    if (!printer.out().good()) return false;  // Nobody reads: not handled.
    ack.mutable_ack()->add_delivery_ids(batch.deliveries(i).delivery_id());
    const bool full = ack.ack().delivery_ids_size() == kAcksPerMessage;
    if (!full && i + 1 < batch.deliveries_size()) continue;
    if (!stream.Write(ack)) return false;
    ack.Clear();
  }
  if (more == 0) return true;
  v1::ConsumeRequest credits;
  credits.mutable_credits()->set_events(more);
  return stream.Write(credits);
}

absl::Status Consume(const ConsumeInput& input, Session& session) {
  grpc::ClientContext context;
  session.client().Prepare(context, /*stream=*/true);
  const auto stub = session.client().Stub<v1::ConsumerGroupService>();
  const auto stream = stub->Consume(&context);
  v1::ConsumeRequest first;
  *first.mutable_start() = input.start;
  int64_t wanted = input.limit;  // Not yet asked for; of no matter without a limit.
  if (input.limit > 0) {
    const int64_t credits = std::min<int64_t>(input.start.credits(), input.limit);
    first.mutable_start()->set_credits(static_cast<int32_t>(credits));
    wanted -= credits;
  }
  bool open = stream->Write(first);
  int64_t taken = 0;
  v1::ConsumeResponse message;
  while (open && (input.limit == 0 || taken < input.limit) && stream->Read(&message)) {
    if (message.has_started()) {
      session.printer().Note(absl::StrCat("-- group ", input.start.group(), ", checkpoint ",
                                          message.started().checkpoint()));
    } else if (message.has_refused()) {
      session.printer().Note(
          absl::StrCat("-- ", message.refused().reason(), ": ", message.refused().delivery_id()));
    } else if (message.has_deliveries()) {
      const int64_t count = message.deliveries().deliveries_size();
      const int64_t more = input.limit == 0 ? count : std::min(count, wanted);
      wanted -= input.limit == 0 ? 0 : more;
      taken += count;
      open =
          PrintAndAck(message.deliveries(), static_cast<int32_t>(more), *stream, session.printer());
    }
  }
  stream->WritesDone();
  while (stream->Read(&message)) {
  }
  return FromGrpc(stream->Finish());
}

}  // namespace

void AddGroupConsumeCommand(const CommandTree& group) {
  auto input = std::make_shared<ConsumeInput>();
  input->start.set_credits(kConsumeCreditsDefault);
  input->start.set_payload_form(v1::PAYLOAD_FORM_CLEAR);
  input->start.set_consumer("dealog");
  CLI::App* command =
      group.Leaf("consume", "Prints a group's events, one JSON document per line, and acks them",
                 "dealog group consume mailer --limit 10",
                 [input](Session& session) { return Consume(*input, session); });
  AddText(command, "group", "Group's name", input->start.mutable_group());
  AddText(command, "--as", "Name of this consumer (default: dealog)",
          input->start.mutable_consumer());
  command->add_option_function<int32_t>(
      "--credits", [input](int32_t credits) { input->start.set_credits(credits); },
      "Events in hand at a time (default 100, at most 10000)");
  command
      ->add_option_function<int64_t>(
          "--limit", [input](int64_t limit) { input->limit = limit; },
          "End after this many events (default: go on for ever)")
      ->check(CLI::PositiveNumber);
}

}  // namespace dealog::cli
