#include "services/jobs/row_decider.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "projections/states/contact_fields.h"
#include "projections/states/organization_fields.h"
#include "projections/states/stream_types.h"
#include "services/domain/references.h"
#include "services/domain/text.h"
#include "services/jobs/deal_row.h"
#include "services/jobs/row_staging.h"

namespace dealog::jobs {
namespace {

using absl::StatusOr;

std::string_view IdPrefix(Role role) {
  switch (role) {
    case Role::kMembers:
      return "member";
    case Role::kProducts:
      return "product";
    case Role::kOrganizations:
      return "org";
    case Role::kContacts:
      return "contact";
    case Role::kDeals:
      return "deal";
  }
  return "";
}

// The id of a catalogue entry: its own if it was imported, else that of the entry of its name.
StatusOr<std::string> CatalogId(RowStaging& staging, std::string_view stream_type,
                                std::string_view unique_kind, const std::string& derived_id,
                                const std::string& display_name) {
  ASSIGN_OR_RETURN(const bool exists, staging.Exists(stream_type, derived_id));
  if (exists) return derived_id;
  ASSIGN_OR_RETURN(const std::optional<std::string> holder,
                   staging.states().FindUnique(unique_kind, domain::NormalizeName(display_name)));
  return holder.value_or(derived_id);
}

absl::Status DecideMember(const RowContext& context, const ImportRow& row, RowStaging& staging) {
  v1::UpsertMemberRequest request;
  request.set_display_name(row.value(Field::kDisplayName));
  ASSIGN_OR_RETURN(*request.mutable_member_id(),
                   CatalogId(staging, domain::kMemberStream, domain::kMemberName, context.id,
                             request.display_name()));
  if (context.file.maps(Field::kTeam)) request.set_team(row.value(Field::kTeam));
  if (context.file.maps(Field::kRegion)) request.set_region(row.value(Field::kRegion));
  return staging.Change(request, context.mapping.reference_at_us);
}

absl::Status DecideProduct(const RowContext& context, const ImportRow& row, RowStaging& staging) {
  v1::UpsertProductRequest request;
  request.set_display_name(row.value(Field::kDisplayName));
  ASSIGN_OR_RETURN(*request.mutable_product_id(),
                   CatalogId(staging, domain::kProductStream, domain::kProductName, context.id,
                             request.display_name()));
  if (context.file.maps(Field::kSeries)) request.set_series(row.value(Field::kSeries));
  if (row.money) *request.mutable_list_price() = *row.money;
  return staging.Change(request, context.mapping.reference_at_us);
}

// Attributes to create with: those that have a value.
template <typename Request>
void AddAttributes(const ImportRow& row, Request& request) {
  for (const events::v1::Attribute& attribute : row.attributes) {
    const bool empty = attribute.value_case() == events::v1::Attribute::VALUE_NOT_SET;
    if (!empty) *request.add_attributes() = attribute;
  }
}

// Attributes to update with: an empty cell removes what there is.
template <typename State, typename Request>
void UpdateAttributes(const ImportRow& row, const State& state, Request& request) {
  for (const events::v1::Attribute& attribute : row.attributes) {
    const bool empty = attribute.value_case() == events::v1::Attribute::VALUE_NOT_SET;
    if (!empty || state.attributes.Has(attribute.key())) *request.add_attributes() = attribute;
  }
  if (request.attributes_size() > 0) request.mutable_update_mask()->add_paths("attributes");
}

absl::Status DecideOrganization(const RowContext& context, const ImportRow& row,
                                RowStaging& staging) {
  ASSIGN_OR_RETURN(const auto* state, staging.Find<domain::OrganizationState>(
                                          domain::kOrganizationStream, context.id));
  ASSIGN_OR_RETURN(const std::string owner, OwnerOf(context, row, staging));
  if (state->revision == 0) {
    v1::CreateOrganizationRequest request;
    request.set_organization_id(context.id);
    request.set_display_name(row.value(Field::kDisplayName));
    request.set_domain(row.value(Field::kDomain));
    request.set_owner(owner);
    request.set_external_key(row.key);
    AddAttributes(row, request);
    return staging.Do(request, context.mapping.reference_at_us);
  }
  v1::UpdateOrganizationRequest request;
  request.set_organization_id(context.id);
  request.set_display_name(row.value(Field::kDisplayName));
  request.set_domain(row.value(Field::kDomain));
  request.set_owner(owner);
  AddPaths(context.file, states::OrganizationFields(), *request.mutable_update_mask());
  UpdateAttributes(row, *state, request);
  return staging.Change(request, context.mapping.reference_at_us);
}

// The id of a contact: its own if it was imported, else that of the contact with its address.
StatusOr<std::string> ContactId(const RowContext& context, const ImportRow& row,
                                RowStaging& staging) {
  ASSIGN_OR_RETURN(const bool exists, staging.Exists(domain::kContactStream, context.id));
  const auto email = domain::NormalizeEmail(row.value(Field::kEmail));
  if (exists || !email) return context.id;
  ASSIGN_OR_RETURN(const std::optional<std::string> holder,
                   staging.states().FindUnique(domain::kContactEmail, *email));
  return holder.value_or(context.id);
}

absl::Status DecideContact(const RowContext& context, const ImportRow& row, RowStaging& staging) {
  ASSIGN_OR_RETURN(const std::string id, ContactId(context, row, staging));
  ASSIGN_OR_RETURN(const auto* state,
                   staging.Find<domain::ContactState>(domain::kContactStream, id));
  ASSIGN_OR_RETURN(const std::string owner, OwnerOf(context, row, staging));
  ASSIGN_OR_RETURN(const std::string organization, OrganizationOf(context, row, staging));
  if (state->revision == 0) {
    v1::CreateContactRequest request;
    request.set_contact_id(id);
    request.set_display_name(row.value(Field::kDisplayName));
    request.set_email(row.value(Field::kEmail));
    request.set_phone(row.value(Field::kPhone));
    request.set_owner(owner);
    request.set_organization_id(organization);
    request.set_external_key(row.key);
    AddAttributes(row, request);
    return staging.Do(request, context.mapping.reference_at_us);
  }
  v1::UpdateContactRequest request;
  request.set_contact_id(id);
  request.set_display_name(row.value(Field::kDisplayName));
  request.set_email(row.value(Field::kEmail));
  request.set_phone(row.value(Field::kPhone));
  request.set_owner(owner);
  request.set_organization_id(organization);
  AddPaths(context.file, states::ContactFields(), *request.mutable_update_mask());
  UpdateAttributes(row, *state, request);
  return staging.Change(request, context.mapping.reference_at_us);
}

absl::Status DecideRow(const RowContext& context, const ImportRow& row, RowStaging& staging) {
  switch (row.role) {
    case Role::kMembers:
      return DecideMember(context, row, staging);
    case Role::kProducts:
      return DecideProduct(context, row, staging);
    case Role::kOrganizations:
      return DecideOrganization(context, row, staging);
    case Role::kContacts:
      return DecideContact(context, row, staging);
    case Role::kDeals:
      return DecideDeal(context, row, staging);
  }
  return absl::OkStatus();
}

// What identifies a row in the whole tenant. Part of ids that are stored: never change it.
base::Uuid SeedOf(const Mapping& mapping, std::string_view kind, std::string_view key) {
  std::string seed = absl::StrCat("import/", mapping.name, "/", std::string(kind), "/");
  return base::DeriveUuid7(mapping.reference_at_us, seed.append(key));
}

}  // namespace

bool IsServerFault(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
      return true;
    default:
      return false;
  }
}

std::string RowDecider::IdOf(Role role, std::string_view key) const {
  return base::FormatId(IdPrefix(role), SeedOf(mapping_, RoleName(role), key));
}

std::string RowDecider::PipelineId() const {
  return base::FormatId("pipeline",
                        SeedOf(mapping_, "pipeline", mapping_.pipeline->display_name()));
}

absl::StatusOr<domain::Decision> RowDecider::DecidePipeline(const domain::CommandMeta& meta,
                                                            domain::StateReader& states) const {
  domain::CommandMeta own = meta;
  own.id_seed = SeedOf(mapping_, "pipeline", mapping_.pipeline->display_name());
  RowStaging staging(own, states);
  ASSIGN_OR_RETURN(const std::string id,
                   CatalogId(staging, domain::kPipelineStream, domain::kPipelineName, PipelineId(),
                             mapping_.pipeline->display_name()));
  ASSIGN_OR_RETURN(const auto* state,
                   staging.Find<domain::PipelineState>(domain::kPipelineStream, id));
  if (state->revision == 0) {
    v1::CreatePipelineRequest request = *mapping_.pipeline;
    request.set_pipeline_id(id);
    RETURN_IF_ERROR(staging.Do(request, mapping_.reference_at_us));
    return staging.Take();
  }
  for (const v1::Stage& stage : mapping_.pipeline->stages()) {
    const domain::PipelineStage* found = domain::FindStageByIdOrLabel(*state, stage.label());
    const bool same = found != nullptr && found->active() &&
                      static_cast<int>(found->kind()) == static_cast<int>(stage.kind());
    if (!same) {
      return base::Error(
          absl::StatusCode::kFailedPrecondition, "PIPELINE_INVALID",
          absl::StrCat("pipeline \"", state->display_name.value, "\" exists, but has no stage \"",
                       stage.label(), "\" of kind ", v1::Stage::Kind_Name(stage.kind()),
                       "; add it, or name another pipeline in the mapping"));
    }
  }
  return domain::Decision{.subject = {domain::kPipelineStream, id}};
}

absl::StatusOr<domain::Decision> RowDecider::Decide(const ImportRow& row,
                                                    const domain::CommandMeta& meta,
                                                    domain::StateReader& states) const {
  const RowContext context{mapping_, *mapping_.FindRole(row.role), *this, IdOf(row.role, row.key)};
  domain::CommandMeta own = meta;
  own.id_seed = SeedOf(mapping_, RoleName(row.role), row.key);
  // The domain takes what comes by an import for history, which no rule binds.
  if (mapping_.enforce_rules) own.via = storage::v1::VIA_API;
  RowStaging staging(own, states);
  RETURN_IF_ERROR(DecideRow(context, row, staging));
  return staging.Take();
}

}  // namespace dealog::jobs
