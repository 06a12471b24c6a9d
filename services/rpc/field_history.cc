#include "services/rpc/field_history.h"

#include <map>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "projections/views/texts.h"
#include "services/rpc/instants.h"

namespace dealog::rpc {
namespace {

using events::v1::DealEvent;

// What an event sets a field to; nullopt if it does not touch it.
using Setter = std::optional<std::string> (*)(const DealEvent&, const Names&);

std::optional<std::string> Stage(const DealEvent& event, const Names& names) {
  switch (event.kind_case()) {
    case DealEvent::kDealOpened:
      return NameOf(names, event.deal_opened().stage_id());
    case DealEvent::kDealStageMoved:
      return NameOf(names, event.deal_stage_moved().to_stage_id());
    case DealEvent::kDealWon:
      return NameOf(names, event.deal_won().stage_id());
    case DealEvent::kDealLost:
      return NameOf(names, event.deal_lost().stage_id());
    case DealEvent::kDealReopened:
      return NameOf(names, event.deal_reopened().stage_id());
    case DealEvent::kDealCloseVoided:
      return NameOf(names, event.deal_close_voided().stage_id());
    case DealEvent::kDealMoveUndone:
      return NameOf(names, event.deal_move_undone().stage_id());
    default:
      return std::nullopt;
  }
}

std::optional<std::string> Status(const DealEvent& event, const Names&) {
  switch (event.kind_case()) {
    case DealEvent::kDealOpened:
    case DealEvent::kDealReopened:
    case DealEvent::kDealCloseVoided:
      return "OPEN";
    case DealEvent::kDealWon:
      return "WON";
    case DealEvent::kDealLost:
      return "LOST";
    default:
      return std::nullopt;
  }
}

std::optional<std::string> Owner(const DealEvent& event, const Names& names) {
  if (event.has_deal_opened()) return NameOf(names, event.deal_opened().owner_id());
  if (event.has_deal_owner_assigned()) return NameOf(names, event.deal_owner_assigned().owner_id());
  return std::nullopt;
}

std::optional<std::string> Amount(const DealEvent& event, const Names&) {
  if (event.has_deal_opened()) return AmountText(event.deal_opened().amount());
  if (event.has_deal_amount_changed()) return AmountText(event.deal_amount_changed().amount());
  return std::nullopt;
}

std::optional<std::string> ExpectedClose(const DealEvent& event, const Names&) {
  if (event.has_deal_opened()) return DateText(event.deal_opened().expected_close_date());
  if (event.has_deal_expected_close_changed()) {
    return DateText(event.deal_expected_close_changed().expected_close_date());
  }
  return std::nullopt;
}

std::optional<std::string> Title(const DealEvent& event, const Names&) {
  if (event.has_deal_opened()) return event.deal_opened().title();
  if (!event.deal_details_changed().has_title()) return std::nullopt;
  return event.deal_details_changed().title();
}

std::optional<std::string> Source(const DealEvent& event, const Names&) {
  if (event.has_deal_opened()) return event.deal_opened().source();
  if (!event.deal_details_changed().has_source()) return std::nullopt;
  return event.deal_details_changed().source();
}

std::optional<std::string> Organization(const DealEvent& event, const Names&) {
  if (event.has_deal_opened()) return event.deal_opened().organization_id();
  if (!event.deal_details_changed().has_organization_id()) return std::nullopt;
  return event.deal_details_changed().organization_id();
}

std::optional<std::string> Product(const DealEvent& event, const Names&) {
  if (event.has_deal_opened()) return event.deal_opened().product_id();
  if (!event.deal_details_changed().has_product_id()) return std::nullopt;
  return event.deal_details_changed().product_id();
}

const std::map<std::string_view, Setter>& Setters() {
  static const auto& setters =
      *new std::map<std::string_view, Setter>{{"amount", Amount},
                                              {"expected_close_date", ExpectedClose},
                                              {"organization_id", Organization},
                                              {"owner", Owner},
                                              {"product_id", Product},
                                              {"source", Source},
                                              {"stage", Stage},
                                              {"status", Status},
                                              {"title", Title}};
  return setters;
}

}  // namespace

absl::Status CheckDealField(std::string_view field) {
  if (Setters().contains(field)) return absl::OkStatus();
  const std::string known = absl::StrJoin(
      Setters(), ", ", [](std::string* out, const auto& setter) { out->append(setter.first); });
  return base::InvalidField(
      "field", absl::StrCat("expected one of ", known, ", found ", projections::Quoted(field)));
}

std::vector<v1::FieldValue> FieldValues(std::string_view field,
                                        const std::vector<commands::ParsedEvent>& events,
                                        const Names& names) {
  const Setter setter = Setters().at(field);
  std::vector<v1::FieldValue> values;
  for (const commands::ParsedEvent& parsed : events) {
    const std::optional<std::string> value = setter(parsed.event.deal(), names);
    if (!value || (!values.empty() && values.back().value() == *value)) continue;
    const google::protobuf::Timestamp at = ToTimestamp(parsed.header.occurred_at_us());
    if (!values.empty()) *values.back().mutable_to() = at;
    v1::FieldValue& next = values.emplace_back();
    next.set_value(*value);
    *next.mutable_from() = at;
    next.set_actor(parsed.header.actor().principal());
    next.set_position(static_cast<int64_t>(parsed.header.position()));
  }
  return values;
}

}  // namespace dealog::rpc
