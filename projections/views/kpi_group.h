#pragma once

// Groups of a KPI: which groups a counted event belongs to, and what they are called.

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "dealog/v1/kpi.pb.h"
#include "projections/views/deals_snapshot.h"
#include "projections/views/kpi_calendar.h"

namespace dealog::projections {

// What a KPI counts once.
struct CountedEvent {
  DealIndex deal = kNoDeal;
  int64_t attributes_us = 0;  // When its attributes are read (AT_EVENT); kNever: the last ones.
  int64_t calendar_us = 0;    // Which month, quarter or week it belongs to.
  Symbol stage = kNoSymbol;
  Symbol reason = kNoSymbol;
  const AttributeValues* attributes = nullptr;  // At attributes_us; nullptr: its last ones count.
};

// What results are grouped by.
enum class Dimension {
  kNone,
  kOwner,
  kTeam,
  kRegion,
  kSource,
  kTag,
  kProduct,
  kOrganization,
  kOrganizationAttribute,
  kLostReason,
  kStage,
  kMonth,
  kQuarter,
  kWeek,
};

// Thread safety: none. Ownership: the snapshot must outlive it.
class Grouper {
 public:
  using Group = uint32_t;

  // INVALID_ARGUMENT lists the dimensions there are.
  static absl::StatusOr<Grouper> Make(const v1::QueryKpiRequest& request,
                                      const DealsSnapshot& snapshot, const PipelineAt& pipeline);

  Dimension dimension() const { return dimension_; }
  bool IsCalendar() const { return calendar_.has_value(); }
  bool active() const { return dimension_ != Dimension::kNone; }
  // Groups already appear otherwise: there is nothing to group by.
  void Deactivate() {
    dimension_ = Dimension::kNone;
    by_field_.reset();
  }
  // The event's groups: one; for tags one or more. Valid until the next call.
  std::span<const Group> Of(const CountedEvent& event) {
    if (dimension_ == Dimension::kTag) return GroupsOfTags(event);
    single_ = One(event);
    return {&single_, 1};
  }
  // The one group of an event; not for tags.
  Group One(const CountedEvent& event) {
    if (!by_field_) return GroupOf(event);
    // Most events have the value at hand, and most values have one group at every instant.
    if (event.attributes != nullptr && !current_) {
      const uint32_t value = (*event.attributes)[NumberOf(*by_field_)] & counted_;
      if (value < group_of_.size() && group_of_[value] != kNoGroup) return group_of_[value];
    }
    return Find(event);
  }
  const std::string& Label(Group group) const { return labels_[group]; }
  // All groups seen, in display order: stages in theirs, others by label.
  std::vector<Group> InOrder() const;

 private:
  Grouper(const DealsSnapshot& snapshot, const PipelineAt& pipeline)
      : snapshot_(&snapshot),
        pipeline_(&pipeline),
        counted_(snapshot.as_of() == kNever ? ~kSetLater : ~0U) {}

  static constexpr Group kNoGroup = std::numeric_limits<Group>::max();

  // The event's value of the field that decides its group: a symbol or the code of a tag set.
  uint32_t ValueOf(const CountedEvent& event) const;
  Group Find(const CountedEvent& event);
  Group GroupOf(const CountedEvent& event);
  Group GroupOfValue(uint32_t value, int64_t instant);
  Group GroupOfMember(Timeline<std::string> MemberRecord::*field, Symbol owner, int64_t instant);
  template <typename T, typename LabelOf>
  Group GroupAt(const Timeline<T>* timeline, int64_t instant, LabelOf label_of);
  Group GroupOfAttribute(Symbol organization, int64_t instant);
  Group GroupOfStage(Symbol stage);
  Group GroupOfUnit(int64_t instant);
  const std::vector<Group>& GroupsOfTags(const CountedEvent& event);
  Group Intern(std::string_view label);
  std::string_view Text(Symbol symbol) const { return snapshot_->symbols().Text(symbol); }

  const DealsSnapshot* snapshot_;
  const PipelineAt* pipeline_;
  Dimension dimension_ = Dimension::kNone;
  std::string attribute_;
  bool current_ = false;  // Attributes as of the snapshot instead of at the event.
  std::optional<Calendar> calendar_;
  std::vector<std::optional<Group>> units_;  // Groups of the calendar's units.
  uint32_t units_generation_ = 0;

  std::vector<std::string> labels_;  // By group.
  absl::flat_hash_map<std::string, Group> by_label_;
  SymbolMemo<Group> by_symbol_;
  SymbolMemo<std::vector<Group>> by_tag_set_;
  SymbolMemo<const MemberRecord*> members_;                 // By owner.
  SymbolMemo<const Timeline<AttributeValue>*> attributes_;  // By organization.
  absl::flat_hash_map<const void*, Group> by_value_;  // Of timelines' values, which stay in place.
  Group single_ = 0;
  std::optional<DealField> by_field_;  // The field that decides the group, if one does.
  uint32_t counted_;                   // Takes kSetLater off where all that is known counts.
  std::vector<Group> group_of_;        // By its value, where the value alone decides.
  bool constant_ = true;               // GroupAt found a group that holds at every instant.
};

// Tallies of a KPI: the total, and one per group.
template <typename Tally>
struct Tallies {
  Tally total;
  std::vector<Tally> groups;  // By group; grows as groups are seen.

  template <typename Add>
  void Count(Grouper& grouper, const CountedEvent& event, Add add) {
    add(total);
    if (!grouper.active()) return;
    for (const Grouper::Group group : grouper.Of(event)) {
      if (group >= groups.size()) groups.resize(group + 1);
      add(groups[group]);
    }
  }
};

}  // namespace dealog::projections
