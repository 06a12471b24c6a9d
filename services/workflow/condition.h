#pragma once

// What a trigger's condition may ask about: the event, and its deal as of the event.
//
//   ASSIGN_OR_RETURN(const auto row, ConditionRow::Make(log, tenant, deal_id, parsed));
//   ASSIGN_OR_RETURN(const bool holds, row->Satisfies(filter));

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "projections/filter/filter.h"
#include "projections/states/deal_fields.h"
#include "services/commands/state_loader.h"
#include "services/domain/decider.h"

namespace dealog::workflow {

// The event's own fields, and those of its deal as "deal.<name>".
const filter::Schema& ConditionSchema();

// One event about a deal, with all that conditions may name.
// Thread safety: none. Ownership: `log` and `parsed` must outlive it.
class ConditionRow final : public filter::Row {
 public:
  // Folds the deal as of the event, and what it refers to where a condition asks for its name: the
  // same answer at every reading.
  static absl::StatusOr<std::unique_ptr<ConditionRow>> Make(const eventstore::EventLog& log,
                                                            const eventstore::TenantId& tenant,
                                                            const std::string& deal_id,
                                                            const commands::ParsedEvent& parsed);
  // Whether the condition holds; fails if the log can't be read.
  absl::StatusOr<bool> Satisfies(const filter::Filter& condition) const;
  // For Satisfies.
  filter::Value Get(int field_id, std::string_view member) const override;

 private:
  ConditionRow(const eventstore::EventLog& log, const eventstore::TenantId& tenant,
               const commands::ParsedEvent& parsed)
      : log_(log), tenant_(tenant), parsed_(parsed) {}
  void FindStages();
  filter::Value GetEvent(int field_id) const;
  // Of several events in one commit, those up to this one.
  absl::StatusOr<std::unique_ptr<domain::AggregateState>> Fold(const char* type,
                                                               std::string_view id) const;
  // The same, remembered; nullptr, and status_ says why, if the log can't be read.
  const domain::AggregateState* Find(const char* type, std::string_view id) const;
  std::string_view NameOf(domain::Refers refers, std::string_view id) const;
  filter::Value StageValue(const std::string& stage_id) const;

  const eventstore::EventLog& log_;
  const eventstore::TenantId tenant_;
  const commands::ParsedEvent& parsed_;
  std::unique_ptr<domain::AggregateState> deal_state_;
  const domain::DealState* deal_ = nullptr;
  std::string from_stage_id_;  // Of a stage event; else empty.
  std::string to_stage_id_;
  mutable std::map<std::string, std::unique_ptr<domain::AggregateState>, std::less<>>
      found_;  // By id.
  mutable absl::Status status_;
  mutable domain::FieldScratch scratch_;
};

}  // namespace dealog::workflow
