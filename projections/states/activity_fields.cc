#include "projections/states/activity_fields.h"

namespace dealog::states {
namespace {

using filter::Value;

Value KindText(const ActivityState& activity, std::string_view, FieldScratch&) {
  if (activity.kind == events::v1::ACTIVITY_KIND_UNSPECIFIED) return Value::Unset();
  // The same numbers.
  return Value::Text(v1::Activity::Kind_Name(static_cast<v1::Activity::Kind>(activity.kind)));
}

Value StateText(const ActivityState& activity, std::string_view, FieldScratch&) {
  if (activity.state == v1::Activity::STATE_UNSPECIFIED) return Value::Unset();
  return Value::Text(v1::Activity::State_Name(activity.state));
}

template <auto... kMembers>
constexpr auto kGet = Get<ActivityState, kMembers...>;

constexpr ActivityFieldRow kFields[] = {
    {.name = "activity_id",
     .old_name = "id",
     .uses = kFilterable | kSortable,
     .get = kGet<&ActivityState::activity_id>},
    {.name = "kind", .kind = FieldKind::kChoice, .uses = kFilterable, .get = KindText},
    {.name = "state",
     .kind = FieldKind::kChoice,
     .uses = kFilterable,
     .events = {"ActivityCompleted", "ActivityCancelled"},
     .get = StateText},
    {.name = "title", .uses = kFilterable, .get = kGet<&ActivityState::title>},
    {.name = "deal_id", .uses = kFilterable, .get = kGet<&ActivityState::deal_id>},
    {.name = "contact_id", .uses = kFilterable, .get = kGet<&ActivityState::contact_id>},
    {.name = "owner",
     .id_name = "owner_id",
     .kind = FieldKind::kReference,
     .refers = Refers::kMember,
     .uses = kFilterable,
     .get = kGet<&ActivityState::owner_id>},
    {.name = "due_time",
     .kind = FieldKind::kTime,
     .uses = kFilterable | kSortable,
     .get = kGet<&ActivityState::due_at_us>},
    {.name = "outcome",
     .uses = kFilterable,
     .events = {"ActivityCompleted", "ActivityCancelled"},
     .get = kGet<&ActivityState::outcome>},
    {.name = "create_time",
     .kind = FieldKind::kTime,
     .uses = kFilterable | kSortable,
     .get = kGet<&ActivityState::created_at_us>},
};

}  // namespace

std::span<const ActivityFieldRow> ActivityFields() { return kFields; }

}  // namespace dealog::states
