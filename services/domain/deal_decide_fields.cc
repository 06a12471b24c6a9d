// Commands that open a deal or change its fields: they leave where it stands alone.

#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/deal.h"
#include "services/domain/deal_rules.h"
#include "services/domain/limits.h"
#include "services/domain/references.h"
#include "services/domain/text.h"
#include "services/domain/values.h"

namespace dealog::domain {
namespace {

events::v1::DealEvent& AddDealEvent(Decision& decision) {
  return *AddEvent(decision, decision.subject).mutable_deal();
}

absl::Status CheckTitle(const std::string& title) {
  return CheckText("title", title, {.chars_max = kTitleCharsMax});
}

absl::Status CheckSource(const std::string& source) {
  return CheckText("source", source, {.chars_max = kSourceCharsMax});
}

absl::Status CheckLink(const std::string& field, const events::v1::ContactLink& link,
                       StateReader& reader) {
  if (link.contact_id().empty()) {
    return base::InvalidField(field + ".contact_id", "expected a contact's id, found nothing");
  }
  RETURN_IF_ERROR(CheckText(field + ".role", link.role(), {.chars_max = kRoleCharsMax}));
  return CheckContactExists(field + ".contact_id", link.contact_id(), reader);
}

absl::Status CheckLinks(const v1::OpenDealRequest& request, StateReader& reader) {
  if (static_cast<size_t>(request.contacts_size()) > kDealContactsMax) {
    return base::InvalidField("contacts", absl::StrCat("expected at most ", kDealContactsMax,
                                                       ", found ", request.contacts_size()));
  }
  std::set<std::string> seen;
  for (int i = 0; i < request.contacts_size(); ++i) {
    const std::string field = absl::StrCat("contacts[", i, "]");
    RETURN_IF_ERROR(CheckLink(field, request.contacts(i), reader));
    if (!seen.insert(request.contacts(i).contact_id()).second) {
      return base::InvalidField(field, "expected each contact once, found it again");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<events::v1::Money>> AmountOf(bool has, const v1::Money& money) {
  if (!has) return std::optional<events::v1::Money>();
  ASSIGN_OR_RETURN(events::v1::Money amount, ToEventMoney("amount", money));
  return std::optional<events::v1::Money>(std::move(amount));
}

// The plain values of OpenDeal, checked and put into the event.
absl::Status FillFields(const v1::OpenDealRequest& request, StateReader& reader,
                        events::v1::DealOpened& opened) {
  RETURN_IF_ERROR(CheckTitle(request.title()));
  RETURN_IF_ERROR(CheckSource(request.source()));
  RETURN_IF_ERROR(
      CheckText("external_key", request.external_key(), {.chars_max = kExternalKeyCharsMax}));
  RETURN_IF_ERROR(CheckOrganizationExists("organization_id", request.organization_id(), reader));
  ASSIGN_OR_RETURN(*opened.mutable_owner_id(), ResolveMember("owner", request.owner(), reader));
  ASSIGN_OR_RETURN(*opened.mutable_product_id(),
                   ResolveProduct("product", request.product(), reader));
  ASSIGN_OR_RETURN(const auto amount, AmountOf(request.has_amount(), request.amount()));
  if (amount) *opened.mutable_amount() = *amount;
  if (request.has_expected_close_date()) {
    RETURN_IF_ERROR(CheckDate("expected_close_date", request.expected_close_date()));
    *opened.mutable_expected_close_date() = request.expected_close_date();
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> tags, ToTags("tags", request.tags()));
  opened.mutable_tags()->Add(tags.begin(), tags.end());
  RETURN_IF_ERROR(CheckLinks(request, reader));
  *opened.mutable_contacts() = request.contacts();
  opened.set_title(request.title());
  opened.set_source(request.source());
  opened.set_organization_id(request.organization_id());
  opened.set_external_key(request.external_key());
  return absl::OkStatus();
}

// What UpdateDeal's mask names, checked and resolved.
absl::Status AddDetailsChange(const v1::UpdateDealRequest& request, const DealState& deal,
                              StateReader& reader, Decision& decision) {
  events::v1::DealDetailsChanged changed;
  const auto& mask = request.update_mask();
  if (MaskHas(mask, "title")) {
    RETURN_IF_ERROR(CheckTitle(request.title()));
    if (request.title() != deal.title.value) changed.set_title(request.title());
  }
  if (MaskHas(mask, "source")) {
    RETURN_IF_ERROR(CheckSource(request.source()));
    if (request.source() != deal.source.value) changed.set_source(request.source());
  }
  if (MaskHas(mask, "organization_id")) {
    RETURN_IF_ERROR(CheckOrganizationExists("organization_id", request.organization_id(), reader));
    if (request.organization_id() != deal.organization_id.value) {
      changed.set_organization_id(request.organization_id());
    }
  }
  if (MaskHas(mask, "product")) {
    ASSIGN_OR_RETURN(const std::string product,
                     ResolveProduct("product", request.product(), reader));
    if (product != deal.product_id.value) changed.set_product_id(product);
  }
  if (changed.ByteSizeLong() == 0) return absl::OkStatus();
  *AddDealEvent(decision).mutable_deal_details_changed() = std::move(changed);
  return absl::OkStatus();
}

absl::Status AddOwnerChange(const v1::UpdateDealRequest& request, const DealState& deal,
                            StateReader& reader, Decision& decision) {
  ASSIGN_OR_RETURN(const std::string owner, ResolveMember("owner", request.owner(), reader));
  if (owner == deal.owner_id.value) return absl::OkStatus();
  auto& assigned = *AddDealEvent(decision).mutable_deal_owner_assigned();
  assigned.set_owner_id(owner);
  assigned.set_previous_owner_id(deal.owner_id.value);
  return absl::OkStatus();
}

absl::Status AddAmountChange(const v1::UpdateDealRequest& request, const DealState& deal,
                             Decision& decision) {
  ASSIGN_OR_RETURN(const auto amount, AmountOf(request.has_amount(), request.amount()));
  const auto& now = deal.amount.value;
  if (amount) RETURN_IF_ERROR(CheckCurrency(deal, *amount));
  if (SameMoney(amount, now)) return absl::OkStatus();
  auto& changed = *AddDealEvent(decision).mutable_deal_amount_changed();
  if (amount) *changed.mutable_amount() = *amount;
  if (now) *changed.mutable_previous_amount() = *now;
  return absl::OkStatus();
}

absl::Status AddDateChange(const v1::UpdateDealRequest& request, const DealState& deal,
                           Decision& decision) {
  std::optional<events::v1::Date> date;
  if (request.has_expected_close_date()) {
    RETURN_IF_ERROR(CheckDate("expected_close_date", request.expected_close_date()));
    date = request.expected_close_date();
  }
  const auto& now = deal.expected_close_date.value;
  if (SameDate(date, now)) return absl::OkStatus();
  auto& changed = *AddDealEvent(decision).mutable_deal_expected_close_changed();
  if (date) *changed.mutable_expected_close_date() = *date;
  if (now) *changed.mutable_previous_expected_close_date() = *now;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Decision> Decide(const v1::OpenDealRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  ASSIGN_OR_RETURN(const std::string id,
                   NewResourceId("deal_id", request.deal_id(), "deal", kDealStream, meta, reader));
  events::v1::DealOpened opened;
  RETURN_IF_ERROR(FillFields(request, reader, opened));
  ASSIGN_OR_RETURN(const PipelineState* pipeline,
                   ResolvePipeline("pipeline", request.pipeline(), reader));
  if (pipeline->archived) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "PIPELINE_ARCHIVED",
                       absl::StrCat("pipeline \"", pipeline->display_name.value,
                                    "\" is archived and takes no new deals; choose another"))
        .With("pipeline_id", pipeline->pipeline_id);
  }
  ASSIGN_OR_RETURN(const PipelineStage* stage, CreationStage(*pipeline, request.stage(), meta));
  opened.set_pipeline_id(pipeline->pipeline_id);
  opened.set_pipeline_revision(pipeline->revision);
  opened.set_stage_id(stage->id());
  Decision decision{.subject = {kDealStream, id}};
  *AddDealEvent(decision).mutable_deal_opened() = std::move(opened);
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::UpdateDealRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const DealState* deal, LoadDeal(request.deal_id(), meta, reader));
  const auto& mask = request.update_mask();
  RETURN_IF_ERROR(CheckMask(mask, {"title", "owner", "source", "amount", "expected_close_date",
                                   "organization_id", "product"}));
  Decision decision{.subject = {kDealStream, request.deal_id()}};
  RETURN_IF_ERROR(AddDetailsChange(request, *deal, reader, decision));
  if (MaskHas(mask, "owner")) RETURN_IF_ERROR(AddOwnerChange(request, *deal, reader, decision));
  if (MaskHas(mask, "amount")) RETURN_IF_ERROR(AddAmountChange(request, *deal, decision));
  if (MaskHas(mask, "expected_close_date")) {
    RETURN_IF_ERROR(AddDateChange(request, *deal, decision));
  }
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::TagDealRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const DealState* deal, LoadDeal(request.deal_id(), meta, reader));
  ASSIGN_OR_RETURN(const std::vector<std::string> tags, TagsToAdd(request.tags(), deal->tags));
  Decision decision{.subject = {kDealStream, request.deal_id()}};
  if (tags.empty()) return decision;
  AddDealEvent(decision).mutable_deal_tagged()->mutable_tags()->Add(tags.begin(), tags.end());
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::UntagDealRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const DealState* deal, LoadDeal(request.deal_id(), meta, reader));
  ASSIGN_OR_RETURN(const std::vector<std::string> tags, TagsToRemove(request.tags(), deal->tags));
  Decision decision{.subject = {kDealStream, request.deal_id()}};
  if (tags.empty()) return decision;
  AddDealEvent(decision).mutable_deal_untagged()->mutable_tags()->Add(tags.begin(), tags.end());
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::LinkDealContactRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const DealState* deal, LoadDeal(request.deal_id(), meta, reader));
  RETURN_IF_ERROR(CheckLink("link", request.link(), reader));
  Decision decision{.subject = {kDealStream, request.deal_id()}};
  const std::string* role = deal->contacts.Find(request.link().contact_id());
  if (role != nullptr && *role == request.link().role()) return decision;
  if (role == nullptr && deal->contacts.Keys().size() >= kDealContactsMax) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("a deal has at most ", kDealContactsMax,
                                    " contacts (kDealContactsMax); unlink one first"));
  }
  *AddDealEvent(decision).mutable_deal_contact_linked()->mutable_link() = request.link();
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::UnlinkDealContactRequest& request,
                                const CommandMeta& meta, StateReader& reader) {
  ASSIGN_OR_RETURN(const DealState* deal, LoadDeal(request.deal_id(), meta, reader));
  if (request.contact_id().empty()) {
    return base::InvalidField("contact_id", "expected a contact's id, found nothing");
  }
  Decision decision{.subject = {kDealStream, request.deal_id()}};
  if (!deal->contacts.Has(request.contact_id())) return decision;
  AddDealEvent(decision).mutable_deal_contact_unlinked()->set_contact_id(request.contact_id());
  return decision;
}

}  // namespace dealog::domain
