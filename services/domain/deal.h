#pragma once

// Commands of deals, the citizens of a pipeline.

#include <string_view>

#include "dealog/v1/deals.pb.h"
#include "projections/states/deal.h"
#include "services/domain/decider.h"

namespace dealog::domain {

// Where it stands: deal_decide_stage.cc and deal_reopen.cc.
absl::StatusOr<Decision> Decide(const v1::MoveDealRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::WinDealRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::LoseDealRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::ReopenDealRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UndoDealMoveRequest& request, const CommandMeta& meta,
                                StateReader& reader);

// A step of a stage's retirement, issued by its job: takes the deal from the retiring stage to the
// replacement, outside the transition rules. No events if the deal is not in the stage any more.
absl::StatusOr<Decision> DecideRetirementMove(std::string_view deal_id, std::string_view stage_id,
                                              const CommandMeta& meta, StateReader& reader);

// Its fields: deal_decide_fields.cc.
absl::StatusOr<Decision> Decide(const v1::OpenDealRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UpdateDealRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::TagDealRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UntagDealRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::LinkDealContactRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UnlinkDealContactRequest& request,
                                const CommandMeta& meta, StateReader& reader);

}  // namespace dealog::domain
