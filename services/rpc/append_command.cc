#include "services/rpc/append_command.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/domain/external.h"
#include "services/rpc/limits.h"
#include "services/rpc/mutation.h"
#include "services/rpc/status_mapping.h"

namespace dealog::rpc {
namespace {

constexpr char kMethod[] = "/dealog.v1.LogService/AppendEvents";
// What an append holds besides its request, bytes; a parsed request and the events made of it take
// about four times the bytes on the wire.
constexpr size_t kAppendBytes = 1024;
constexpr size_t kBytesPerRequestByte = 4;

absl::Status Corrupt(eventstore::Position position) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     absl::StrCat("expected readable events up to position ", position.value,
                                  ", found others; run dealog log verify"));
}

// What the commit that ends at a position gave its streams: the reply to a repeated request.
absl::StatusOr<v1::AppendEventsResponse> ReadAppended(const eventstore::EventLog& log,
                                                      const eventstore::TenantId& tenant,
                                                      eventstore::Position last) {
  ASSIGN_OR_RETURN(const eventstore::ReadPage page,
                   log.ReadTenant(tenant, {.after = {last.value - 1}, .limit = 1}));
  if (page.events.empty()) return Corrupt(last);
  const eventstore::StoredCommit& commit = *page.events[0].commit;
  v1::AppendEventsResponse response;
  storage::v1::EventHeader header;
  for (size_t i = 0; i < commit.event_count(); ++i) {
    const std::string_view bytes = commit.event(i).header;
    if (!header.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Corrupt(last);
    const std::string stream = absl::StrCat(header.stream().type(), "/", header.stream().id());
    auto& streams = *response.mutable_streams();
    auto known = std::find_if(streams.begin(), streams.end(),
                              [&](const auto& item) { return item.stream() == stream; });
    if (known == streams.end()) {
      v1::AppendedStream& added = *streams.Add();
      added.set_stream(stream);
      added.set_first_revision(static_cast<int64_t>(header.revision()));
      added.set_last_revision(added.first_revision());
    } else {
      known->set_last_revision(static_cast<int64_t>(header.revision()));
    }
  }
  return response;
}

// Ownership: of the request; of the reply until `done` takes it.
class AppendCommand final : public commands::PendingCommand {
 public:
  AppendCommand(const Core& core, commands::CommandContext context, v1::AppendEventsRequest request,
                AppendDone done)
      : core_(core),
        context_(std::move(context)),
        request_(std::move(request)),
        bytes_(kAppendBytes + kBytesPerRequestByte * request_.ByteSizeLong()),
        done_(std::move(done)) {}

  const commands::CommandContext& context() const override { return context_; }
  size_t ApproximateBytes() const override { return bytes_; }

  absl::StatusOr<domain::Decision> Decide(const domain::CommandMeta& meta,
                                          domain::StateReader& states) override {
    ASSIGN_OR_RETURN(domain::Decision decision, domain::Decide(request_, meta, states));
    RETURN_IF_ERROR(domain::DescribeAppend(decision, states, response_));
    return decision;
  }
  // A stream's revision says nothing that Decide has not said: of how many events, for example.
  void Describe(const domain::AggregateState&) override {}

  void Done(absl::StatusOr<commands::CommandResult> result) override {
    if (!result.ok()) {
      done_(result.status());
    } else if (result->replayed) {
      Replay(*std::move(result));
    } else {
      FillCommit(*std::move(result), *response_.mutable_commit());
      done_(std::move(response_));
    }
  }

 private:
  // The record of a request says where its commit ends; the rest is read, not on the sequencer's
  // thread.
  void Replay(commands::CommandResult result) {
    const auto read = [&log = core_.log, tenant = context_.tenant, result, done = done_] {
      auto response = ReadAppended(log, tenant, result.position);
      if (response.ok()) FillCommit(result, *response->mutable_commit());
      done(std::move(response));
    };
    if (core_.executors.reads.Submit(context_.tenant, read).ok()) return;
    done_(base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                      "the append was done before, but too many reads wait to tell what it did; "
                      "send it again in a moment")
              .RetryAfter(kOverloadedRetry));
  }

  const Core& core_;
  const commands::CommandContext context_;
  const v1::AppendEventsRequest request_;
  const size_t bytes_;
  const AppendDone done_;
  v1::AppendEventsResponse response_;
};

absl::StatusOr<commands::CommandContext> ContextOf(const Call& call,
                                                   const v1::AppendEventsRequest& request) {
  commands::CommandContext context;
  FillOrigin(call, context);
  context.method = kMethod;
  RETURN_IF_ERROR(FillContext(CommonFieldsOf(request), context));
  if (!context.request_id.empty()) {
    context.fingerprint = commands::Fingerprint(context.method, request);
  }
  return context;
}

}  // namespace

void SubmitAppend(const Core& core, const Call& call, v1::AppendEventsRequest request,
                  AppendDone done) {
  absl::StatusOr<commands::CommandContext> context = ContextOf(call, request);
  if (!context.ok()) {
    done(context.status());
    return;
  }
  if (!request.events().empty()) {
    const auto stream = domain::ParseStreamRef("stream", request.events(0).stream());
    if (stream.ok()) core.sequencers.Prefetch(call.tenant, *stream);
  }
  core.sequencers.Submit(std::make_unique<AppendCommand>(core, *std::move(context),
                                                         std::move(request), std::move(done)));
}

v1::AppendOutcome ToOutcome(absl::StatusOr<v1::AppendEventsResponse> result) {
  v1::AppendOutcome outcome;
  if (result.ok()) {
    *outcome.mutable_appended() = *std::move(result);
  } else {
    *outcome.mutable_error() = ToRpcStatus(result.status());
  }
  return outcome;
}

}  // namespace dealog::rpc
