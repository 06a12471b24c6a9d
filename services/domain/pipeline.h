#pragma once

// Commands of pipelines. Every change makes a new revision.

#include <string_view>

#include "dealog/v1/pipelines.pb.h"
#include "projections/states/pipeline.h"
#include "services/domain/decider.h"

namespace dealog::domain {

absl::StatusOr<Decision> Decide(const v1::CreatePipelineRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::RenamePipelineRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::ArchivePipelineRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::SetDefaultPipelineRequest& request,
                                const CommandMeta& meta, StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::AddStageRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::RenameStageRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::ReorderStagesRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UpdateStageRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::RetireStageRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::SetTransitionRulesRequest& request,
                                const CommandMeta& meta, StateReader& reader);

// The last step of a retirement, issued by its job when no deal is in the stage any more.
// No events if the stage is retired already.
absl::StatusOr<Decision> DecideFinishRetirement(std::string_view pipeline_id,
                                                std::string_view stage_id, const CommandMeta& meta,
                                                StateReader& reader);

}  // namespace dealog::domain
