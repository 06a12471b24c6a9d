#include "projections/states/deal.h"
#include "projections/states/event_types.h"

#include <algorithm>
#include <utility>

namespace dealog::states {
namespace {

using events::v1::DealEvent;

template <typename Message>
std::optional<Message> IfSet(bool has, const Message& message) {
  return has ? std::optional<Message>(message) : std::nullopt;
}

size_t BytesOf(const DealStage& stage) {
  return sizeof(stage) + stage.stage_id.size() + stage.last_open_stage_id.size() +
         stage.lost_reason.size();
}

}  // namespace

size_t DealState::ApproximateBytes() const {
  size_t bytes = sizeof(*this) + BytesOf(stage) + deal_id.size() + pipeline_id.size() +
                 title.value.size() + source.value.size() + external_key.size() +
                 kDatedEntryBytes * (tags.entry_count() + contacts.entry_count());
  if (stage.before_close != nullptr) bytes += BytesOf(*stage.before_close);
  if (undoable) {
    bytes += BytesOf(*undoable->before);
    if (undoable->before->before_close != nullptr)
      bytes += BytesOf(*undoable->before->before_close);
  }
  return bytes;
}

void DealState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  const DealEvent& change = event.deal();
  const int64_t at = meta.occurred_at_us;
  switch (change.kind_case()) {
    case DealEvent::kDealOpened:
      return Open(change.deal_opened(), meta);
    case DealEvent::kDealStageMoved:
    case DealEvent::kDealWon:
    case DealEvent::kDealLost:
    case DealEvent::kDealReopened:
      return ChangeStage(event, meta);
    case DealEvent::kDealCloseVoided: {
      const auto before = stage.before_close;
      return Restore(before, change.deal_close_voided().stage_id(), event, meta);
    }
    case DealEvent::kDealMoveUndone: {
      const auto before = undoable ? undoable->before : nullptr;
      return Restore(before, change.deal_move_undone().stage_id(), event, meta);
    }
    case DealEvent::kDealDetailsChanged:
      return ChangeDetails(change.deal_details_changed(), at);
    case DealEvent::kDealOwnerAssigned:
      return owner_id.Set(change.deal_owner_assigned().owner_id(), at);
    case DealEvent::kDealAmountChanged: {
      const auto& changed = change.deal_amount_changed();
      amount.Set(IfSet(changed.has_amount(), changed.amount()), at);
      amount_cycle = stage.cycle;
      return;
    }
    case DealEvent::kDealExpectedCloseChanged: {
      const auto& changed = change.deal_expected_close_changed();
      return expected_close_date.Set(
          IfSet(changed.has_expected_close_date(), changed.expected_close_date()), at);
    }
    case DealEvent::kDealContactLinked: {
      const auto& link = change.deal_contact_linked().link();
      return contacts.Set(link.contact_id(), link.role(), at);
    }
    case DealEvent::kDealContactUnlinked:
      return contacts.Erase(change.deal_contact_unlinked().contact_id(), at);
    case DealEvent::kDealTagged:
      for (const std::string& tag : change.deal_tagged().tags()) tags.Set(tag, {}, at);
      return;
    case DealEvent::kDealUntagged:
      for (const std::string& tag : change.deal_untagged().tags()) tags.Erase(tag, at);
      return;
    case DealEvent::KIND_NOT_SET:
      return;
  }
}

void DealState::Open(const events::v1::DealOpened& opened, const EventMeta& meta) {
  const int64_t at = meta.occurred_at_us;
  pipeline_id = opened.pipeline_id();
  opened_at_us = at;
  external_key = opened.external_key();
  stage = DealStage();
  stage.status = v1::Deal::OPEN;
  stage.stage_id = stage.last_open_stage_id = opened.stage_id();
  stage.entered_at_us = at;
  stage.cycle = 1;
  stage.last_event_type = "DealOpened";
  stage.last_event_revision = meta.revision;
  stage.last_event_at_us = at;
  undoable.reset();
  title.Set(opened.title(), at);
  owner_id.Set(opened.owner_id(), at);
  source.Set(opened.source(), at);
  organization_id.Set(opened.organization_id(), at);
  product_id.Set(opened.product_id(), at);
  amount.Set(IfSet(opened.has_amount(), opened.amount()), at);
  amount_cycle = 1;
  expected_close_date.Set(IfSet(opened.has_expected_close_date(), opened.expected_close_date()),
                          at);
  for (const std::string& tag : opened.tags()) tags.Set(tag, {}, at);
  for (const auto& link : opened.contacts()) contacts.Set(link.contact_id(), link.role(), at);
}

void DealState::ChangeDetails(const events::v1::DealDetailsChanged& changed, int64_t at_us) {
  if (changed.has_title()) title.Set(changed.title(), at_us);
  if (changed.has_source()) source.Set(changed.source(), at_us);
  if (changed.has_organization_id()) organization_id.Set(changed.organization_id(), at_us);
  if (changed.has_product_id()) product_id.Set(changed.product_id(), at_us);
}

void DealState::ChangeStage(const events::v1::Event& event, const EventMeta& meta) {
  const DealEvent& change = event.deal();
  auto before = std::make_shared<const DealStage>(stage);
  stage.last_event_type = EventTypeName(event);
  stage.last_event_revision = meta.revision;
  // No decider lets a stage event go back in time; should one in the log, it counts as happening
  // with the one before.
  const int64_t at = std::max(meta.occurred_at_us, stage.entered_at_us);
  stage.last_event_at_us = at;
  stage.entered_at_us = at;
  if (change.has_deal_stage_moved()) {
    stage.stage_id = change.deal_stage_moved().to_stage_id();
  } else if (change.has_deal_won()) {
    stage.stage_id = change.deal_won().stage_id();
    Close(v1::Deal::WON, before, at, meta);
  } else if (change.has_deal_lost()) {
    stage.stage_id = change.deal_lost().stage_id();
    stage.lost_reason = change.deal_lost().reason();
    Close(v1::Deal::LOST, before, at, meta);
  } else {
    stage.stage_id = change.deal_reopened().stage_id();
    stage.status = v1::Deal::OPEN;
    stage.cycle = change.deal_reopened().cycle();
    stage.closed_at_us.reset();
    stage.closed_revision = 0;
    stage.lost_reason.clear();
    stage.before_close = nullptr;
  }
  if (stage.open()) stage.last_open_stage_id = stage.stage_id;
  // A retirement is the pipeline's change, not the deal's: there is nothing to go back to.
  if (change.deal_stage_moved().cause() == events::v1::MOVE_CAUSE_STAGE_RETIRED) {
    undoable.reset();
  } else {
    undoable = UndoableChange{stage.last_event_type, meta.revision, meta.occurred_at_us,
                              meta.recorded_at_us, std::move(before)};
  }
}

void DealState::Close(v1::Deal::Status status, std::shared_ptr<const DealStage> before,
                      int64_t at_us, const EventMeta& meta) {
  stage.status = status;
  stage.closed_at_us = at_us;
  stage.closed_revision = meta.revision;
  stage.before_close = std::move(before);
}

void DealState::Restore(std::shared_ptr<const DealStage> before, const std::string& stage_id,
                        const events::v1::Event& event, const EventMeta& meta) {
  undoable.reset();
  if (before == nullptr) return;
  stage = *before;
  if (stage.stage_id == stage_id) return;
  // The stage it came from is retired since: the visit to its replacement begins now.
  stage.stage_id = stage_id;
  stage.entered_at_us = std::max(meta.occurred_at_us, stage.entered_at_us);
  if (stage.open()) stage.last_open_stage_id = stage_id;
  // Which makes it a stage event like a move: no other may come before it.
  stage.last_event_type = EventTypeName(event);
  stage.last_event_revision = meta.revision;
  stage.last_event_at_us = stage.entered_at_us;
}

}  // namespace dealog::states
