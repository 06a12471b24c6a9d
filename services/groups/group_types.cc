#include "services/groups/group_types.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/string_view.h"

namespace dealog::groups {

std::string FormatDeliveryId(const DeliveryId& id) {
  return absl::StrCat(id.generation, "-", id.position.value, "-", id.number);
}

bool ParseDeliveryId(std::string_view text, DeliveryId& id) {
  const std::vector<absl::string_view> parts = absl::StrSplit(base::View(text), '-');
  DeliveryId parsed;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &parsed.generation) ||
      !absl::SimpleAtoi(parts[1], &parsed.position.value) ||
      !absl::SimpleAtoi(parts[2], &parsed.number)) {
    return false;
  }
  // Only what FormatDeliveryId makes: no second text for the same delivery.
  if (FormatDeliveryId(parsed) != text) return false;
  id = parsed;
  return true;
}

}  // namespace dealog::groups
