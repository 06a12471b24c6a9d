#pragma once

// Consumer groups between the API and services/groups.

#include "absl/status/statusor.h"
#include "dealog/v1/groups.pb.h"
#include "services/groups/groups.h"
#include "services/rpc/core.h"

namespace dealog::rpc {

// FIELD_INVALID for what can't be a setting; ranges are checked by the groups. 0 and unset become
// the defaults.
absl::StatusOr<groups::GroupSettings> ToSettings(const Core& core, const Call& call,
                                                 const v1::GroupSettings& settings);
// FIELD_INVALID for a path that is none of GroupSettings', or no path.
absl::StatusOr<groups::SettingsMask> ToMask(const google::protobuf::FieldMask& mask);
// What a nack decides. FIELD_INVALID for no action, a delay or a reason out of range.
absl::StatusOr<groups::Settlement> ToSettlement(const v1::ConsumeNack& nack);
v1::ConsumerGroup ToGroup(const groups::GroupStatus& status);
v1::ParkedEvent ToParkedEvent(groups::Position position, const groups::Parked& parked);

}  // namespace dealog::rpc
