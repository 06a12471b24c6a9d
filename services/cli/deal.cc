// `dealog deal`: open, update, show and list; how a deal moves and ends is in deal_change.cc.

#include "dealog/v1/deals.grpc.pb.h"
#include "projections/states/deal_fields.h"
#include "services/cli/common_options.h"
#include "services/cli/deal_show.h"
#include "services/cli/groups.h"

namespace dealog::cli {
namespace {

using Stub = v1::DealService::Stub;

constexpr char kAmountHelp[] = "Amount with its currency, such as '1234.50 EUR'";

void ShowOne(const v1::GetDealResponse& reply, Printer& printer) {
  ShowDeal(reply.deal(), printer);
}

void ShowList(const v1::ListDealsResponse& reply, Printer& printer) {
  printer.Show(DealTable(reply.deals()));
  NoteNextPage(reply.next_page_token(), printer);
}

absl::StatusOr<events::v1::ContactLink> ParseContactLink(const std::string& text) {
  events::v1::ContactLink link;
  const size_t colon = text.find(':');
  link.set_contact_id(text.substr(0, colon));
  if (colon != std::string::npos) link.set_role(text.substr(colon + 1));
  return link;
}

void AddOpen(const CommandTree& group) {
  auto open = AddCall(group,
                      {"open", "Opens a deal",
                       "dealog deal open 'Choir of the north' --pipeline Sales --owner 'Claire "
                       "Martin' --amount '1200 EUR' --decision-date 2026-12-15 --tag vip"},
                      &Stub::OpenDeal, ShowDealChange);
  auto* request = open.request.get();
  open.Text("title", "Short name", request->mutable_title());
  open.Text("--pipeline", "Pipeline: name or id (default: the tenant's)",
            request->mutable_pipeline());
  open.Text("--stage", "Stage: label or id (default: the first one allowed)",
            request->mutable_stage());
  open.Text("--owner", "Member: name or id", request->mutable_owner());
  open.Text("--source", "Where it came from", request->mutable_source());
  open.Read("--amount", kAmountHelp,
            ReadField(request, &v1::OpenDealRequest::mutable_amount, ParseMoney));
  open.Read("--decision-date", "Expected decision date",
            ReadField(request, &v1::OpenDealRequest::mutable_expected_close_date, ParseDate));
  AddTags(open, "--tag");
  open.Text("--organization", "Organization's id", request->mutable_organization_id());
  open.Text("--product", "Product: name or id", request->mutable_product());
  open.ReadEach("--contact", "CONTACT_ID[:ROLE]; may be repeated",
                ReadField(request, &v1::OpenDealRequest::add_contacts, ParseContactLink));
  open.Text("--external-key", "Key in another system", request->mutable_external_key());
  open.Text("--id", "Id chosen by you: deal_ + 26 characters", request->mutable_deal_id());
  AddMutationOptions(open);
}

void AddUpdate(const CommandTree& group) {
  auto update = AddCall(group,
                        {"update", "Changes fields; an empty value clears a field",
                         "dealog deal update deal_01h455vb4pex5vsknk084sn02q --amount '1500 EUR' "
                         "--owner ''"},
                        &Stub::UpdateDeal, ShowDealChange);
  auto* request = update.request.get();
  update.Text("deal", "Deal's id", request->mutable_deal_id());
  AddMaskedText(update, "--title", "New title", "title", request->mutable_title());
  AddMaskedText(update, "--owner", "Member: name or id", "owner", request->mutable_owner());
  AddMaskedText(update, "--source", "Where it came from", "source", request->mutable_source());
  AddMaskedText(update, "--organization", "Organization's id", "organization_id",
                request->mutable_organization_id());
  AddMaskedText(update, "--product", "Product: name or id", "product", request->mutable_product());
  update.Read("--amount", kAmountHelp, [request](const std::string& text) -> absl::Status {
    request->mutable_update_mask()->add_paths("amount");
    if (text.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(*request->mutable_amount(), ParseMoney(text));
    return absl::OkStatus();
  });
  update.Read("--decision-date", "Expected decision date",
              [request](const std::string& text) -> absl::Status {
                request->mutable_update_mask()->add_paths("expected_close_date");
                if (text.empty()) return absl::OkStatus();
                ASSIGN_OR_RETURN(*request->mutable_expected_close_date(), ParseDate(text));
                return absl::OkStatus();
              });
  AddMutationOptions(update);
}

}  // namespace

void AddDealCommands(const CommandTree& root) {
  const CommandTree group = root.Group("deal", "Deals: open, move, win, lose, look up");
  AddOpen(group);
  AddUpdate(group);
  AddDealChangeCommands(group);
  auto show = AddCall(group,
                      {"show", "Shows a deal, now or as of a past instant",
                       "dealog deal show deal_01h455vb4pex5vsknk084sn02q --as-of 2026-06-01"},
                      &Stub::GetDeal, ShowOne);
  show.Text("deal", "Deal's id", show->mutable_deal_id());
  AddPastOptions(show);
  auto list = AddCall(group,
                      {"list", "Lists deals",
                       "dealog deal list --filter 'status = OPEN AND amount >= 1000' --order-by "
                       "'amount desc'"},
                      &Stub::ListDeals, ShowList);
  AddFilterOption(list, states::DealFields());
  AddOrderOption(list, states::DealFields());
  AddPageOptions(list);
  AddDealHistoryCommand(group);
}

}  // namespace dealog::cli
