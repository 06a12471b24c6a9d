// `dealog member` and `dealog product`.

#include "dealog/v1/catalog.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::CatalogService::Stub;

Table MemberTable() { return Table({{"MEMBER"}, {"TEAM"}, {"REGION"}, {"ID"}}); }
Table ProductTable() {
  return Table({{"PRODUCT"}, {"SERIES"}, {"LIST PRICE", Align::kRight}, {"ID"}});
}

void AddRow(const v1::Member& member, Table& table) {
  table.AddRow({member.display_name(), member.team(), member.region(), member.member_id()});
}

void AddRow(const v1::Product& product, Table& table) {
  table.AddRow({product.display_name(), product.series(),
                product.has_list_price() ? FormatMoney(product.list_price()) : "",
                product.product_id()});
}

void ShowMember(const v1::UpsertMemberResponse& reply, Printer& printer) {
  Table table = MemberTable();
  AddRow(reply.member(), table);
  printer.Show(table);
}

void ShowMembers(const v1::ListMembersResponse& reply, Printer& printer) {
  Table table = MemberTable();
  for (const v1::Member& member : reply.members()) AddRow(member, table);
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

void ShowProduct(const v1::UpsertProductResponse& reply, Printer& printer) {
  Table table = ProductTable();
  AddRow(reply.product(), table);
  printer.Show(table);
}

void ShowProducts(const v1::ListProductsResponse& reply, Printer& printer) {
  Table table = ProductTable();
  for (const v1::Product& product : reply.products()) AddRow(product, table);
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

void AddMembers(const CommandTree& root) {
  const CommandTree group = root.Group("member", "Members: who owns deals");
  auto upsert = AddCall(group,
                        {"upsert", "Creates the member of a name, or changes it",
                         "dealog member upsert 'Claire Martin' --team North --region Lille"},
                        &Stub::UpsertMember, ShowMember);
  auto* request = upsert.request.get();
  upsert.Text("name", "Display name, unique in the tenant", request->mutable_display_name());
  upsert.Read("--team", "Team", [request](const std::string& text) {
    request->set_team(text);
    return absl::OkStatus();
  });
  upsert.Read("--region", "Region", [request](const std::string& text) {
    request->set_region(text);
    return absl::OkStatus();
  });
  upsert.Text("--id", "Id: member_ + 26 characters", request->mutable_member_id());
  AddMutationOptions(upsert);
  auto list = AddCall(group, {"list", "Lists members", "dealog member list"}, &Stub::ListMembers,
                      ShowMembers);
  AddPageOptions(list);
}

void AddProducts(const CommandTree& root) {
  const CommandTree group = root.Group("product", "Products");
  auto upsert = AddCall(group,
                        {"upsert", "Creates the product of a name, or changes it",
                         "dealog product upsert 'Voice coaching' --series Lessons --list-price "
                         "'60 EUR'"},
                        &Stub::UpsertProduct, ShowProduct);
  auto* request = upsert.request.get();
  upsert.Text("name", "Display name, unique in the tenant", request->mutable_display_name());
  upsert.Read("--series", "Series", [request](const std::string& text) {
    request->set_series(text);
    return absl::OkStatus();
  });
  upsert.Read("--list-price", "List price, such as '60 EUR'",
              ReadField(request, &v1::UpsertProductRequest::mutable_list_price, ParseMoney));
  upsert.Text("--id", "Id: product_ + 26 characters", request->mutable_product_id());
  AddMutationOptions(upsert);
  auto list = AddCall(group, {"list", "Lists products", "dealog product list"}, &Stub::ListProducts,
                      ShowProducts);
  AddPageOptions(list);
}

}  // namespace

void AddCatalogCommands(const CommandTree& root) {
  AddMembers(root);
  AddProducts(root);
}

}  // namespace dealog::cli
