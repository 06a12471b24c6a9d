#pragma once

// The streams of LogService: what the log holds, and what comes.

#include <memory>

#include "absl/status/statusor.h"
#include "dealog/v1/log.pb.h"
#include "eventstore/event_log.h"
#include "services/rpc/stream.h"

namespace dealog::rpc {

absl::StatusOr<std::unique_ptr<StreamSource>> OpenReadLog(const Core& core, const Call& call,
                                                          const v1::ReadLogRequest& request);
absl::StatusOr<std::unique_ptr<StreamSource>> OpenSubscribe(const Core& core, const Call& call,
                                                            const v1::SubscribeRequest& request);

// Where the tenant's log ends; NOT_FOUND / TENANT_NOT_FOUND if there is no such tenant.
absl::StatusOr<eventstore::TenantHead> RequireTenant(const Core& core, const Call& call);

}  // namespace dealog::rpc
