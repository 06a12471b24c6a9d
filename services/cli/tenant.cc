// `dealog tenant`: tenants, each with a log, a time zone and a currency of its own.

#include "dealog/v1/tenants.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

void ShowTenant(const v1::Tenant& tenant, Printer& printer) {
  printer.Field("tenant", tenant.name());
  printer.Field("time zone", tenant.time_zone());
  printer.Field("currency", tenant.currency_code());
  printer.Field("created", FormatTime(tenant.create_time()));
}

void ShowCreated(const v1::CreateTenantResponse& reply, Printer& printer) {
  ShowTenant(reply.tenant(), printer);
}

void ShowOne(const v1::GetTenantResponse& reply, Printer& printer) {
  ShowTenant(reply.tenant(), printer);
}

void ShowList(const v1::ListTenantsResponse& reply, Printer& printer) {
  Table table({{"TENANT"}, {"TIME ZONE"}, {"CURRENCY"}, {"CREATED (UTC)"}});
  for (const v1::Tenant& tenant : reply.tenants()) {
    table.AddRow({tenant.name(), tenant.time_zone(), tenant.currency_code(),
                  FormatTime(tenant.create_time())});
  }
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

}  // namespace

void AddTenantCommands(const CommandTree& root) {
  const CommandTree group = root.Group("tenant", "Tenants: each has a log of its own");
  auto create = AddCall(group,
                        {"create", "Creates a tenant",
                         "dealog tenant create acme --time-zone Europe/Paris --currency EUR"},
                        &v1::TenantService::Stub::CreateTenant, ShowCreated);
  create.Text("name", "Name, which is its id", create->mutable_name());
  create.Text("--time-zone", "IANA time zone in which days are cut (default UTC)",
              create->mutable_time_zone());
  create.Text("--currency", "ISO 4217 code (default USD)", create->mutable_currency_code());
  create.Read(
      "--occurred-at", "When it began in the business: an RFC 3339 time",
      ReadField(create.request.get(), &v1::CreateTenantRequest::mutable_occurred_at, ParseTime));
  create.Text("--request-id", "UUID that makes a repeated call do nothing twice",
              create->mutable_request_id());
  auto* request = create.request.get();
  create.command->add_flag_callback(
      "--validate-only", [request] { request->set_validate_only(true); },
      "Decide and answer, but write nothing");

  auto get = AddCall(group, {"get", "Shows a tenant", "dealog tenant get acme"},
                     &v1::TenantService::Stub::GetTenant, ShowOne);
  get.Text("name", "Name", get->mutable_name());

  auto list = AddCall(group, {"list", "Lists tenants", "dealog tenant list"},
                      &v1::TenantService::Stub::ListTenants, ShowList);
  AddPageOptions(list);
}

}  // namespace dealog::cli
