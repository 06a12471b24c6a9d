#include "services/workflow/condition.h"

#include "eventstore/base/status.h"
#include "projections/states/catalog.h"
#include "projections/states/organization.h"
#include "projections/states/pipeline.h"
#include "projections/states/stream_types.h"

namespace dealog::workflow {
namespace {

using events::v1::DealEvent;
using filter::FieldType;
using filter::Value;

// The event's fields: numbers that no field of a deal has.
enum EventField {
  kType = 1 << 20,
  kActor,
  kVia,
  kRecordedAt,
  kOccurredAt,
  kFromStage,
  kFromStageId,
  kToStage,
  kToStageId,
};

std::string_view ViaText(storage::v1::Via via) {
  switch (via) {
    case storage::v1::VIA_API:
      return "api";
    case storage::v1::VIA_WORKFLOW:
      return "workflow";
    case storage::v1::VIA_IMPORT:
      return "import";
    case storage::v1::VIA_SYSTEM:
      return "system";
    default:
      return "";
  }
}

template <typename State>
std::string_view NameIn(const domain::AggregateState& state) {
  return static_cast<const State&>(state).display_name.value;
}

}  // namespace

const filter::Schema& ConditionSchema() {
  static const auto* const kSchema = [] {
    auto* const schema = new filter::Schema{
        {.name = "type", .type = FieldType::kText, .id = kType},
        {.name = "actor", .type = FieldType::kText, .id = kActor},
        {.name = "via", .type = FieldType::kText, .id = kVia},
        {.name = "recorded_at", .type = FieldType::kTime, .id = kRecordedAt},
        {.name = "occurred_at", .type = FieldType::kTime, .id = kOccurredAt},
        {.name = "from_stage", .type = FieldType::kText, .id = kFromStage},
        {.name = "from_stage_id", .type = FieldType::kText, .id = kFromStageId, .alias = true},
        {.name = "to_stage", .type = FieldType::kText, .id = kToStage},
        {.name = "to_stage_id", .type = FieldType::kText, .id = kToStageId, .alias = true},
    };
    domain::AddToSchema(domain::DealFields(), "deal.", /*of_state=*/true, *schema);
    return schema;
  }();
  return *kSchema;
}

absl::StatusOr<std::unique_ptr<ConditionRow>> ConditionRow::Make(
    const eventstore::EventLog& log, const eventstore::TenantId& tenant, const std::string& deal_id,
    const commands::ParsedEvent& parsed) {
  std::unique_ptr<ConditionRow> row(new ConditionRow(log, tenant, parsed));
  ASSIGN_OR_RETURN(row->deal_state_, row->Fold(domain::kDealStream, deal_id));
  row->deal_ = static_cast<const domain::DealState*>(row->deal_state_.get());
  row->FindStages();
  return row;
}

absl::StatusOr<bool> ConditionRow::Satisfies(const filter::Filter& condition) const {
  const bool holds = condition.Matches(*this);
  RETURN_IF_ERROR(status_);
  return holds;
}

absl::StatusOr<std::unique_ptr<domain::AggregateState>> ConditionRow::Fold(
    const char* type, std::string_view id) const {
  return commands::FoldStreamAt(log_, tenant_, {type, std::string(id)},
                                eventstore::Position{parsed_.header.position()});
}

const domain::AggregateState* ConditionRow::Find(const char* type, std::string_view id) const {
  const auto found = found_.find(id);
  if (found != found_.end()) return found->second.get();
  auto state = Fold(type, id);
  if (!state.ok()) {
    status_.Update(state.status());
    return nullptr;
  }
  return found_.emplace(id, *std::move(state)).first->second.get();
}

void ConditionRow::FindStages() {
  const DealEvent& event = parsed_.event.deal();
  switch (event.kind_case()) {
    case DealEvent::kDealOpened:
      to_stage_id_ = event.deal_opened().stage_id();
      break;
    case DealEvent::kDealStageMoved:
      from_stage_id_ = event.deal_stage_moved().from_stage_id();
      to_stage_id_ = event.deal_stage_moved().to_stage_id();
      break;
    case DealEvent::kDealWon:
      from_stage_id_ = event.deal_won().from_stage_id();
      to_stage_id_ = event.deal_won().stage_id();
      break;
    case DealEvent::kDealLost:
      from_stage_id_ = event.deal_lost().from_stage_id();
      to_stage_id_ = event.deal_lost().stage_id();
      break;
    case DealEvent::kDealReopened:
      from_stage_id_ = event.deal_reopened().from_stage_id();
      to_stage_id_ = event.deal_reopened().stage_id();
      break;
    case DealEvent::kDealCloseVoided:
      to_stage_id_ = event.deal_close_voided().stage_id();
      break;
    case DealEvent::kDealMoveUndone:
      to_stage_id_ = event.deal_move_undone().stage_id();
      break;
    case DealEvent::kDealDetailsChanged:
    case DealEvent::kDealOwnerAssigned:
    case DealEvent::kDealAmountChanged:
    case DealEvent::kDealExpectedCloseChanged:
    case DealEvent::kDealContactLinked:
    case DealEvent::kDealContactUnlinked:
    case DealEvent::kDealTagged:
    case DealEvent::kDealUntagged:
    case DealEvent::KIND_NOT_SET:
      break;  // The deal stays where it is.
  }
}

std::string_view ConditionRow::NameOf(domain::Refers refers, std::string_view id) const {
  const auto name = [this, id](const char* type, auto name_of) -> std::string_view {
    const domain::AggregateState* const state = Find(type, id);
    return state == nullptr ? std::string_view() : std::string_view(name_of(*state));
  };
  switch (refers) {
    case domain::Refers::kNothing:
      return {};
    case domain::Refers::kMember:
      return name(domain::kMemberStream, NameIn<domain::MemberState>);
    case domain::Refers::kOrganization:
      return name(domain::kOrganizationStream, NameIn<domain::OrganizationState>);
    case domain::Refers::kProduct:
      return name(domain::kProductStream, NameIn<domain::ProductState>);
    case domain::Refers::kPipeline:
      return name(domain::kPipelineStream, NameIn<domain::PipelineState>);
    case domain::Refers::kStage: {
      const auto* pipeline = static_cast<const domain::PipelineState*>(
          Find(domain::kPipelineStream, deal_->pipeline_id));
      const auto* stage = pipeline == nullptr ? nullptr : pipeline->FindStage(id);
      return stage == nullptr ? std::string_view() : std::string_view(stage->definition.label());
    }
  }
  return {};
}

Value ConditionRow::StageValue(const std::string& stage_id) const {
  if (stage_id.empty()) return Value::Unset();
  return Value::Reference(stage_id, NameOf(domain::Refers::kStage, stage_id));
}

Value ConditionRow::GetEvent(int field_id) const {
  const storage::v1::EventHeader& header = parsed_.header;
  switch (field_id) {
    case kType:
      return Value::Text(header.type());
    case kActor:
      return Value::Text(header.actor().principal());
    case kVia:
      return Value::Text(ViaText(header.via()));
    case kRecordedAt:
      return Value::Instant(header.recorded_at_us());
    case kOccurredAt:
      return Value::Instant(header.occurred_at_us());
    case kFromStage:
      return StageValue(from_stage_id_);
    case kFromStageId:
      return Value::Text(from_stage_id_);
    case kToStage:
      return StageValue(to_stage_id_);
    case kToStageId:
      return Value::Text(to_stage_id_);
    default:
      return Value::Unset();
  }
}

Value ConditionRow::Get(int field_id, std::string_view member) const {
  if (field_id >= kType) return GetEvent(field_id);
  const domain::DealFieldRow& field = domain::DealFields()[domain::PlaceOfField(field_id)];
  const Value value = field.get(*deal_, member, scratch_);
  if (!value.set || field.refers == domain::Refers::kNothing || domain::IsIdAlone(field_id)) {
    return value;
  }
  return Value::Reference(value.text, NameOf(field.refers, value.text));
}

}  // namespace dealog::workflow
