#include "services/rpc/pipeline.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/access/principal.h"
#include "services/rpc/limits.h"
#include "services/rpc/validate.h"
#include "services/rpc/wire.h"

namespace dealog::rpc {
namespace {

using google::protobuf::Message;

// First, so that refusals are counted and timed too.
absl::Status Measure(const Incoming&, Message&, Call& call) {
  call.started_us = base::MonotonicMicros();
  return absl::OkStatus();
}

absl::Status RefuseWhileDraining(const Incoming& incoming, Message&, Call&) {
  if (!incoming.draining) return absl::OkStatus();
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                     "the server is stopping; try again in a moment")
      .RetryAfter(absl::Seconds(1));
}

absl::Status Authenticate(const Incoming& incoming, Message&, Call& call) {
  ASSIGN_OR_RETURN(access::Principal principal, access::Authenticate(incoming.actor));
  call.principal = std::move(principal.name);
  return absl::OkStatus();
}

absl::Status Authorize(const Incoming&, Message&, Call& call) {
  return access::Authorize({call.principal}, call.method->permission);
}

absl::Status FindTenant(const Incoming& incoming, Message&, Call& call) {
  if (!call.method->needs_tenant) return absl::OkStatus();
  RETURN_IF_ERROR(access::CheckTenantName(incoming.tenant));
  call.tenant.value = incoming.tenant;
  return absl::OkStatus();
}

absl::Status CheckLimits(const Incoming& incoming, Message&, Call&) {
  if (incoming.body.size() <= kRequestBytesMax) return absl::OkStatus();
  return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                     absl::StrCat("expected a request of at most ", kRequestBytesMax,
                                  " bytes, found ", incoming.body.size(), "; send less at once"))
      .With("limit", "request_bytes");
}

absl::Status CheckDeadline(const Incoming& incoming, Message&, Call& call) {
  call.deadline = incoming.deadline;
  if (incoming.deadline > incoming.now) return absl::OkStatus();
  return base::Error(absl::StatusCode::kDeadlineExceeded, "CANCELLED",
                     "the call's deadline passed before it was looked at; allow more time");
}

// Trace context that is not well-formed is dropped, as W3C asks: it must never fail a call.
absl::Status TakeTrace(const Incoming& incoming, Message&, Call& call) {
  constexpr size_t kTraceparentBytes = 55;  // 00-<32 hex>-<16 hex>-<2 hex>
  const auto is_part = [](char c) {
    return c == '-' || std::isxdigit(static_cast<unsigned char>(c));
  };
  if (incoming.traceparent.size() == kTraceparentBytes &&
      std::all_of(incoming.traceparent.begin(), incoming.traceparent.end(), is_part)) {
    call.traceparent = incoming.traceparent;
  }
  return absl::OkStatus();
}

absl::Status Validate(const Incoming& incoming, Message& request, Call&) {
  RETURN_IF_ERROR(ParseRequest(incoming.body, request));
  return ValidateRequest(request);
}

constexpr std::array kSteps = {
    Step{"measure", Measure},           Step{"draining", RefuseWhileDraining},
    Step{"authenticate", Authenticate}, Step{"authorize", Authorize},
    Step{"tenant", FindTenant},         Step{"limits", CheckLimits},
    Step{"deadline", CheckDeadline},    Step{"trace", TakeTrace},
    Step{"validate", Validate},
};

}  // namespace

std::span<const Step> Steps() { return kSteps; }

absl::Status Admit(const Incoming& incoming, Message& request, Call& call) {
  for (const Step& step : kSteps) RETURN_IF_ERROR(step.run(incoming, request, call));
  return absl::OkStatus();
}

}  // namespace dealog::rpc
