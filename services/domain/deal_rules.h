#pragma once

// A pipeline's rules for deals: shared by the deciders of deals, not for others.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/states/deal.h"
#include "services/domain/pipeline.h"

namespace dealog::domain {

// A deal that a command is about, with its pipeline and its stage.
struct DealSubject {
  const DealState* deal;
  const PipelineState* pipeline;
  const PipelineStage* stage;
  StreamRef stream;
};

// DEAL_NOT_FOUND, REVISION_CONFLICT; OCCURRED_OUT_OF_ORDER before the deal's opening.
absl::StatusOr<const DealState*> LoadDeal(const std::string& deal_id, const CommandMeta& meta,
                                          StateReader& reader);
// The same for a command that changes the stage: OCCURRED_OUT_OF_ORDER before the last stage event.
absl::StatusOr<DealSubject> LoadDealSubject(const std::string& deal_id, const CommandMeta& meta,
                                            StateReader& reader);

// Where a move leads, by the order of the pipeline's stages.
struct Route {
  events::v1::MoveDirection direction = events::v1::MOVE_DIRECTION_UNSPECIFIED;
  std::vector<std::string> skipped_stage_ids;
};
Route RouteBetween(const PipelineState& pipeline, const PipelineStage& from,
                   const PipelineStage& to);

// TRANSITION_NOT_ALLOWED if the pipeline has no such moves. Exempt commands pass.
absl::Status CheckRoute(const PipelineState& pipeline, const Route& route, const CommandMeta& meta);

// EXIT_CRITERIA_NOT_MET, a condition per missing field, unless the deal has what the stage asks
// for; `also_set` is a field that the command sets itself. Exempt commands pass.
absl::Status CheckExitCriteria(const DealSubject& subject, std::string_view also_set,
                               const CommandMeta& meta);

// The reason as the pipeline's list writes it. REASON_REQUIRED; exempt commands pass.
absl::StatusOr<std::string> CheckLostReason(const PipelineState& pipeline,
                                            const std::string& reason, const CommandMeta& meta);

// The stage in which to open a deal: `stage`, or the first that is allowed for "". STAGE_NOT_FOUND,
// STAGE_RETIRED, FIELD_INVALID for another kind than OPEN, TRANSITION_NOT_ALLOWED.
absl::StatusOr<const PipelineStage*> CreationStage(const PipelineState& pipeline,
                                                   const std::string& stage,
                                                   const CommandMeta& meta);

// CURRENCY_MISMATCH if the deal's cycle has an amount in another currency.
absl::Status CheckCurrency(const DealState& deal, const events::v1::Money& amount);

}  // namespace dealog::domain
