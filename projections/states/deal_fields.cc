#include "projections/states/deal_fields.h"

#include <array>
#include <optional>

namespace dealog::states {
namespace {

using filter::Value;
using Id = DealFieldId;
using Request = v1::UpdateDealRequest;
using Events = std::array<std::string_view, kFieldEventsMax>;

// Events that close or open a deal, and all that say where it stands.
constexpr Events kClosings = {"DealWon", "DealLost", "DealReopened", "DealCloseVoided",
                              "DealMoveUndone"};
constexpr Events kStageChanges = {"DealStageMoved", "DealWon",         "DealLost",
                                  "DealReopened",   "DealCloseVoided", "DealMoveUndone"};

Value StatusOf(const DealState& deal, std::string_view, FieldScratch&) {
  if (deal.stage.status == v1::Deal::STATUS_UNSPECIFIED) return Value::Unset();
  return Value::Text(v1::Deal::Status_Name(deal.stage.status));
}

Value CurrencyOf(const DealState& deal, std::string_view, FieldScratch&) {
  const auto& amount = deal.amount.value;
  return amount ? Value::Text(amount->currency_code()) : Value::Unset();
}

// Of what people enter.
constexpr unsigned kEntered = kFilterable | kRequirable | kSettable | kImportable | kTracked;

template <auto... kMembers>
constexpr auto kGet = Get<DealState, kMembers...>;

constexpr DealFieldRow kFields[] = {
    {.id = Id::kDealId,
     .name = "deal_id",
     .old_name = "id",
     .uses = kFilterable | kSortable,
     .get = kGet<&DealState::deal_id>},
    {.id = Id::kTitle,
     .name = "title",
     .uses = kEntered | kSortable,
     .events = {"DealDetailsChanged"},
     .get = kGet<&DealState::title>,
     .path = "title",
     .text = [](Request& request) { return request.mutable_title(); }},
    {.id = Id::kPipeline,
     .name = "pipeline",
     .id_name = "pipeline_id",
     .kind = FieldKind::kReference,
     .refers = Refers::kPipeline,
     .uses = kFilterable,
     .get = kGet<&DealState::pipeline_id>},
    {.id = Id::kStage,
     .name = "stage",
     .id_name = "stage_id",
     .kind = FieldKind::kReference,
     .refers = Refers::kStage,
     .uses = kFilterable | kGroupable | kTracked,
     .events = kStageChanges,
     .get = kGet<&DealState::stage, &DealStage::stage_id>},
    {.id = Id::kStatus,
     .name = "status",
     .old_name = "stage_kind",
     .kind = FieldKind::kChoice,
     .uses = kFilterable | kTracked,
     .events = kClosings,
     .get = StatusOf},
    {.id = Id::kOwner,
     .name = "owner",
     .id_name = "owner_id",
     .kind = FieldKind::kReference,
     .refers = Refers::kMember,
     .uses = kEntered | kGroupable,
     .events = {"DealOwnerAssigned"},
     .get = kGet<&DealState::owner_id>,
     .path = "owner",
     .text = [](Request& request) { return request.mutable_owner(); }},
    {.id = Id::kTeam, .name = "team", .of = "owner", .uses = kFilterable | kGroupable},
    {.id = Id::kRegion, .name = "region", .of = "owner", .uses = kFilterable | kGroupable},
    {.id = Id::kSource,
     .name = "source",
     .uses = kEntered | kGroupable,
     .events = {"DealDetailsChanged"},
     .get = kGet<&DealState::source>,
     .path = "source",
     .text = [](Request& request) { return request.mutable_source(); }},
    {.id = Id::kTags,
     .name = "tags",
     .old_name = "tag",
     .kind = FieldKind::kTextList,
     .uses = kFilterable | kGroupable | kTracked,
     .events = {"DealTagged", "DealUntagged"},
     .get = kGet<&DealState::tags>},
    {.id = Id::kOrganization,
     .name = "organization",
     .id_name = "organization_id",
     .kind = FieldKind::kReference,
     .refers = Refers::kOrganization,
     .uses = kEntered | kGroupable,
     .events = {"DealDetailsChanged"},
     .get = kGet<&DealState::organization_id>,
     .path = "organization_id",
     .text = [](Request& request) { return request.mutable_organization_id(); }},
    {.id = Id::kOrganizationAttribute,
     .name = "organization.",
     .kind = FieldKind::kAttributes,
     .of = "organization",
     .uses = kFilterable | kGroupable},
    {.id = Id::kProduct,
     .name = "product",
     .id_name = "product_id",
     .kind = FieldKind::kReference,
     .refers = Refers::kProduct,
     .uses = kEntered | kGroupable,
     .events = {"DealDetailsChanged"},
     .get = kGet<&DealState::product_id>,
     .path = "product",
     .text = [](Request& request) { return request.mutable_product(); }},
    {.id = Id::kAmount,
     .name = "amount",
     .kind = FieldKind::kMoney,
     .uses = kEntered | kSortable,
     .events = {"DealAmountChanged"},
     .get = kGet<&DealState::amount>,
     .path = "amount",
     .money = [](Request& request) { return request.mutable_amount(); }},
    {.id = Id::kCurrency,
     .name = "currency",
     .of = "amount",
     .uses = kFilterable,
     .events = {"DealAmountChanged"},
     .get = CurrencyOf},
    {.id = Id::kExpectedCloseDate,
     .name = "expected_close_date",
     .kind = FieldKind::kDate,
     .uses = kEntered | kSortable,
     .events = {"DealExpectedCloseChanged"},
     .get = kGet<&DealState::expected_close_date>,
     .path = "expected_close_date",
     .date = [](Request& request) { return request.mutable_expected_close_date(); }},
    {.id = Id::kContacts,
     .name = "contacts",
     .kind = FieldKind::kTextList,
     .uses = kTracked,
     .events = {"DealContactLinked", "DealContactUnlinked"},
     .get = kGet<&DealState::contacts>},
    {.id = Id::kCycle,
     .name = "cycle",
     .kind = FieldKind::kNumber,
     .uses = kFilterable | kTracked,
     .events = {"DealReopened", "DealMoveUndone"},
     .get = kGet<&DealState::stage, &DealStage::cycle>},
    {.id = Id::kLostReason,
     .name = "lost_reason",
     .uses = kFilterable | kGroupable | kImportable | kTracked,
     .events = {"DealLost", "DealReopened", "DealCloseVoided", "DealMoveUndone"},
     .get = kGet<&DealState::stage, &DealStage::lost_reason>},
    {.id = Id::kCreateTime,
     .name = "create_time",
     .kind = FieldKind::kTime,
     .uses = kFilterable | kSortable,
     .get = kGet<&DealState::opened_at_us>},
    {.id = Id::kStageEnterTime,
     .name = "stage_enter_time",
     .kind = FieldKind::kTime,
     .uses = kFilterable,
     .events = kStageChanges,
     .get = kGet<&DealState::stage, &DealStage::entered_at_us>},
    {.id = Id::kCloseTime,
     .name = "close_time",
     .kind = FieldKind::kTime,
     .uses = kFilterable,
     .events = kClosings,
     .get = kGet<&DealState::stage, &DealStage::closed_at_us>},
    // Every event of the deal sets it.
    {.id = Id::kUpdateTime,
     .name = "update_time",
     .kind = FieldKind::kTime,
     .uses = kFilterable | kSortable,
     .get = kGet<&DealState::updated_at_us>},
    {.id = Id::kLastOpenStage,
     .name = "last_open_stage",
     .id_name = "last_open_stage_id",
     .kind = FieldKind::kReference,
     .refers = Refers::kStage,
     .uses = kFilterable,
     .events = {"DealStageMoved", "DealReopened", "DealCloseVoided", "DealMoveUndone"},
     .get = kGet<&DealState::stage, &DealStage::last_open_stage_id>},
    {.id = Id::kExternalKey,
     .name = "external_key",
     .uses = kFilterable,
     .get = kGet<&DealState::external_key>},
};

static_assert(
    [] {
      for (size_t i = 0; i < std::size(kFields); ++i) {
        if (kFields[i].id != static_cast<Id>(i)) return false;
      }
      return true;
    }(),
    "Rows stand in the order of their ids.");

}  // namespace

std::span<const DealFieldRow> DealFields() { return kFields; }

}  // namespace dealog::states
