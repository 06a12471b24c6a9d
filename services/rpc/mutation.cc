#include "services/rpc/mutation.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/views/texts.h"
#include "services/rpc/instants.h"

namespace dealog::rpc {
namespace {

// What a call holds besides its request and reply, bytes.
constexpr size_t kCallBytes = 1024;

// 8-4-4-4-12 hexadecimal digits.
bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::Status FillContext(const CommonFields& fields, commands::CommandContext& context) {
  if (!fields.request_id.empty()) {
    if (!IsUuid(fields.request_id)) {
      return base::InvalidField("request_id",
                                absl::StrCat("expected a UUID such as "
                                             "7f9c24e8-3b12-4c1d-9f6a-0d1e2f3a4b5c, found ",
                                             fields.request_id.size(), " other bytes"));
    }
    context.request_id = absl::AsciiStrToLower(base::View(fields.request_id));
  }
  uint64_t revision = 0;
  if (!fields.etag.empty() && !absl::SimpleAtoi(base::View(fields.etag), &revision)) {
    return base::InvalidField(
        "etag", absl::StrCat("expected the etag of a resource, which is a number, found ",
                             projections::Quoted(fields.etag)));
  }
  context.etag = fields.etag;
  context.validate_only = fields.validate_only;
  context.origin.override_reason = fields.override_reason;
  if (fields.occurred_at != nullptr) {
    ASSIGN_OR_RETURN(context.occurred_at_us, ToMicros(*fields.occurred_at, "occurred_at"));
  }
  return absl::OkStatus();
}

void FillOrigin(const Call& call, commands::CommandContext& context) {
  context.tenant = call.tenant;
  context.origin.principal = call.principal;
  context.origin.traceparent = call.traceparent;
  context.method = call.method->path;
  context.deadline = call.deadline;
}

void FillCommit(commands::CommandResult result, v1::CommitInfo& info) {
  info.set_position(static_cast<int64_t>(result.position.value));
  info.set_token(std::move(result.token));
  *info.mutable_recorded_at() = ToTimestamp(result.recorded_at_us);
  info.set_replayed(result.replayed);
}

void MutationCall::Start(std::unique_ptr<MutationCall> mutation) {
  if (const absl::Status admitted = mutation->Admit(); !admitted.ok()) {
    mutation->call_.Refuse(admitted);
    return;
  }
  const Core& core = mutation->call_.core();
  if (const domain::StreamRef stream = mutation->first_stream(); !stream.id.empty()) {
    core.sequencers.Prefetch(mutation->context_.tenant, stream);
  }
  core.sequencers.Submit(std::move(mutation));
}

absl::Status MutationCall::Admit() {
  RETURN_IF_ERROR(call_.Admit(request()));
  FillOrigin(call_.call(), context_);
  RETURN_IF_ERROR(FillContext(common_fields(), context_));
  RETURN_IF_ERROR(Prepare(context_));
  if (!context_.request_id.empty()) {
    context_.fingerprint = commands::Fingerprint(context_.method, request());
  }
  return absl::OkStatus();
}

// A parsed message takes about twice its bytes; the reply is of the same order.
size_t MutationCall::ApproximateBytes() const { return kCallBytes + 4 * call_.request_bytes(); }

void MutationCall::Done(absl::StatusOr<commands::CommandResult> result) {
  if (!result.ok()) {
    call_.Refuse(result.status());
    return;
  }
  FillCommit(*std::move(result), commit());
  call_.Reply(response());
}

}  // namespace dealog::rpc
