#pragma once

// Activities (tasks, calls, meetings) and notes, of deals and contacts.

#include "dealog/v1/activities.pb.h"
#include "projections/states/activity.h"
#include "services/domain/decider.h"

namespace dealog::domain {

absl::StatusOr<Decision> Decide(const v1::ScheduleActivityRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::CompleteActivityRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::CancelActivityRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::WriteNoteRequest& request, const CommandMeta& meta,
                                StateReader& reader);

}  // namespace dealog::domain
