#include "projections/states/describe.h"

#include "absl/strings/str_cat.h"
#include "projections/states/activity.h"
#include "projections/states/catalog.h"
#include "projections/states/contact.h"
#include "projections/states/deal.h"
#include "projections/states/import.h"
#include "projections/states/organization.h"
#include "projections/states/pipeline.h"
#include "projections/states/stream_type.h"
#include "projections/states/tenant.h"
#include "projections/states/values.h"
#include "projections/states/workflow.h"

namespace dealog::states {
namespace {

std::string Etag(const AggregateState& state) { return std::to_string(state.revision); }

template <typename Resource>
void SetTags(const TagSet& tags, Resource& resource) {
  for (std::string& tag : tags.Keys()) *resource.add_tags() = std::move(tag);
}

template <typename Resource>
void SetAttributes(const AttributeMap& attributes, Resource& resource) {
  for (const std::string& key : attributes.Keys()) {
    *resource.add_attributes() = *attributes.Find(key);
  }
}

std::string WithThousands(int64_t number) {
  std::string text = absl::StrCat(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

// "product: GTXPro -> GTX Pro (1,480 rows)".
std::string ReplacementText(const events::v1::SpellingReplaced& replaced) {
  return absl::StrCat(replaced.column(), ": ", replaced.from(), " -> ", replaced.to(), " (",
                      WithThousands(replaced.row_count()),
                      replaced.row_count() == 1 ? " row)" : " rows)");
}

v1::Stage ToStage(const PipelineStage& stage) {
  const events::v1::Stage& definition = stage.definition;
  v1::Stage result;
  result.set_stage_id(definition.stage_id());
  result.set_label(definition.label());
  result.set_kind(static_cast<v1::Stage::Kind>(definition.kind()));  // The same numbers.
  if (definition.has_probability()) result.set_probability(definition.probability());
  result.set_rot_threshold_seconds(definition.rot_threshold_seconds());
  result.set_objective(definition.objective());
  for (const auto& action : definition.actions()) result.add_actions(action.label());
  *result.mutable_required_fields() = definition.required_fields();
  result.set_retiring(stage.life == PipelineStage::Life::kRetiring);
  result.set_retired(stage.life == PipelineStage::Life::kRetired);
  return result;
}

}  // namespace

v1::Tenant ToTenant(const TenantState& state) {
  v1::Tenant tenant;
  tenant.set_name(state.name);
  tenant.set_time_zone(state.time_zone);
  tenant.set_currency_code(state.currency_code);
  *tenant.mutable_create_time() = ToTimestamp(state.created_at_us);
  return tenant;
}

v1::Pipeline ToPipeline(const PipelineState& state) {
  v1::Pipeline pipeline;
  pipeline.set_pipeline_id(state.pipeline_id);
  pipeline.set_etag(Etag(state));
  pipeline.set_display_name(state.display_name.value);
  for (const PipelineStage& stage : state.stages) *pipeline.add_stages() = ToStage(stage);
  auto& rules = *pipeline.mutable_rules();
  rules.set_allow_skip(state.rules.allow_skip());
  rules.set_allow_backward(state.rules.allow_backward());
  *rules.mutable_creation_stages() = state.rules.creation_stage_ids();
  rules.set_lost_reason_required(state.rules.lost_reason_required());
  *rules.mutable_lost_reasons() = state.rules.lost_reasons();
  pipeline.set_is_default(state.is_default);
  pipeline.set_archived(state.archived);
  *pipeline.mutable_create_time() = ToTimestamp(state.created_at_us);
  return pipeline;
}

v1::Deal ToDeal(const DealState& state) {
  v1::Deal deal;
  deal.set_deal_id(state.deal_id);
  deal.set_etag(Etag(state));
  deal.set_newer_data(static_cast<bool>(state.newer));
  deal.set_title(state.title.value);
  deal.set_pipeline_id(state.pipeline_id);
  deal.set_stage_id(state.stage.stage_id);
  deal.set_status(state.stage.status);
  deal.set_owner_id(state.owner_id.value);
  deal.set_source(state.source.value);
  SetTags(state.tags, deal);
  deal.set_organization_id(state.organization_id.value);
  deal.set_product_id(state.product_id.value);
  if (state.amount.value) *deal.mutable_amount() = ToApiMoney(*state.amount.value);
  if (state.expected_close_date.value) {
    *deal.mutable_expected_close_date() = *state.expected_close_date.value;
  }
  for (const std::string& contact_id : state.contacts.Keys()) {
    auto& link = *deal.add_contacts();
    link.set_contact_id(contact_id);
    link.set_role(*state.contacts.Find(contact_id));
  }
  deal.set_cycle(static_cast<int32_t>(state.stage.cycle));
  deal.set_lost_reason(state.stage.lost_reason);
  *deal.mutable_create_time() = ToTimestamp(state.opened_at_us);
  *deal.mutable_stage_enter_time() = ToTimestamp(state.stage.entered_at_us);
  if (state.stage.closed_at_us) *deal.mutable_close_time() = ToTimestamp(*state.stage.closed_at_us);
  *deal.mutable_update_time() = ToTimestamp(state.updated_at_us);
  deal.set_last_open_stage_id(state.stage.last_open_stage_id);
  deal.set_external_key(state.external_key);
  return deal;
}

v1::Contact ToContact(const ContactState& state) {
  v1::Contact contact;
  contact.set_contact_id(state.contact_id);
  contact.set_etag(Etag(state));
  contact.set_newer_data(static_cast<bool>(state.newer));
  contact.set_display_name(state.display_name.value);
  contact.set_email(state.email.value);
  contact.set_phone(state.phone.value);
  contact.set_owner_id(state.owner_id.value);
  contact.set_organization_id(state.organization_id.value);
  SetTags(state.tags, contact);
  SetAttributes(state.attributes, contact);
  contact.set_external_key(state.external_key);
  *contact.mutable_create_time() = ToTimestamp(state.created_at_us);
  *contact.mutable_update_time() = ToTimestamp(state.updated_at_us);
  return contact;
}

v1::Organization ToOrganization(const OrganizationState& state) {
  v1::Organization organization;
  organization.set_organization_id(state.organization_id);
  organization.set_etag(Etag(state));
  organization.set_newer_data(static_cast<bool>(state.newer));
  organization.set_display_name(state.display_name.value);
  organization.set_domain(state.domain.value);
  organization.set_owner_id(state.owner_id.value);
  SetTags(state.tags, organization);
  SetAttributes(state.attributes, organization);
  organization.set_external_key(state.external_key);
  *organization.mutable_create_time() = ToTimestamp(state.created_at_us);
  *organization.mutable_update_time() = ToTimestamp(state.updated_at_us);
  return organization;
}

v1::Activity ToActivity(const ActivityState& state) {
  v1::Activity activity;
  activity.set_activity_id(state.activity_id);
  activity.set_etag(Etag(state));
  activity.set_kind(KindOf(state));
  activity.set_state(state.state);
  activity.set_title(state.title);
  activity.set_deal_id(state.deal_id);
  activity.set_contact_id(state.contact_id);
  activity.set_owner_id(state.owner_id);
  if (state.due_at_us != 0) *activity.mutable_due_time() = ToTimestamp(state.due_at_us);
  activity.set_outcome(state.outcome);
  *activity.mutable_create_time() = ToTimestamp(state.created_at_us);
  return activity;
}

v1::Note ToNote(const NoteState& state) {
  v1::Note note;
  note.set_note_id(state.note_id);
  note.set_body(state.body);
  note.set_deal_id(state.deal_id);
  note.set_contact_id(state.contact_id);
  note.set_author(state.author);
  *note.mutable_create_time() = ToTimestamp(state.created_at_us);
  return note;
}

v1::Member ToMember(const MemberState& state) {
  v1::Member member;
  member.set_member_id(state.member_id);
  member.set_etag(Etag(state));
  member.set_display_name(state.display_name.value);
  member.set_team(state.team.value);
  member.set_region(state.region.value);
  return member;
}

v1::Product ToProduct(const ProductState& state) {
  v1::Product product;
  product.set_product_id(state.product_id);
  product.set_etag(Etag(state));
  product.set_display_name(state.display_name.value);
  product.set_series(state.series.value);
  if (state.list_price.value) *product.mutable_list_price() = ToApiMoney(*state.list_price.value);
  return product;
}

v1::Workflow ToWorkflow(const WorkflowState& state) {
  v1::Workflow workflow;
  workflow.set_workflow_id(state.workflow_id);
  workflow.set_etag(Etag(state));
  workflow.set_display_name(state.display_name.value);
  workflow.set_state(state.state);
  workflow.set_published_revision(static_cast<int64_t>(state.published_revision));
  const events::v1::WorkflowDefinition* live = state.Definition(state.published_revision);
  if (live != nullptr) *workflow.mutable_definition() = *live;
  // A draft that says what is live already would publish nothing.
  if (state.draft && (live == nullptr || !SameDefinition(*state.draft, *live))) {
    *workflow.mutable_draft() = *state.draft;
  }
  return workflow;
}

v1::WorkflowInstance ToWorkflowInstance(const WorkflowInstanceState& state) {
  v1::WorkflowInstance instance;
  instance.set_instance_id(state.instance_id);
  instance.set_workflow_id(state.workflow_id);
  instance.set_workflow_revision(static_cast<int64_t>(state.workflow_revision));
  instance.set_deal_id(state.deal_id);
  instance.set_trigger_position(static_cast<int64_t>(state.trigger_position));
  instance.set_state(state.outcome.empty() ? "RUNNING" : state.outcome);
  for (const auto& done : state.steps) {
    v1::WorkflowStep& step = *instance.add_steps();
    step.set_step_id(done.step_id);
    step.set_outcome(done.outcome);
    step.set_reason(done.reason);
    step.set_message(done.message);
    step.set_position(static_cast<int64_t>(done.position));
    *step.mutable_recorded_at() = ToTimestamp(done.recorded_at_us);
  }
  *instance.mutable_start_time() = ToTimestamp(state.started_at_us);
  return instance;
}

v1::Import ToImport(const ImportState& state) {
  v1::Import import;
  import.set_import_id(state.import_id);
  import.set_state(state.state);
  import.set_mapping_name(state.mapping_name);
  import.set_row_count(state.row_count);
  import.set_rows_done(state.rows_done);
  import.set_rows_imported(state.rows_imported);
  import.set_rows_unchanged(state.rows_unchanged);
  import.set_rows_rejected(state.rows_rejected);
  import.mutable_rejected()->Add(state.rejected.begin(), state.rejected.end());
  import.set_events_written(state.events_written);
  for (const auto& replaced : state.replacements) {
    import.add_replacements(ReplacementText(replaced));
  }
  import.set_error(state.error);
  *import.mutable_start_time() = ToTimestamp(state.started_at_us);
  if (state.ended_at_us != 0) *import.mutable_end_time() = ToTimestamp(state.ended_at_us);
  return import;
}

void Describe(const AggregateState& state, v1::CreateTenantResponse& response) {
  *response.mutable_tenant() = ToTenant(static_cast<const TenantState&>(state));
}

void Describe(const AggregateState& state, v1::PipelineMutationResponse& response) {
  *response.mutable_pipeline() = ToPipeline(static_cast<const PipelineState&>(state));
}

void Describe(const AggregateState& state, v1::DealMutationResponse& response) {
  *response.mutable_deal() = ToDeal(static_cast<const DealState&>(state));
}

void Describe(const AggregateState& state, v1::ContactMutationResponse& response) {
  *response.mutable_contact() = ToContact(static_cast<const ContactState&>(state));
}

void Describe(const AggregateState& state, v1::OrganizationMutationResponse& response) {
  *response.mutable_organization() = ToOrganization(static_cast<const OrganizationState&>(state));
}

void Describe(const AggregateState& state, v1::ActivityMutationResponse& response) {
  *response.mutable_activity() = ToActivity(static_cast<const ActivityState&>(state));
}

void Describe(const AggregateState& state, v1::WriteNoteResponse& response) {
  *response.mutable_note() = ToNote(static_cast<const NoteState&>(state));
}

void Describe(const AggregateState& state, v1::UpsertMemberResponse& response) {
  *response.mutable_member() = ToMember(static_cast<const MemberState&>(state));
}

void Describe(const AggregateState& state, v1::UpsertProductResponse& response) {
  *response.mutable_product() = ToProduct(static_cast<const ProductState&>(state));
}

void Describe(const AggregateState& state, v1::WorkflowMutationResponse& response) {
  *response.mutable_workflow() = ToWorkflow(static_cast<const WorkflowState&>(state));
}

void Describe(const AggregateState& state, v1::RegisterStreamTypeResponse& response) {
  *response.mutable_stream_type() =
      ToStreamType(static_cast<const StreamTypeState&>(state), /*with_descriptors=*/true);
}

}  // namespace dealog::states
