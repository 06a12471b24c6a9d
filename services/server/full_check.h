#pragma once

// The check of everything that is stored of the log: the log itself, and that what was made out of
// it, views and audit trees, is of this log and not ahead of it.

#include <memory>

#include "eventstore/event_log.h"
#include "eventstore/log_verify.h"
#include "eventstore/merkle/audit_store.h"
#include "projections/runtime/runner.h"
#include "projections/view_store.h"

namespace dealog::server {

// All outlive the verifier, which is thread-safe. Given options' followers and on_commit are not
// used.
std::unique_ptr<eventstore::LogVerifier> MakeFullCheck(eventstore::EventLog& log,
                                                       eventstore::LogVerifier& verifier,
                                                       const projections::Runner& runner,
                                                       const projections::ViewStore& views,
                                                       const eventstore::AuditStore& audit);

}  // namespace dealog::server
