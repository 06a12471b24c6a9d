#pragma once

// How filters see an owner.

#include <string_view>

#include "projections/views/catalog_view.h"

namespace dealog::projections {

// The member's present display name; the id of an unknown one; "" for "". Points into the
// arguments.
inline std::string_view OwnerLabel(std::string_view owner_id, const CatalogView& catalog) {
  const MemberRecord* member = catalog.Member(owner_id);
  return member == nullptr ? owner_id : std::string_view(member->state.display_name.value);
}

}  // namespace dealog::projections
