#include "projections/views/kpi_group.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "projections/states/deal_fields.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

constexpr std::string_view kNoneLabel = "(none)";
constexpr std::string_view kAttributePrefix = "organization.";
constexpr size_t kAttributeKeyBytesMax = 64;

// What groups by time, beside the fields of deals that group.
constexpr std::array<std::pair<std::string_view, Dimension>, 3> kCalendarDimensions = {{
    {"month", Dimension::kMonth},
    {"quarter", Dimension::kQuarter},
    {"week", Dimension::kWeek},
}};

// The dimension of a field that the table of fields calls groupable.
Dimension DimensionOf(states::DealFieldId id) {
  using states::DealFieldId;
  switch (id) {
    case DealFieldId::kOwner:
      return Dimension::kOwner;
    case DealFieldId::kTeam:
      return Dimension::kTeam;
    case DealFieldId::kRegion:
      return Dimension::kRegion;
    case DealFieldId::kSource:
      return Dimension::kSource;
    case DealFieldId::kTags:
      return Dimension::kTag;
    case DealFieldId::kProduct:
      return Dimension::kProduct;
    case DealFieldId::kOrganization:
      return Dimension::kOrganization;
    case DealFieldId::kLostReason:
      return Dimension::kLostReason;
    case DealFieldId::kStage:
      return Dimension::kStage;
    default:  // deals_queries_test groups by every one.
      DEALOG_CHECK(false) << "field " << static_cast<size_t>(id) << " has no dimension";
  }
  return Dimension::kNone;
}

// nullopt if it is neither nothing, a unit of time nor a field; attributes are no field.
std::optional<Dimension> FindDimension(std::string_view asked) {
  if (asked.empty()) return Dimension::kNone;
  for (const auto& [name, dimension] : kCalendarDimensions) {
    if (name == asked) return dimension;
  }
  const auto* field = states::FindField(states::DealFields(), asked, states::kGroupable);
  if (field == nullptr || field->kind == states::FieldKind::kAttributes) return std::nullopt;
  return DimensionOf(field->id);
}

bool IsAttributeKey(std::string_view key) {
  return !key.empty() && key.size() <= kAttributeKeyBytesMax &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

absl::Status UnknownDimension(std::string_view asked, const OrganizationsView& organizations) {
  std::string known = states::FieldNames(states::DealFields(), states::kGroupable);
  for (const std::string& key : organizations.attribute_keys()) {
    absl::StrAppend(&known, ", ", base::View(kAttributePrefix), key);
  }
  for (const auto& [name, dimension] : kCalendarDimensions) {
    absl::StrAppend(&known, ", ", base::View(name));
  }
  return base::InvalidField("group_by", absl::StrCat("expected a dimension, found ", Quoted(asked),
                                                     "; known are: ", known));
}

std::optional<CalendarUnit> UnitOf(Dimension dimension) {
  if (dimension == Dimension::kMonth) return CalendarUnit::kMonth;
  if (dimension == Dimension::kQuarter) return CalendarUnit::kQuarter;
  if (dimension == Dimension::kWeek) return CalendarUnit::kWeek;
  return std::nullopt;
}

// The field of a deal that decides its group.
std::optional<DealField> FieldOf(Dimension dimension) {
  switch (dimension) {
    case Dimension::kOwner:
    case Dimension::kTeam:
    case Dimension::kRegion:
      return DealField::kOwner;
    case Dimension::kSource:
      return DealField::kSource;
    case Dimension::kProduct:
      return DealField::kProduct;
    case Dimension::kOrganization:
    case Dimension::kOrganizationAttribute:
      return DealField::kOrganization;
    case Dimension::kTag:
      return DealField::kTags;
    default:
      return std::nullopt;
  }
}

}  // namespace

absl::StatusOr<Grouper> Grouper::Make(const v1::QueryKpiRequest& request,
                                      const DealsSnapshot& snapshot, const PipelineAt& pipeline) {
  Grouper grouper(snapshot, pipeline);
  grouper.current_ = request.attribute_at() == v1::ATTRIBUTE_AT_CURRENT;
  const std::string_view asked = request.group_by();
  if (const std::optional<Dimension> known = FindDimension(asked)) {
    grouper.dimension_ = *known;
    grouper.by_field_ = FieldOf(grouper.dimension_);
    if (const std::optional<CalendarUnit> unit = UnitOf(grouper.dimension_)) {
      grouper.calendar_.emplace(*unit, snapshot.tenant().time_zone());
      int64_t first_us = kNever;
      snapshot.table().opened_us.ForEachChunk([&](size_t, std::span<const int64_t> opened) {
        first_us = std::min(first_us, *std::min_element(opened.begin(), opened.end()));
      });
      if (first_us < snapshot.shown_us()) {
        grouper.calendar_->Cover(first_us, snapshot.shown_us());
      }
    }
    return grouper;
  }
  // An attribute that no organization ever had is a misspelling, unless there are none at all.
  const auto& keys = snapshot.organizations().attribute_keys();
  if (asked.starts_with(kAttributePrefix)) {
    const std::string_view key = asked.substr(kAttributePrefix.size());
    if (IsAttributeKey(key) && (keys.empty() || keys.contains(key))) {
      grouper.dimension_ = Dimension::kOrganizationAttribute;
      grouper.attribute_ = std::string(key);
      grouper.by_field_ = FieldOf(grouper.dimension_);
      return grouper;
    }
  }
  return UnknownDimension(asked, snapshot.organizations());
}

uint32_t Grouper::ValueOf(const CountedEvent& event) const {
  const FactTable& table = snapshot_->table();
  const int64_t as_of = snapshot_->as_of();
  if (current_ || event.attributes == nullptr) {
    return table.Latest(event.deal, *by_field_, as_of).symbol();
  }
  const uint32_t value = (*event.attributes)[NumberOf(*by_field_)] & counted_;
  if (!(value & kSetLater)) return value;
  if (table.IsWhole(event.deal, as_of)) return value & ~kSetLater;
  return table.At(event.deal, *by_field_, event.attributes_us, as_of).symbol();
}

Grouper::Group Grouper::Find(const CountedEvent& event) {
  const uint32_t value = ValueOf(event);
  if (value >= group_of_.size()) group_of_.resize(value + 1, kNoGroup);
  if (group_of_[value] != kNoGroup) return group_of_[value];
  constant_ = true;
  const Group group = GroupOfValue(value, current_ ? kNever : event.attributes_us);
  if (constant_) group_of_[value] = group;
  return group;
}

Grouper::Group Grouper::GroupOfValue(uint32_t value, int64_t instant) {
  switch (dimension_) {
    case Dimension::kOwner:
      return Intern(snapshot_->OwnerLabel(value));
    case Dimension::kTeam:
      return GroupOfMember(&MemberRecord::team, value, instant);
    case Dimension::kRegion:
      return GroupOfMember(&MemberRecord::region, value, instant);
    case Dimension::kProduct:
      return Intern(snapshot_->ProductLabel(value));
    case Dimension::kOrganization:
      return Intern(snapshot_->OrganizationLabel(value));
    case Dimension::kOrganizationAttribute:
      return GroupOfAttribute(value, instant);
    default:
      return Intern(Text(value));
  }
}

Grouper::Group Grouper::GroupOf(const CountedEvent& event) {
  switch (dimension_) {
    case Dimension::kLostReason:
      return by_symbol_.Get(event.reason, [this](Symbol reason) { return Intern(Text(reason)); });
    case Dimension::kStage:
      return GroupOfStage(current_ ? snapshot_->standing().stage[event.deal] : event.stage);
    case Dimension::kMonth:
    case Dimension::kQuarter:
    case Dimension::kWeek:
      return GroupOfUnit(event.calendar_us);
    default:
      return Intern({});
  }
}

// The group of a timeline's value at an instant.
template <typename T, typename LabelOf>
Grouper::Group Grouper::GroupAt(const Timeline<T>* timeline, int64_t instant, LabelOf label_of) {
  if (timeline != nullptr && !timeline->constant() && instant != kNever) constant_ = false;
  const T* value = timeline == nullptr ? nullptr : timeline->At(instant, snapshot_->horizon());
  const auto [found, is_new] = by_value_.try_emplace(value);
  if (is_new) found->second = Intern(value == nullptr ? std::string() : label_of(*value));
  return found->second;
}

Grouper::Group Grouper::GroupOfMember(Timeline<std::string> MemberRecord::*field, Symbol owner,
                                      int64_t instant) {
  const MemberRecord* member = members_.Get(
      owner, [this](Symbol symbol) { return snapshot_->catalog().Member(Text(symbol)); });
  return GroupAt(member == nullptr ? nullptr : &(member->*field), instant,
                 [](const std::string& label) { return label; });
}

Grouper::Group Grouper::GroupOfAttribute(Symbol organization, int64_t instant) {
  const Timeline<AttributeValue>* timeline =
      attributes_.Get(organization, [this](Symbol symbol) -> const Timeline<AttributeValue>* {
        const OrganizationRecord* record = snapshot_->organizations().Find(Text(symbol));
        if (record == nullptr) return nullptr;
        const auto found = record->attributes.find(attribute_);
        return found == record->attributes.end() ? nullptr : &found->second;
      });
  return GroupAt(timeline, instant, AttributeText);
}

Grouper::Group Grouper::GroupOfStage(Symbol stage) {
  return by_symbol_.Get(stage, [this](Symbol symbol) {
    const StageAt* at = snapshot_->Stage(symbol);
    return Intern(at != nullptr ? std::string_view(at->label()) : Text(symbol));
  });
}

Grouper::Group Grouper::GroupOfUnit(int64_t instant) {
  if (instant == kNever) return Intern({});
  const size_t unit = calendar_->UnitOf(instant);
  if (units_generation_ != calendar_->generation()) {
    units_generation_ = calendar_->generation();
    units_.clear();
  }
  if (unit >= units_.size()) units_.resize(unit + 1);
  if (!units_[unit]) units_[unit] = Intern(calendar_->LabelOf(unit));
  return *units_[unit];
}

const std::vector<Grouper::Group>& Grouper::GroupsOfTags(const CountedEvent& event) {
  return by_tag_set_.Get(ValueOf(event), [this](uint32_t set) {
    std::vector<Group> groups;
    for (const Symbol tag : snapshot_->table().TagSet({.value = set})) {
      groups.push_back(Intern(Text(tag)));
    }
    if (groups.empty()) groups.push_back(Intern({}));
    return groups;
  });
}

Grouper::Group Grouper::Intern(std::string_view label) {
  if (label.empty()) label = kNoneLabel;
  const auto [found, is_new] =
      by_label_.try_emplace(base::View(label), static_cast<Group>(labels_.size()));
  if (is_new) labels_.emplace_back(label);
  return found->second;
}

std::vector<Grouper::Group> Grouper::InOrder() const {
  std::vector<Group> groups(labels_.size());
  for (Group group = 0; group < groups.size(); ++group) groups[group] = group;
  const auto place = [this](Group group) -> size_t {
    if (dimension_ != Dimension::kStage) return 0;
    const std::vector<StageAt>& stages = pipeline_->stages;
    return static_cast<size_t>(
        std::find_if(stages.begin(), stages.end(),
                     [&](const StageAt& stage) { return stage.label() == labels_[group]; }) -
        stages.begin());
  };
  std::sort(groups.begin(), groups.end(), [&](Group a, Group b) {
    const size_t place_a = place(a);
    const size_t place_b = place(b);
    return place_a != place_b ? place_a < place_b : labels_[a] < labels_[b];
  });
  return groups;
}

}  // namespace dealog::projections
