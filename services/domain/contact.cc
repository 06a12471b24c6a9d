#include "services/domain/contact.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/party.h"
#include "services/domain/references.h"
#include "services/domain/text.h"

namespace dealog::domain {
namespace {

events::v1::ContactEvent& AddContactEvent(Decision& decision) {
  return *AddEvent(decision, decision.subject).mutable_contact();
}

absl::StatusOr<const ContactState*> LoadContact(const std::string& contact_id,
                                                const CommandMeta& meta, StateReader& reader) {
  const StreamRef stream{kContactStream, contact_id};
  ASSIGN_OR_RETURN(
      const ContactState* contact,
      LoadSubject<ContactState>(reader, stream, "contact_id", "CONTACT_NOT_FOUND", meta));
  RETURN_IF_ERROR(
      CheckNotBefore(meta, stream, "ContactCreated (revision 1)", contact->created_at_us));
  return contact;
}

absl::Status CheckName(const std::string& name) {
  return CheckText("display_name", name, {.chars_max = kContactNameCharsMax});
}

absl::Status CheckPhone(const std::string& phone) {
  return CheckText("phone", phone, {.chars_max = kPhoneCharsMax});
}

// Takes and frees the key of an address that changes.
absl::Status ChangeEmail(const std::string& before, const std::string& after, StateReader& reader,
                         Decision& decision) {
  RETURN_IF_ERROR(CheckText("email", after, {}));
  ASSIGN_OR_RETURN(KeyChange change, ChangeKey("email", "an address such as ada@example.org",
                                               before, after, NormalizeEmail));
  if (change.claim) {
    RETURN_IF_ERROR(ClaimKey({kContactEmail, *std::move(change.claim), decision.subject, "email",
                              "EMAIL_TAKEN", "contact_id"},
                             reader, decision));
  }
  if (change.release) {
    decision.releases.push_back({kContactEmail, *std::move(change.release), decision.subject});
  }
  return absl::OkStatus();
}

absl::Status AddDetailsChange(const v1::UpdateContactRequest& request, const ContactState& contact,
                              StateReader& reader, Decision& decision) {
  const auto& mask = request.update_mask();
  events::v1::ContactDetailsChanged changed;
  if (MaskHas(mask, "display_name")) {
    RETURN_IF_ERROR(CheckName(request.display_name()));
    if (request.display_name() != contact.display_name.value) {
      changed.set_display_name(request.display_name());
    }
  }
  if (MaskHas(mask, "email") && request.email() != contact.email.value) {
    RETURN_IF_ERROR(ChangeEmail(contact.email.value, request.email(), reader, decision));
    changed.set_email(request.email());
  }
  if (MaskHas(mask, "phone")) {
    RETURN_IF_ERROR(CheckPhone(request.phone()));
    if (request.phone() != contact.phone.value) changed.set_phone(request.phone());
  }
  if (MaskHas(mask, "organization_id")) {
    RETURN_IF_ERROR(CheckOrganizationExists("organization_id", request.organization_id(), reader));
    if (request.organization_id() != contact.organization_id.value) {
      changed.set_organization_id(request.organization_id());
    }
  }
  if (MaskHas(mask, "attributes")) {
    ASSIGN_OR_RETURN(const auto changes,
                     AttributeChanges(request.attributes(), true, contact.attributes));
    changed.mutable_attributes()->Add(changes.begin(), changes.end());
  }
  const auto& name =
      changed.has_display_name() ? changed.display_name() : contact.display_name.value;
  const auto& email = changed.has_email() ? changed.email() : contact.email.value;
  if (name.empty() && email.empty()) {
    return base::InvalidField("display_name",
                              "expected a contact to keep a name or an e-mail address");
  }
  if (changed.ByteSizeLong() == 0) return absl::OkStatus();
  *AddContactEvent(decision).mutable_contact_details_changed() = std::move(changed);
  return absl::OkStatus();
}

absl::Status AddOwnerChange(const std::string& owner, const ContactState& contact,
                            StateReader& reader, Decision& decision) {
  ASSIGN_OR_RETURN(const std::string owner_id, ResolveMember("owner", owner, reader));
  if (owner_id == contact.owner_id.value) return absl::OkStatus();
  auto& assigned = *AddContactEvent(decision).mutable_contact_owner_assigned();
  assigned.set_owner_id(owner_id);
  assigned.set_previous_owner_id(contact.owner_id.value);
  return absl::OkStatus();
}

absl::Status AddTags(const google::protobuf::RepeatedPtrField<std::string>& tags,
                     const ContactState& contact, Decision& decision) {
  ASSIGN_OR_RETURN(const std::vector<std::string> added, TagsToAdd(tags, contact.tags));
  if (added.empty()) return absl::OkStatus();
  AddContactEvent(decision).mutable_contact_tagged()->mutable_tags()->Add(added.begin(),
                                                                          added.end());
  return absl::OkStatus();
}

// The values of an upsert that are not empty, as an update of the contact that has the address.
absl::StatusOr<Decision> UpdateExisting(const v1::UpsertContactRequest& request,
                                        const std::string& contact_id, const CommandMeta& meta,
                                        StateReader& reader) {
  ASSIGN_OR_RETURN(const ContactState* contact, LoadContact(contact_id, meta, reader));
  v1::UpdateContactRequest update;
  auto& mask = *update.mutable_update_mask();
  const auto take = [&mask](const char* path, const std::string& value, std::string* target) {
    if (value.empty()) return;
    mask.add_paths(path);
    *target = value;
  };
  take("display_name", request.display_name(), update.mutable_display_name());
  take("phone", request.phone(), update.mutable_phone());
  take("organization_id", request.organization_id(), update.mutable_organization_id());
  if (!request.attributes().empty()) {
    mask.add_paths("attributes");
    *update.mutable_attributes() = request.attributes();
  }
  Decision decision{.subject = {kContactStream, contact_id}};
  RETURN_IF_ERROR(AddDetailsChange(update, *contact, reader, decision));
  if (!request.owner().empty()) {
    RETURN_IF_ERROR(AddOwnerChange(request.owner(), *contact, reader, decision));
  }
  if (!request.tags().empty()) RETURN_IF_ERROR(AddTags(request.tags(), *contact, decision));
  return decision;
}

}  // namespace

absl::StatusOr<Decision> Decide(const v1::CreateContactRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  ASSIGN_OR_RETURN(const std::string id, NewResourceId("contact_id", request.contact_id(),
                                                       "contact", kContactStream, meta, reader));
  RETURN_IF_ERROR(CheckName(request.display_name()));
  RETURN_IF_ERROR(CheckPhone(request.phone()));
  RETURN_IF_ERROR(
      CheckText("external_key", request.external_key(), {.chars_max = kExternalKeyCharsMax}));
  if (NormalizeName(request.display_name()).empty() && request.email().empty()) {
    return base::InvalidField("display_name",
                              "expected a name or an e-mail address, found neither");
  }
  Decision decision{.subject = {kContactStream, id}};
  RETURN_IF_ERROR(ChangeEmail("", request.email(), reader, decision));
  RETURN_IF_ERROR(CheckOrganizationExists("organization_id", request.organization_id(), reader));
  ASSIGN_OR_RETURN(const std::string owner, ResolveMember("owner", request.owner(), reader));
  ASSIGN_OR_RETURN(const std::vector<std::string> tags, ToTags("tags", request.tags()));
  ASSIGN_OR_RETURN(const auto attributes, ToAttributes("attributes", request.attributes(), false));
  auto& created = *AddContactEvent(decision).mutable_contact_created();
  created.set_display_name(request.display_name());
  created.set_email(request.email());
  created.set_phone(request.phone());
  created.set_owner_id(owner);
  created.set_organization_id(request.organization_id());
  created.mutable_tags()->Add(tags.begin(), tags.end());
  created.mutable_attributes()->Add(attributes.begin(), attributes.end());
  created.set_external_key(request.external_key());
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::UpsertContactRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  RETURN_IF_ERROR(CheckText("email", request.email(), {.required = true}));
  const std::optional<std::string> key = NormalizeEmail(request.email());
  if (key) {
    ASSIGN_OR_RETURN(const std::optional<std::string> holder,
                     reader.FindUnique(kContactEmail, *key));
    if (holder) return UpdateExisting(request, *holder, meta, reader);
  }
  v1::CreateContactRequest create;
  create.set_contact_id(request.contact_id());
  create.set_display_name(request.display_name());
  create.set_email(request.email());
  create.set_phone(request.phone());
  create.set_owner(request.owner());
  create.set_organization_id(request.organization_id());
  *create.mutable_tags() = request.tags();
  *create.mutable_attributes() = request.attributes();
  return Decide(create, meta, reader);
}

absl::StatusOr<Decision> Decide(const v1::UpdateContactRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const ContactState* contact, LoadContact(request.contact_id(), meta, reader));
  RETURN_IF_ERROR(CheckMask(request.update_mask(), {"display_name", "email", "phone", "owner",
                                                    "organization_id", "attributes"}));
  Decision decision{.subject = {kContactStream, request.contact_id()}};
  RETURN_IF_ERROR(AddDetailsChange(request, *contact, reader, decision));
  if (MaskHas(request.update_mask(), "owner")) {
    RETURN_IF_ERROR(AddOwnerChange(request.owner(), *contact, reader, decision));
  }
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::TagContactRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const ContactState* contact, LoadContact(request.contact_id(), meta, reader));
  Decision decision{.subject = {kContactStream, request.contact_id()}};
  RETURN_IF_ERROR(AddTags(request.tags(), *contact, decision));
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::UntagContactRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const ContactState* contact, LoadContact(request.contact_id(), meta, reader));
  ASSIGN_OR_RETURN(const std::vector<std::string> removed,
                   TagsToRemove(request.tags(), contact->tags));
  Decision decision{.subject = {kContactStream, request.contact_id()}};
  if (removed.empty()) return decision;
  AddContactEvent(decision).mutable_contact_untagged()->mutable_tags()->Add(removed.begin(),
                                                                            removed.end());
  return decision;
}

}  // namespace dealog::domain
