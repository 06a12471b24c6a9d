#include "services/workflow/condition.h"

#include <cmath>

#include "absl/time/civil_time.h"
#include "eventstore/base/currency.h"
#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"
#include "services/domain/catalog.h"

namespace dealog::workflow {
namespace {

using events::v1::DealEvent;
using filter::FieldType;
using filter::Value;

enum FieldId {
  kType,
  kActor,
  kVia,
  kRecordedAt,
  kOccurredAt,
  kFromStage,
  kFromStageId,
  kToStage,
  kToStageId,
  kDealId,
  kTitle,
  kOwner,
  kOwnerId,
  kSource,
  kPipeline,
  kPipelineId,
  kStage,
  kStageId,
  kStatus,
  kAmount,
  kCurrency,
  kTags,
  kOrganizationId,
  kProductId,
  kExpectedCloseDate,
  kCycle,
  kLostReason,
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

std::string_view StatusText(v1::Deal::Status status) {
  switch (status) {
    case v1::Deal::OPEN:
      return "OPEN";
    case v1::Deal::WON:
      return "WON";
    case v1::Deal::LOST:
      return "LOST";
    default:
      return "";
  }
}

Value AmountOf(const std::optional<events::v1::Money>& amount) {
  if (!amount.has_value()) return Value::Unset();
  const int decimals = base::CurrencyDecimals(amount->currency_code()).value_or(0);
  return Value::Number(static_cast<double>(amount->amount_minor()) / std::pow(10, decimals));
}

Value DateOf(const std::optional<events::v1::Date>& date) {
  if (!date.has_value()) return Value::Unset();
  return Value::Instant(absl::CivilDay(date->year(), date->month(), date->day()) -
                        absl::CivilDay(1970, 1, 1));
}

}  // namespace

const filter::Schema& ConditionSchema() {
  static const auto* const kSchema = new filter::Schema{
      {.name = "type", .type = FieldType::kText, .id = kType},
      {.name = "actor", .type = FieldType::kText, .id = kActor},
      {.name = "via", .type = FieldType::kText, .id = kVia},
      {.name = "recorded_at", .type = FieldType::kTime, .id = kRecordedAt},
      {.name = "occurred_at", .type = FieldType::kTime, .id = kOccurredAt},
      {.name = "from_stage", .type = FieldType::kText, .id = kFromStage},
      {.name = "from_stage_id", .type = FieldType::kText, .id = kFromStageId},
      {.name = "to_stage", .type = FieldType::kText, .id = kToStage},
      {.name = "to_stage_id", .type = FieldType::kText, .id = kToStageId},
      {.name = "deal.id", .type = FieldType::kText, .id = kDealId},
      {.name = "deal.title", .type = FieldType::kText, .id = kTitle},
      {.name = "deal.owner", .type = FieldType::kText, .id = kOwner},
      {.name = "deal.owner_id", .type = FieldType::kText, .id = kOwnerId},
      {.name = "deal.source", .type = FieldType::kText, .id = kSource},
      {.name = "deal.pipeline", .type = FieldType::kText, .id = kPipeline},
      {.name = "deal.pipeline_id", .type = FieldType::kText, .id = kPipelineId},
      {.name = "deal.stage", .type = FieldType::kText, .id = kStage},
      {.name = "deal.stage_id", .type = FieldType::kText, .id = kStageId},
      {.name = "deal.status", .type = FieldType::kText, .id = kStatus},
      {.name = "deal.amount", .type = FieldType::kNumber, .id = kAmount},
      {.name = "deal.currency", .type = FieldType::kText, .id = kCurrency},
      {.name = "deal.tags", .type = FieldType::kTextList, .id = kTags},
      {.name = "deal.organization_id", .type = FieldType::kText, .id = kOrganizationId},
      {.name = "deal.product_id", .type = FieldType::kText, .id = kProductId},
      {.name = "deal.expected_close_date", .type = FieldType::kDate, .id = kExpectedCloseDate},
      {.name = "deal.cycle", .type = FieldType::kNumber, .id = kCycle},
      {.name = "deal.lost_reason", .type = FieldType::kText, .id = kLostReason},
  };
  return *kSchema;
}

absl::StatusOr<std::unique_ptr<ConditionRow>> ConditionRow::Make(
    const eventstore::EventLog& log, const eventstore::TenantId& tenant, const std::string& deal_id,
    const commands::ParsedEvent& parsed) {
  const auto fold = [&](const char* type, const std::string& id) {
    // Of several events in one commit, those up to this one.
    return commands::FoldStreamAt(log, tenant, {type, id},
                                  eventstore::Position{parsed.header.position()});
  };
  std::unique_ptr<ConditionRow> row(new ConditionRow(parsed));
  ASSIGN_OR_RETURN(row->deal_state_, fold(domain::kDealStream, deal_id));
  row->deal_ = static_cast<const domain::DealState*>(row->deal_state_.get());
  ASSIGN_OR_RETURN(row->pipeline_state_, fold(domain::kPipelineStream, row->deal_->pipeline_id));
  row->pipeline_ = static_cast<const domain::PipelineState*>(row->pipeline_state_.get());
  if (const std::string& owner_id = row->deal_->owner_id.value; !owner_id.empty()) {
    ASSIGN_OR_RETURN(const auto owner, fold(domain::kMemberStream, owner_id));
    row->owner_name_ = static_cast<const domain::MemberState&>(*owner).display_name;
  }
  row->tags_ = row->deal_->tags.Keys();
  row->tag_views_.assign(row->tags_.begin(), row->tags_.end());
  row->FindStages();
  return row;
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

std::string_view ConditionRow::LabelOf(const std::string& stage_id) const {
  const domain::PipelineStage* stage = pipeline_->FindStage(stage_id);
  return stage == nullptr ? std::string_view() : std::string_view(stage->definition.label());
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
      return Value::Text(LabelOf(from_stage_id_));
    case kFromStageId:
      return Value::Text(from_stage_id_);
    case kToStage:
      return Value::Text(LabelOf(to_stage_id_));
    case kToStageId:
      return Value::Text(to_stage_id_);
    default:
      return Value::Unset();
  }
}

Value ConditionRow::Get(int field_id, std::string_view) const {
  switch (field_id) {
    case kDealId:
      return Value::Text(deal_->deal_id);
    case kTitle:
      return Value::Text(deal_->title.value);
    case kOwner:
      return Value::Text(owner_name_);
    case kOwnerId:
      return Value::Text(deal_->owner_id.value);
    case kSource:
      return Value::Text(deal_->source.value);
    case kPipeline:
      return Value::Text(pipeline_->display_name);
    case kPipelineId:
      return Value::Text(deal_->pipeline_id);
    case kStage:
      return Value::Text(LabelOf(deal_->stage.stage_id));
    case kStageId:
      return Value::Text(deal_->stage.stage_id);
    case kStatus:
      return Value::Text(StatusText(deal_->stage.status));
    case kAmount:
      return AmountOf(deal_->amount.value);
    case kCurrency:
      return deal_->amount.value.has_value() ? Value::Text(deal_->amount.value->currency_code())
                                             : Value::Unset();
    case kTags:
      return Value::List(tag_views_);
    case kOrganizationId:
      return Value::Text(deal_->organization_id.value);
    case kProductId:
      return Value::Text(deal_->product_id.value);
    case kExpectedCloseDate:
      return DateOf(deal_->expected_close_date.value);
    case kCycle:
      return Value::Number(deal_->stage.cycle);
    case kLostReason:
      return Value::Text(deal_->stage.lost_reason);
    default:
      return GetEvent(field_id);
  }
}

}  // namespace dealog::workflow
