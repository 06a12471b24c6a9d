#pragma once

// Checks of what people ask of a group.

#include <string_view>

#include "absl/status/status.h"
#include "services/groups/groups.h"

namespace dealog::groups {

// 1 to kGroupNameBytesMax of [a-z0-9_-], first a letter or a digit; FIELD_INVALID `name`.
absl::Status CheckGroupName(std::string_view name);
// FIELD_INVALID naming the field; ranges: limits.h.
absl::Status CheckSettings(const GroupSettings& settings);
// `old`, but for what the mask names.
GroupSettings Merge(const GroupSettings& old, const GroupSettings& fresh, const SettingsMask& mask);

}  // namespace dealog::groups
