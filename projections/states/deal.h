#pragma once

// The state of a deal: where it stands, and its fields.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dealog/events/v1/deal.pb.h"
#include "dealog/v1/deals.pb.h"
#include "projections/states/aggregate.h"
#include "projections/states/dated.h"

namespace dealog::states {

// All that stage events change, so that undoing one restores it whole.
struct DealStage {
  v1::Deal::Status status = v1::Deal::STATUS_UNSPECIFIED;
  std::string stage_id;
  int64_t entered_at_us = 0;       // Business time the visit to stage_id began.
  std::string last_open_stage_id;  // == stage_id while open.
  uint32_t cycle = 0;              // From 1.
  std::optional<int64_t> closed_at_us;
  uint64_t closed_revision = 0;  // Of the DealWon or DealLost; 0 while open.
  std::string lost_reason;
  // Where it stood before the close, for a correction; null while open.
  std::shared_ptr<const DealStage> before_close;

  // The last stage event in time; no other may come before it.
  std::string_view last_event_type;
  uint64_t last_event_revision = 0;
  int64_t last_event_at_us = 0;

  bool open() const { return status == v1::Deal::OPEN; }
};

// The last stage event, while it may be undone.
struct UndoableChange {
  std::string_view event_type;
  uint64_t revision = 0;
  int64_t occurred_at_us = 0;
  int64_t recorded_at_us = 0;
  std::shared_ptr<const DealStage> before;
};

class DealState final : public StateOf<DealState> {
 public:
  explicit DealState(std::string_view stream_id) : deal_id(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string deal_id;
  std::string pipeline_id;
  DealStage stage;
  std::optional<UndoableChange> undoable;
  int64_t opened_at_us = 0;  // Business time; nothing of the deal occurs before it.
  std::string external_key;

  Dated<std::string> title;
  Dated<std::string> owner_id;
  Dated<std::string> source;
  Dated<std::string> organization_id;
  Dated<std::string> product_id;
  Dated<std::optional<events::v1::Money>> amount;
  uint32_t amount_cycle = 0;  // The cycle in which the amount was set last: its currency is fixed.
  Dated<std::optional<events::v1::Date>> expected_close_date;
  TagSet tags;
  DatedList<std::string> contacts;  // Contact id to role, in the order linked.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
  void Open(const events::v1::DealOpened& opened, const EventMeta& meta);
  void ChangeDetails(const events::v1::DealDetailsChanged& changed, int64_t at_us);
  void ChangeStage(const events::v1::Event& event, const EventMeta& meta);
  void Close(v1::Deal::Status status, std::shared_ptr<const DealStage> before, int64_t at_us,
             const EventMeta& meta);
  void Restore(std::shared_ptr<const DealStage> before, const std::string& stage_id,
               const events::v1::Event& event, const EventMeta& meta);
};

}  // namespace dealog::states
