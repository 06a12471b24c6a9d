#pragma once

// One append of another service on its way through the sequencer: what the unary call, the call of
// several and the stream have in common.

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "dealog/v1/append.pb.h"
#include "services/commands/sequencer.h"
#include "services/rpc/core.h"

namespace dealog::rpc {

using AppendDone = std::function<void(absl::StatusOr<v1::AppendEventsResponse>)>;

// Checks what does not need the log, then queues the append. `done` is called exactly once, from
// any thread, perhaps before this returns; it must be quick. All three forms remember a request_id
// as AppendEvents, so that it may be repeated through another. `core` must outlive it.
void SubmitAppend(const Core& core, const Call& call, v1::AppendEventsRequest request,
                  AppendDone done);

// The outcome of one append among several.
v1::AppendOutcome ToOutcome(absl::StatusOr<v1::AppendEventsResponse> result);

}  // namespace dealog::rpc
