#include "services/domain/organization.h"

#include <optional>
#include <utility>

#include "eventstore/base/error.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/party.h"
#include "services/domain/references.h"
#include "services/domain/text.h"

namespace dealog::domain {
namespace {

events::v1::OrganizationEvent& AddOrganizationEvent(Decision& decision) {
  return *AddEvent(decision, decision.subject).mutable_organization();
}

absl::StatusOr<const OrganizationState*> LoadOrganization(const std::string& id,
                                                          const CommandMeta& meta,
                                                          StateReader& reader) {
  const StreamRef stream{kOrganizationStream, id};
  ASSIGN_OR_RETURN(const OrganizationState* organization,
                   LoadSubject<OrganizationState>(reader, stream, "organization_id",
                                                  "ORGANIZATION_NOT_FOUND", meta));
  RETURN_IF_ERROR(CheckNotBefore(meta, stream, "OrganizationCreated (revision 1)",
                                 organization->created_at_us));
  return organization;
}

absl::Status CheckName(const std::string& name) {
  return CheckText("display_name", name, {.required = true, .chars_max = kContactNameCharsMax});
}

// Takes and frees the key of a domain that changes.
absl::Status ChangeDomain(const std::string& before, const std::string& after, StateReader& reader,
                          Decision& decision) {
  RETURN_IF_ERROR(CheckText("domain", after, {}));
  ASSIGN_OR_RETURN(KeyChange change, ChangeKey("domain", "an internet domain such as example.org",
                                               before, after, NormalizeDomain));
  if (change.claim) {
    RETURN_IF_ERROR(ClaimKey({kOrganizationDomain, *std::move(change.claim), decision.subject,
                              "domain", "NAME_TAKEN", "organization_id"},
                             reader, decision));
  }
  if (change.release) {
    decision.releases.push_back(
        {kOrganizationDomain, *std::move(change.release), decision.subject});
  }
  return absl::OkStatus();
}

absl::Status AddDetailsChange(const v1::UpdateOrganizationRequest& request,
                              const OrganizationState& organization, StateReader& reader,
                              Decision& decision) {
  const auto& mask = request.update_mask();
  events::v1::OrganizationDetailsChanged changed;
  if (MaskHas(mask, "display_name")) {
    RETURN_IF_ERROR(CheckName(request.display_name()));
    if (request.display_name() != organization.display_name.value) {
      changed.set_display_name(request.display_name());
    }
  }
  if (MaskHas(mask, "domain") && request.domain() != organization.domain.value) {
    RETURN_IF_ERROR(ChangeDomain(organization.domain.value, request.domain(), reader, decision));
    changed.set_domain(request.domain());
  }
  if (MaskHas(mask, "owner")) {
    ASSIGN_OR_RETURN(const std::string owner, ResolveMember("owner", request.owner(), reader));
    if (owner != organization.owner_id.value) changed.set_owner_id(owner);
  }
  if (MaskHas(mask, "attributes")) {
    ASSIGN_OR_RETURN(const auto changes,
                     AttributeChanges(request.attributes(), true, organization.attributes));
    changed.mutable_attributes()->Add(changes.begin(), changes.end());
  }
  if (changed.ByteSizeLong() == 0) return absl::OkStatus();
  *AddOrganizationEvent(decision).mutable_organization_details_changed() = std::move(changed);
  return absl::OkStatus();
}

absl::Status AddTags(const google::protobuf::RepeatedPtrField<std::string>& tags,
                     const OrganizationState& organization, Decision& decision) {
  ASSIGN_OR_RETURN(const std::vector<std::string> added, TagsToAdd(tags, organization.tags));
  if (added.empty()) return absl::OkStatus();
  AddOrganizationEvent(decision).mutable_organization_tagged()->mutable_tags()->Add(added.begin(),
                                                                                    added.end());
  return absl::OkStatus();
}

// The values of an upsert that are not empty, as an update of the organization of that domain.
absl::StatusOr<Decision> UpdateExisting(const v1::UpsertOrganizationRequest& request,
                                        const std::string& id, const CommandMeta& meta,
                                        StateReader& reader) {
  ASSIGN_OR_RETURN(const OrganizationState* organization, LoadOrganization(id, meta, reader));
  v1::UpdateOrganizationRequest update;
  auto& mask = *update.mutable_update_mask();
  if (!request.display_name().empty()) {
    mask.add_paths("display_name");
    update.set_display_name(request.display_name());
  }
  if (!request.owner().empty()) {
    mask.add_paths("owner");
    update.set_owner(request.owner());
  }
  if (!request.attributes().empty()) {
    mask.add_paths("attributes");
    *update.mutable_attributes() = request.attributes();
  }
  Decision decision{.subject = {kOrganizationStream, id}};
  RETURN_IF_ERROR(AddDetailsChange(update, *organization, reader, decision));
  if (!request.tags().empty()) RETURN_IF_ERROR(AddTags(request.tags(), *organization, decision));
  return decision;
}

}  // namespace

absl::StatusOr<Decision> Decide(const v1::CreateOrganizationRequest& request,
                                const CommandMeta& meta, StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  ASSIGN_OR_RETURN(const std::string id, NewResourceId("organization_id", request.organization_id(),
                                                       "org", kOrganizationStream, meta, reader));
  RETURN_IF_ERROR(CheckName(request.display_name()));
  RETURN_IF_ERROR(
      CheckText("external_key", request.external_key(), {.chars_max = kExternalKeyCharsMax}));
  Decision decision{.subject = {kOrganizationStream, id}};
  RETURN_IF_ERROR(ChangeDomain("", request.domain(), reader, decision));
  ASSIGN_OR_RETURN(const std::string owner, ResolveMember("owner", request.owner(), reader));
  ASSIGN_OR_RETURN(const std::vector<std::string> tags, ToTags("tags", request.tags()));
  ASSIGN_OR_RETURN(const auto attributes, ToAttributes("attributes", request.attributes(), false));
  auto& created = *AddOrganizationEvent(decision).mutable_organization_created();
  created.set_display_name(request.display_name());
  created.set_domain(request.domain());
  created.set_owner_id(owner);
  created.mutable_tags()->Add(tags.begin(), tags.end());
  created.mutable_attributes()->Add(attributes.begin(), attributes.end());
  created.set_external_key(request.external_key());
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::UpsertOrganizationRequest& request,
                                const CommandMeta& meta, StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  RETURN_IF_ERROR(CheckText("domain", request.domain(), {.required = true}));
  if (const std::optional<std::string> key = NormalizeDomain(request.domain())) {
    ASSIGN_OR_RETURN(const std::optional<std::string> holder,
                     reader.FindUnique(kOrganizationDomain, *key));
    if (holder) return UpdateExisting(request, *holder, meta, reader);
  }
  v1::CreateOrganizationRequest create;
  create.set_organization_id(request.organization_id());
  create.set_display_name(request.display_name());
  create.set_domain(request.domain());
  create.set_owner(request.owner());
  *create.mutable_tags() = request.tags();
  *create.mutable_attributes() = request.attributes();
  return Decide(create, meta, reader);
}

absl::StatusOr<Decision> Decide(const v1::UpdateOrganizationRequest& request,
                                const CommandMeta& meta, StateReader& reader) {
  ASSIGN_OR_RETURN(const OrganizationState* organization,
                   LoadOrganization(request.organization_id(), meta, reader));
  RETURN_IF_ERROR(
      CheckMask(request.update_mask(), {"display_name", "domain", "owner", "attributes"}));
  Decision decision{.subject = {kOrganizationStream, request.organization_id()}};
  RETURN_IF_ERROR(AddDetailsChange(request, *organization, reader, decision));
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::TagOrganizationRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const OrganizationState* organization,
                   LoadOrganization(request.organization_id(), meta, reader));
  Decision decision{.subject = {kOrganizationStream, request.organization_id()}};
  RETURN_IF_ERROR(AddTags(request.tags(), *organization, decision));
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::UntagOrganizationRequest& request,
                                const CommandMeta& meta, StateReader& reader) {
  ASSIGN_OR_RETURN(const OrganizationState* organization,
                   LoadOrganization(request.organization_id(), meta, reader));
  ASSIGN_OR_RETURN(const std::vector<std::string> removed,
                   TagsToRemove(request.tags(), organization->tags));
  Decision decision{.subject = {kOrganizationStream, request.organization_id()}};
  if (removed.empty()) return decision;
  AddOrganizationEvent(decision).mutable_organization_untagged()->mutable_tags()->Add(
      removed.begin(), removed.end());
  return decision;
}

}  // namespace dealog::domain
