#include "services/cli/deal_show.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

constexpr size_t kTitleWidth = 40;

std::string AmountOf(const v1::Deal& deal) {
  return deal.has_amount() ? FormatMoney(deal.amount()) : "";
}

// The name where a read filled it, else the id.
const std::string& NameOrId(const std::string& name, const std::string& id) {
  return name.empty() ? id : name;
}

}  // namespace

std::string StatusName(v1::Deal::Status status) {
  return absl::AsciiStrToLower(v1::Deal::Status_Name(status));
}

void ShowDeal(const v1::Deal& deal, Printer& printer) {
  printer.Field("deal", deal.deal_id());
  printer.Field("title", deal.title());
  printer.Field("stage", NameOrId(deal.stage(), deal.stage_id()));
  printer.Field("status", StatusName(deal.status()));
  printer.Field("amount", AmountOf(deal));
  printer.Field("decision date", FormatDate(deal.expected_close_date()));
  printer.Field("owner", NameOrId(deal.owner(), deal.owner_id()));
  printer.Field("organization", NameOrId(deal.organization(), deal.organization_id()));
  printer.Field("product", NameOrId(deal.product(), deal.product_id()));
  printer.Field("source", deal.source());
  printer.Field("tags", absl::StrJoin(deal.tags(), ", "));
  for (const auto& link : deal.contacts()) {
    printer.Field("contact", link.role().empty()
                                 ? link.contact_id()
                                 : absl::StrCat(link.contact_id(), " (", link.role(), ")"));
  }
  printer.Field("loss reason", deal.lost_reason());
  if (deal.cycle() > 1) printer.Field("cycle", absl::StrCat(deal.cycle()));
  printer.Field("opened", FormatTime(deal.create_time()));
  printer.Field("in stage since", FormatTime(deal.stage_enter_time()));
  printer.Field("closed", FormatTime(deal.close_time()));
  printer.Field("external key", deal.external_key());
  printer.Field("etag", deal.etag());
}

void ShowDealChange(const v1::DealMutationResponse& reply, Printer& printer) {
  ShowDeal(reply.deal(), printer);
  if (reply.commit().replayed()) printer.Note("this request was done before; nothing was written");
}

Table DealTable(const google::protobuf::RepeatedPtrField<v1::Deal>& deals) {
  Table table({{"TITLE", Align::kLeft, kTitleWidth},
               {"STAGE"},
               {"STATUS"},
               {"AMOUNT", Align::kRight},
               {"DECISION"},
               {"OWNER"},
               {"ORGANIZATION"},
               {"IN STAGE SINCE"},
               {"ID"}});
  for (const v1::Deal& deal : deals) {
    table.AddRow({deal.title(), NameOrId(deal.stage(), deal.stage_id()), StatusName(deal.status()),
                  AmountOf(deal), FormatDate(deal.expected_close_date()),
                  NameOrId(deal.owner(), deal.owner_id()),
                  NameOrId(deal.organization(), deal.organization_id()),
                  FormatTime(deal.stage_enter_time()), deal.deal_id()});
  }
  return table;
}

}  // namespace dealog::cli
