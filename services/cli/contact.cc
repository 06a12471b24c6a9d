// `dealog contact`: people.

#include "absl/strings/str_join.h"
#include "dealog/v1/contacts.grpc.pb.h"
#include "projections/states/contact_fields.h"
#include "services/cli/attributes_show.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::ContactService::Stub;

constexpr char kIdExample[] = "contact_01h455vb4pex5vsknk084sn02q";

void ShowContact(const v1::Contact& contact, Printer& printer) {
  printer.Field("contact", contact.contact_id());
  printer.Field("name", contact.display_name());
  printer.Field("e-mail", contact.email());
  printer.Field("phone", contact.phone());
  printer.Field("owner", contact.owner_id());
  printer.Field("organization", contact.organization_id());
  printer.Field("tags", absl::StrJoin(contact.tags(), ", "));
  printer.Field("attributes", AttributesText(contact.attributes()));
  printer.Field("external key", contact.external_key());
  printer.Field("created", FormatTime(contact.create_time()));
  printer.Field("etag", contact.etag());
}

void ShowChange(const v1::ContactMutationResponse& reply, Printer& printer) {
  ShowContact(reply.contact(), printer);
}

void ShowOne(const v1::GetContactResponse& reply, Printer& printer) {
  ShowContact(reply.contact(), printer);
}

void ShowList(const v1::ListContactsResponse& reply, Printer& printer) {
  Table table({{"NAME"}, {"E-MAIL"}, {"PHONE"}, {"ORGANIZATION"}, {"TAGS"}, {"ID"}});
  for (const v1::Contact& contact : reply.contacts()) {
    table.AddRow({contact.display_name(), contact.email(), contact.phone(),
                  contact.organization_id(), absl::StrJoin(contact.tags(), ", "),
                  contact.contact_id()});
  }
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

// The fields that create and upsert have in common.
template <typename Request>
void AddFields(const CallCommand<Request>& call) {
  call.Text("--phone", "Phone number", call->mutable_phone());
  call.Text("--owner", "Member: name or id", call->mutable_owner());
  call.Text("--organization", "Organization's id", call->mutable_organization_id());
  call.Text("--id", "Id chosen by you: contact_ + 26 characters", call->mutable_contact_id());
  AddTags(call, "--tag");
  AddAttributeOption(call);
  AddMutationOptions(call);
}

void AddUpdate(const CommandTree& group) {
  auto update = AddCall(group,
                        {"update", "Changes fields; an empty value clears a field",
                         std::string("dealog contact update ") + kIdExample + " --phone ''"},
                        &Stub::UpdateContact, ShowChange);
  auto* request = update.request.get();
  update.Text("contact", "Contact's id", request->mutable_contact_id());
  AddMaskedText(update, "--name", "Name", "display_name", request->mutable_display_name());
  AddMaskedText(update, "--email", "E-mail, unique in the tenant", "email",
                request->mutable_email());
  AddMaskedText(update, "--phone", "Phone number", "phone", request->mutable_phone());
  AddMaskedText(update, "--owner", "Member: name or id", "owner", request->mutable_owner());
  AddMaskedText(update, "--organization", "Organization's id", "organization_id",
                request->mutable_organization_id());
  AddMaskedAttributes(update);
  AddMutationOptions(update);
}

template <typename Request>
void AddTagging(const CommandTree& group, const std::string& name, const std::string& description,
                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                             v1::ContactMutationResponse*)) {
  auto call =
      AddCall(group, {name, description, "dealog contact " + name + " " + kIdExample + " vip"},
              method, ShowChange);
  call.Text("contact", "Contact's id", call->mutable_contact_id());
  AddTags(call, "tags");
  AddMutationOptions(call);
}

}  // namespace

void AddContactCommands(const CommandTree& root) {
  const CommandTree group = root.Group("contact", "Contacts: people");
  auto create = AddCall(
      group,
      {"create", "Creates a contact", "dealog contact create 'Ada Moreau' --email ada@example.org"},
      &Stub::CreateContact, ShowChange);
  create.Text("name", "Display name", create->mutable_display_name());
  create.Text("--email", "E-mail, unique in the tenant", create->mutable_email());
  create.Text("--external-key", "Key in another system", create->mutable_external_key());
  AddFields(create);
  auto upsert = AddCall(group,
                        {"upsert", "Creates the contact of an e-mail, or changes it",
                         "dealog contact upsert ada@example.org --name 'Ada Moreau'"},
                        &Stub::UpsertContact, ShowChange);
  upsert.Text("email", "E-mail", upsert->mutable_email());
  upsert.Text("--name", "Display name", upsert->mutable_display_name());
  AddFields(upsert);
  AddUpdate(group);
  AddTagging(group, "tag", "Adds tags", &Stub::TagContact);
  AddTagging(group, "untag", "Removes tags", &Stub::UntagContact);
  auto show =
      AddCall(group, {"show", "Shows a contact", std::string("dealog contact show ") + kIdExample},
              &Stub::GetContact, ShowOne);
  show.Text("contact", "Contact's id", show->mutable_contact_id());
  auto list =
      AddCall(group, {"list", "Lists contacts", "dealog contact list --filter 'tags:\"vip\"'"},
              &Stub::ListContacts, ShowList);
  AddFilterOption(list, states::ContactFields());
  AddOrderOption(list, states::ContactFields());
  AddPageOptions(list);
}

}  // namespace dealog::cli
