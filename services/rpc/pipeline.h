#pragma once

// What every call passes through before its service sees it: one ordered list of steps, each of
// which refuses the call or adds to what is known of it.
//
// To add a step: a function in pipeline.cc, one line in its kSteps, its place in the test of the
// order.

#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "services/rpc/core.h"

namespace dealog::rpc {

// A call as it came from the network. The views live as long as the call.
struct Incoming {
  bool draining = false;
  std::string_view actor;        // Metadata `dealog-actor`.
  std::string_view tenant;       // Metadata `dealog-tenant`.
  std::string_view traceparent;  // Metadata `traceparent`.
  std::string_view body;         // The request, serialised.
  absl::Time now;
  absl::Time deadline = absl::InfiniteFuture();
};

// One step. `call.method` is set; `request` is empty until "validate" has parsed it.
struct Step {
  std::string_view name;
  absl::Status (*run)(const Incoming& incoming, google::protobuf::Message& request, Call& call);
};

// The steps, in order.
std::span<const Step> Steps();

// Runs the steps until one refuses.
absl::Status Admit(const Incoming& incoming, google::protobuf::Message& request, Call& call);

}  // namespace dealog::rpc
