// `dealog organization`: companies, schools, clubs.

#include "absl/strings/str_join.h"
#include "dealog/v1/organizations.grpc.pb.h"
#include "projections/states/organization_fields.h"
#include "services/cli/attributes_show.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::OrganizationService::Stub;

constexpr char kIdExample[] = "org_01h455vb4pex5vsknk084sn02q";

void ShowOrganization(const v1::Organization& organization, Printer& printer) {
  printer.Field("organization", organization.organization_id());
  printer.Field("name", organization.display_name());
  printer.Field("domain", organization.domain());
  printer.Field("owner", organization.owner_id());
  printer.Field("tags", absl::StrJoin(organization.tags(), ", "));
  printer.Field("attributes", AttributesText(organization.attributes()));
  printer.Field("external key", organization.external_key());
  printer.Field("created", FormatTime(organization.create_time()));
  printer.Field("etag", organization.etag());
}

void ShowChange(const v1::OrganizationMutationResponse& reply, Printer& printer) {
  ShowOrganization(reply.organization(), printer);
}

void ShowOne(const v1::GetOrganizationResponse& reply, Printer& printer) {
  ShowOrganization(reply.organization(), printer);
}

void ShowList(const v1::ListOrganizationsResponse& reply, Printer& printer) {
  Table table({{"NAME"}, {"DOMAIN"}, {"TAGS"}, {"ATTRIBUTES"}, {"ID"}});
  for (const v1::Organization& organization : reply.organizations()) {
    table.AddRow({organization.display_name(), organization.domain(),
                  absl::StrJoin(organization.tags(), ", "),
                  AttributesText(organization.attributes()), organization.organization_id()});
  }
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

// The fields that create and upsert have in common.
template <typename Request>
void AddFields(const CallCommand<Request>& call) {
  call.Text("--owner", "Member: name or id", call->mutable_owner());
  call.Text("--id", "Id chosen by you: org_ + 26 characters", call->mutable_organization_id());
  AddTags(call, "--tag");
  AddAttributeOption(call);
  AddMutationOptions(call);
}

void AddUpdate(const CommandTree& group) {
  auto update = AddCall(
      group,
      {"update", "Changes fields; an empty value clears a field",
       std::string("dealog organization update ") + kIdExample + " --attribute sector=retail"},
      &Stub::UpdateOrganization, ShowChange);
  auto* request = update.request.get();
  update.Text("organization", "Organization's id", request->mutable_organization_id());
  AddMaskedText(update, "--name", "Name", "display_name", request->mutable_display_name());
  AddMaskedText(update, "--domain", "Internet domain, unique in the tenant", "domain",
                request->mutable_domain());
  AddMaskedText(update, "--owner", "Member: name or id", "owner", request->mutable_owner());
  AddMaskedAttributes(update);
  AddMutationOptions(update);
}

template <typename Request>
void AddTagging(const CommandTree& group, const std::string& name, const std::string& description,
                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                             v1::OrganizationMutationResponse*)) {
  auto call =
      AddCall(group, {name, description, "dealog organization " + name + " " + kIdExample + " vip"},
              method, ShowChange);
  call.Text("organization", "Organization's id", call->mutable_organization_id());
  AddTags(call, "tags");
  AddMutationOptions(call);
}

}  // namespace

void AddOrganizationCommands(const CommandTree& root) {
  const CommandTree group = root.Group("organization", "Organizations: companies, schools, clubs");
  auto create = AddCall(group,
                        {"create", "Creates an organization",
                         "dealog organization create 'Acme' --domain acme.example --attribute "
                         "sector=retail"},
                        &Stub::CreateOrganization, ShowChange);
  create.Text("name", "Display name", create->mutable_display_name());
  create.Text("--domain", "Internet domain, unique in the tenant", create->mutable_domain());
  create.Text("--external-key", "Key in another system", create->mutable_external_key());
  AddFields(create);
  auto upsert = AddCall(group,
                        {"upsert", "Creates the organization of a domain, or changes it",
                         "dealog organization upsert acme.example --name Acme"},
                        &Stub::UpsertOrganization, ShowChange);
  upsert.Text("domain", "Internet domain", upsert->mutable_domain());
  upsert.Text("--name", "Display name", upsert->mutable_display_name());
  AddFields(upsert);
  AddUpdate(group);
  AddTagging(group, "tag", "Adds tags", &Stub::TagOrganization);
  AddTagging(group, "untag", "Removes tags", &Stub::UntagOrganization);
  auto show = AddCall(
      group,
      {"show", "Shows an organization", std::string("dealog organization show ") + kIdExample},
      &Stub::GetOrganization, ShowOne);
  show.Text("organization", "Organization's id", show->mutable_organization_id());
  auto list = AddCall(
      group,
      {"list", "Lists organizations", "dealog organization list --filter 'display_name:\"acme\"'"},
      &Stub::ListOrganizations, ShowList);
  AddFilterOption(list, states::OrganizationFields());
  AddOrderOption(list, states::OrganizationFields());
  AddPageOptions(list);
}

}  // namespace dealog::cli
