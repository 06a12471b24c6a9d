#include "projections/states/catalog.h"

namespace dealog::states {

using events::v1::MemberEvent;
using events::v1::ProductEvent;

size_t MemberState::ApproximateBytes() const {
  return sizeof(*this) + display_name.value.size() + team.value.size() + region.value.size();
}

void MemberState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  const int64_t at = meta.occurred_at_us;
  switch (event.member().kind_case()) {
    case MemberEvent::kMemberDefined: {
      const auto& defined = event.member().member_defined();
      created_at_us = at;
      display_name.Set(defined.display_name());
      team.Set(defined.team(), at);
      region.Set(defined.region(), at);
      external_key = defined.external_key();
      return;
    }
    case MemberEvent::kMemberChanged: {
      const auto& changed = event.member().member_changed();
      if (changed.has_display_name()) display_name.Set(changed.display_name());
      if (changed.has_team()) team.Set(changed.team(), at);
      if (changed.has_region()) region.Set(changed.region(), at);
      return;
    }
    case MemberEvent::KIND_NOT_SET:
      return;
  }
}

size_t ProductState::ApproximateBytes() const {
  return sizeof(*this) + display_name.value.size() + series.value.size();
}

void ProductState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  const int64_t at = meta.occurred_at_us;
  switch (event.product().kind_case()) {
    case ProductEvent::kProductDefined: {
      const auto& defined = event.product().product_defined();
      created_at_us = at;
      display_name.Set(defined.display_name());
      series.Set(defined.series(), at);
      if (defined.has_list_price()) list_price.Set(defined.list_price(), at);
      external_key = defined.external_key();
      return;
    }
    case ProductEvent::kProductChanged: {
      const auto& changed = event.product().product_changed();
      if (changed.has_display_name()) display_name.Set(changed.display_name());
      if (changed.has_series()) series.Set(changed.series(), at);
      if (changed.has_list_price()) list_price.Set(changed.list_price(), at);
      return;
    }
    case ProductEvent::KIND_NOT_SET:
      return;
  }
}

}  // namespace dealog::states
