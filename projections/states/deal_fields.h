#pragma once

// The fields of a deal: what they are called and what may be done with them.

#include <cstddef>
#include <span>

#include "dealog/v1/deals.pb.h"
#include "projections/states/deal.h"
#include "projections/states/fields.h"

namespace dealog::states {

// Places in the table: for code that keeps a field in a column of its own.
enum class DealFieldId : size_t {
  kDealId,
  kTitle,
  kPipeline,
  kStage,
  kStatus,
  kOwner,
  kTeam,
  kRegion,
  kSource,
  kTags,
  kOrganization,
  kOrganizationAttribute,
  kProduct,
  kAmount,
  kCurrency,
  kExpectedCloseDate,
  kContacts,
  kCycle,
  kLostReason,
  kCreateTime,
  kStageEnterTime,
  kCloseTime,
  kUpdateTime,
  kLastOpenStage,
  kExternalKey,
};

using DealFieldRow = FieldRow<DealState, v1::UpdateDealRequest, DealFieldId>;
std::span<const DealFieldRow> DealFields();
inline const DealFieldRow& FieldOf(DealFieldId id) { return DealFields()[static_cast<size_t>(id)]; }

}  // namespace dealog::states
