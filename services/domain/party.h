#pragma once

// What contacts and organizations have in common: shared by their deciders, not for others.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"
#include "services/domain/values.h"

namespace dealog::domain {

// The attributes of a request that differ from `now`. LIMIT_EXCEEDED past kAttributesMax.
absl::StatusOr<std::vector<events::v1::Attribute>> AttributeChanges(const Attributes& asked,
                                                                    bool may_remove,
                                                                    const AttributeMap& now);

// A unique key that changes hands when `before` becomes `after` (as given, "" for none).
struct KeyChange {
  std::optional<std::string> release;  // Normalised; unset if nothing is freed.
  std::optional<std::string> claim;    // Normalised; unset if nothing is taken.
};
// FIELD_INVALID naming `field` if `after` is not empty and has no normal form.
using Normalizer = std::optional<std::string> (*)(std::string_view text);
absl::StatusOr<KeyChange> ChangeKey(std::string_view field, std::string_view expected,
                                    const std::string& before, const std::string& after,
                                    Normalizer normalize);

}  // namespace dealog::domain
