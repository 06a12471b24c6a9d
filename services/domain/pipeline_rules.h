#pragma once

// What makes a pipeline valid: shared by the deciders of pipelines, not for others.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/domain/pipeline.h"

namespace dealog::domain {

// FAILED_PRECONDITION / PIPELINE_INVALID.
absl::Status PipelineInvalid(std::string_view message);

// The subject of a command: by id or display name, with the caller's etag, not back-dated before
// the pipeline's last change.
absl::StatusOr<const PipelineState*> LoadPipeline(const std::string& pipeline,
                                                  const CommandMeta& meta, StateReader& reader);

// A stage as it is stored, what it requires by canonical names. FIELD_INVALID naming a field under
// `field`. The id is left as it is.
absl::StatusOr<events::v1::Stage> ToEventStage(std::string_view field, const v1::Stage& stage);
// A probability that suits the kind: WON is 1, LOST is 0, OPEN is in [0, 1].
absl::Status CheckProbability(std::string_view field, events::v1::StageKind kind,
                              double probability);

// True if two labels name the same stage.
bool SameLabel(std::string_view a, std::string_view b);

// Rules as they are stored, creation stages resolved to ids. STAGE_NOT_FOUND, STAGE_RETIRED,
// FIELD_INVALID.
absl::StatusOr<events::v1::TransitionRules> ToEventRules(const v1::TransitionRules& rules,
                                                         const PipelineState& pipeline);

// FAILED_PRECONDITION / STAGE_RETIRED unless the stage is active.
absl::Status CheckActive(std::string_view field, const PipelineStage& stage);

// "OPEN", "WON" or "LOST".
std::string_view KindName(events::v1::StageKind kind);

}  // namespace dealog::domain
