#include "projections/views/deals_message.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "projections/views/instants.h"

namespace dealog::projections {
namespace {

void SetStanding(const Standing& standing, const Symbols& symbols, v1::Deal& message) {
  message.set_stage_id(std::string(symbols.Text(standing.stage)));
  message.set_status(StatusOf(standing.outcome));
  message.set_cycle(standing.cycle);
  message.set_lost_reason(std::string(symbols.Text(standing.reason)));
  message.set_last_open_stage_id(std::string(symbols.Text(standing.last_open_stage)));
  SetTimestamp(standing.entered_us, *message.mutable_stage_enter_time());
  if (standing.closed_us != kNever) {
    SetTimestamp(standing.closed_us, *message.mutable_close_time());
  }
}

}  // namespace

v1::Deal::Status StatusOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOpen:
      return v1::Deal::OPEN;
    case Outcome::kWon:
      return v1::Deal::WON;
    case Outcome::kLost:
      return v1::Deal::LOST;
  }
  return v1::Deal::STATUS_UNSPECIFIED;
}

std::string DealMessages::StageLabel(Symbol stage) {
  return stage_labels_.Get(stage, [this](Symbol symbol) {
    const StageAt* found = snapshot_.Stage(symbol);
    return found != nullptr ? found->label() : std::string(snapshot_.symbols().Text(symbol));
  });
}

v1::Deal DealMessages::Make(DealIndex deal) {
  const Symbols& symbols = snapshot_.symbols();
  const DealFacts& facts = snapshot_.FactsOf(deal, scratch_);
  v1::Deal message;
  message.set_deal_id(std::string(snapshot_.view().Id(deal)));
  message.set_etag(absl::StrCat(facts.revision));
  message.set_newer_data(facts.newer);
  message.set_title(facts.title);
  message.set_pipeline_id(std::string(symbols.Text(facts.pipeline)));
  SetStanding(facts.standing, symbols, message);
  message.set_stage(StageLabel(facts.standing.stage));
  const Symbol owner = facts.Latest(DealField::kOwner).symbol();
  message.set_owner_id(std::string(symbols.Text(owner)));
  message.set_owner(std::string(snapshot_.OwnerLabel(owner)));
  const Symbol organization = facts.Latest(DealField::kOrganization).symbol();
  message.set_organization_id(std::string(symbols.Text(organization)));
  message.set_organization(std::string(snapshot_.OrganizationLabel(organization)));
  const Symbol product = facts.Latest(DealField::kProduct).symbol();
  message.set_product_id(std::string(symbols.Text(product)));
  message.set_product(std::string(snapshot_.ProductLabel(product)));
  message.set_source(std::string(symbols.Text(facts.Latest(DealField::kSource).symbol())));
  for (const Symbol tag : facts.Tags()) message.add_tags(std::string(symbols.Text(tag)));
  std::sort(message.mutable_tags()->begin(), message.mutable_tags()->end());
  if (const FieldValue amount = facts.Latest(DealField::kAmount); amount.set()) {
    *message.mutable_amount() = ToMoney(amount.value, UnpackCurrency(amount.currency));
  }
  if (const FieldValue day = facts.Latest(DealField::kExpectedClose); day.set()) {
    *message.mutable_expected_close_date() = DateOfDay(static_cast<int32_t>(day.value));
  }
  for (const auto& [id, role] : facts.Contacts()) {
    events::v1::ContactLink& link = *message.add_contacts();
    link.set_contact_id(std::string(id));
    link.set_role(std::string(role));
  }
  SetTimestamp(facts.opened_us, *message.mutable_create_time());
  SetTimestamp(facts.updated_us, *message.mutable_update_time());
  message.set_external_key(facts.external_key);
  return message;
}

}  // namespace dealog::projections
