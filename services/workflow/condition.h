#pragma once

// What a trigger's condition may ask about: the event, and its deal as of the event.
//
//   ASSIGN_OR_RETURN(const auto row, ConditionRow::Make(log, tenant, deal_id, parsed));
//   if (filter.Matches(*row)) ...

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "projections/filter/filter.h"
#include "projections/states/deal.h"
#include "services/commands/state_loader.h"
#include "services/domain/pipeline.h"

namespace dealog::workflow {

const filter::Schema& ConditionSchema();

// One event about a deal, with all that conditions may name.
// Thread safety: none. Ownership: `parsed` must outlive it.
class ConditionRow final : public filter::Row {
 public:
  // Folds the deal, its pipeline and its owner as of the event: the same answer at every reading.
  static absl::StatusOr<std::unique_ptr<ConditionRow>> Make(const eventstore::EventLog& log,
                                                            const eventstore::TenantId& tenant,
                                                            const std::string& deal_id,
                                                            const commands::ParsedEvent& parsed);
  filter::Value Get(int field_id, std::string_view member) const override;

 private:
  explicit ConditionRow(const commands::ParsedEvent& parsed) : parsed_(parsed) {}
  void FindStages();
  filter::Value GetEvent(int field_id) const;
  std::string_view LabelOf(const std::string& stage_id) const;

  const commands::ParsedEvent& parsed_;
  std::unique_ptr<domain::AggregateState> deal_state_;
  std::unique_ptr<domain::AggregateState> pipeline_state_;
  const domain::DealState* deal_ = nullptr;
  const domain::PipelineState* pipeline_ = nullptr;
  std::string owner_name_;
  std::string from_stage_id_;  // Of a stage event; else empty.
  std::string to_stage_id_;
  std::vector<std::string> tags_;
  std::vector<std::string_view> tag_views_;
};

}  // namespace dealog::workflow
