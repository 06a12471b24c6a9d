// `dealog deal`: how a deal moves, ends, comes back, and what is attached to it.

#include <map>

#include "dealog/v1/deals.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/deal_show.h"
#include "services/cli/groups.h"

namespace dealog::cli {
namespace {

using Stub = v1::DealService::Stub;

constexpr char kIdExample[] = "deal_01h455vb4pex5vsknk084sn02q";

// A change of one deal whose first argument is the deal.
template <typename Request>
CallCommand<Request> AddChange(const CommandTree& group, const std::string& name,
                               const std::string& description, const std::string& example_rest,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            v1::DealMutationResponse*)) {
  auto call =
      AddCall(group, {name, description, "dealog deal " + name + " " + kIdExample + example_rest},
              method, ShowDealChange);
  call.Text("deal", "Deal's id", call->mutable_deal_id());
  return call;
}

// --mode correction|resume|new-cycle.
template <typename Request>
void AddModeOption(const CallCommand<Request>& call) {
  const std::map<std::string, events::v1::ReopenMode> modes = {
      {"correction", events::v1::REOPEN_MODE_CORRECTION},
      {"resume", events::v1::REOPEN_MODE_RESUME},
      {"new-cycle", events::v1::REOPEN_MODE_NEW_CYCLE}};
  auto* request = call.request.get();
  call.Read("--mode",
            "correction (the close never was true), resume (the cycle goes on) or new-cycle (a "
            "returning client); default: resume after a loss, new-cycle after a win",
            ReadChoice(modes, [request](events::v1::ReopenMode mode) { request->set_mode(mode); }));
}

void AddEndings(const CommandTree& group) {
  auto win = AddChange(group, "win", "Wins a deal", " --amount '1200 EUR'", &Stub::WinDeal);
  win.Text("--stage", "Stage of kind won: label or id (default: the first)", win->mutable_stage());
  win.Read("--amount", "Amount to set in the same commit, such as '1200 EUR'",
           ReadField(win.request.get(), &v1::WinDealRequest::mutable_amount, ParseMoney));
  AddMutationOptions(win);

  auto lose =
      AddChange(group, "lose", "Loses a deal", " --reason 'budget insuffisant'", &Stub::LoseDeal);
  lose.Text("--reason", "Why", lose->mutable_reason());
  lose.Text("--stage", "Stage of kind lost: label or id (default: the first)",
            lose->mutable_stage());
  AddMutationOptions(lose);

  auto reopen =
      AddChange(group, "reopen", "Reopens a closed deal", " --mode resume", &Stub::ReopenDeal);
  reopen.Text("--stage", "Stage of kind open (default: the last one it was in)",
              reopen->mutable_stage());
  AddModeOption(reopen);
  AddMutationOptions(reopen);
}

void AddTagging(const CommandTree& group) {
  auto tag = AddChange(group, "tag", "Adds tags", " vip returning", &Stub::TagDeal);
  AddTags(tag, "tags");
  AddMutationOptions(tag);
  auto untag = AddChange(group, "untag", "Removes tags", " vip", &Stub::UntagDeal);
  AddTags(untag, "tags");
  AddMutationOptions(untag);
}

void AddLinks(const CommandTree& group) {
  const std::string contact_example = " contact_01h455vb4pex5vsknk084sn02q";
  auto link = AddChange(group, "link", "Links a contact", contact_example + " --role buyer",
                        &Stub::LinkDealContact);
  auto* request = link.request.get();
  link.Read("contact", "Contact's id", [request](const std::string& text) {
    request->mutable_link()->set_contact_id(text);
    return absl::OkStatus();
  });
  link.Read("--role", "What the contact is to the deal", [request](const std::string& text) {
    request->mutable_link()->set_role(text);
    return absl::OkStatus();
  });
  AddMutationOptions(link);
  auto unlink =
      AddChange(group, "unlink", "Unlinks a contact", contact_example, &Stub::UnlinkDealContact);
  unlink.Text("contact", "Contact's id", unlink->mutable_contact_id());
  AddMutationOptions(unlink);
}

}  // namespace

void AddDealChangeCommands(const CommandTree& group) {
  auto move = AddChange(group, "move", "Moves a deal to a stage; won and lost stages close it",
                        " Negotiation", &Stub::MoveDeal);
  move.Text("stage", "Target stage: label or id", move->mutable_to_stage());
  move.Text("--reason", "Why, where the target is a lost stage", move->mutable_reason());
  AddModeOption(move);
  AddMutationOptions(move);
  AddEndings(group);
  auto undo = AddChange(group, "undo", "Undoes the deal's last move", "", &Stub::UndoDealMove);
  AddMutationOptions(undo);
  AddTagging(group);
  AddLinks(group);
}

}  // namespace dealog::cli
