#include "projections/views/kpi_group.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

constexpr std::string_view kNoneLabel = "(none)";
constexpr std::string_view kAttributePrefix = "organization.";
constexpr size_t kAttributeKeyBytesMax = 64;

constexpr std::array<std::pair<std::string_view, Dimension>, 14> kDimensions = {{
    {"", Dimension::kNone},
    {"owner", Dimension::kOwner},
    {"team", Dimension::kTeam},
    {"region", Dimension::kRegion},
    {"source", Dimension::kSource},
    {"tag", Dimension::kTag},
    {"tags", Dimension::kTag},
    {"product", Dimension::kProduct},
    {"organization", Dimension::kOrganization},
    {"lost_reason", Dimension::kLostReason},
    {"stage", Dimension::kStage},
    {"month", Dimension::kMonth},
    {"quarter", Dimension::kQuarter},
    {"week", Dimension::kWeek},
}};

bool IsAttributeKey(std::string_view key) {
  return !key.empty() && key.size() <= kAttributeKeyBytesMax &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

absl::Status UnknownDimension(std::string_view asked, const OrganizationsView& organizations) {
  std::string known;
  for (const auto& [name, dimension] : kDimensions) {
    if (!name.empty() && name != "tags") absl::StrAppend(&known, Absl(name), ", ");
  }
  for (const std::string& key : organizations.attribute_keys()) {
    absl::StrAppend(&known, Absl(kAttributePrefix), key, ", ");
  }
  return base::InvalidField("group_by",
                            absl::StrCat("expected a dimension, found ", Quoted(asked),
                                         "; known are: ", known, "organization.<attribute>"));
}

std::optional<CalendarUnit> UnitOf(Dimension dimension) {
  if (dimension == Dimension::kMonth) return CalendarUnit::kMonth;
  if (dimension == Dimension::kQuarter) return CalendarUnit::kQuarter;
  if (dimension == Dimension::kWeek) return CalendarUnit::kWeek;
  return std::nullopt;
}

// The field of a deal that decides its group.
std::optional<DealField> EntryFieldOf(Dimension dimension) {
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
  const auto known = std::find_if(kDimensions.begin(), kDimensions.end(),
                                  [asked](const auto& each) { return each.first == asked; });
  if (known != kDimensions.end()) {
    grouper.dimension_ = known->second;
    if (!grouper.current_) grouper.by_entry_ = EntryFieldOf(grouper.dimension_);
    if (const std::optional<CalendarUnit> unit = UnitOf(grouper.dimension_)) {
      grouper.calendar_.emplace(*unit, snapshot.tenant().time_zone());
      const std::vector<int64_t>& opened = snapshot.table().opened_us;
      const auto first = std::min_element(opened.begin(), opened.end());
      if (first != opened.end() && *first < snapshot.shown_us()) {
        grouper.calendar_->Cover(*first, snapshot.shown_us());
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
      if (!grouper.current_) grouper.by_entry_ = EntryFieldOf(grouper.dimension_);
      return grouper;
    }
  }
  return UnknownDimension(asked, snapshot.organizations());
}

Grouper::Group Grouper::Find(const CountedEvent& event) {
  constant_ = true;
  const Group group = GroupOf(event);
  if (event.entry == nullptr || !by_entry_ || !constant_) return group;
  const uint32_t value = event.entry->values[static_cast<size_t>(*by_entry_)];
  if (value == EntryAttributes::kSetLater) return group;
  if (value >= group_of_.size()) group_of_.resize(value + 1, kNoGroup);
  group_of_[value] = group;
  return group;
}

FieldValue Grouper::Read(const CountedEvent& event, DealField field) {
  const FactTable& table = snapshot_->table();
  const int64_t as_of = snapshot_->as_of();
  if (current_) return table.Latest(event.deal, field, as_of);
  if (event.entry != nullptr) {
    const uint32_t value = event.entry->values[static_cast<size_t>(field)];
    if (value == kNoSymbol) return {};
    if (value != EntryAttributes::kSetLater) return {.value = value};
  }
  if (!table.Changes(event.deal, field)) return table.Latest(event.deal, field, as_of);
  if (read_deal_ != event.deal) {
    read_deal_ = event.deal;
    read_changes_.clear();
    for (const Change& change : table.ChangesOf(event.deal)) {
      if (change.Is(field)) read_changes_.push_back(change);
    }
  }
  return ValueAt(read_changes_, field, event.attributes_us, as_of);
}

Grouper::Group Grouper::GroupOf(const CountedEvent& event) {
  const auto by_label = [this](Symbol symbol, auto label) {
    return by_symbol_.Get(symbol, [&](Symbol each) { return Intern(label(each)); });
  };
  const auto text = [this](Symbol symbol) { return Text(symbol); };
  switch (dimension_) {
    case Dimension::kOwner:
      return by_label(Read(event, DealField::kOwner).symbol(),
                      [this](Symbol owner) { return snapshot_->OwnerLabel(owner); });
    case Dimension::kTeam:
      return GroupOfMember(&MemberRecord::team, event);
    case Dimension::kRegion:
      return GroupOfMember(&MemberRecord::region, event);
    case Dimension::kSource:
      return by_label(Read(event, DealField::kSource).symbol(), text);
    case Dimension::kProduct:
      return by_label(Read(event, DealField::kProduct).symbol(),
                      [this](Symbol product) { return snapshot_->ProductLabel(product); });
    case Dimension::kOrganization:
      return by_label(Read(event, DealField::kOrganization).symbol(), [this](Symbol organization) {
        return snapshot_->OrganizationLabel(organization);
      });
    case Dimension::kOrganizationAttribute:
      return GroupOfAttribute(event);
    case Dimension::kLostReason:
      return by_label(event.reason, text);
    case Dimension::kStage:
      return GroupOfStage(current_ ? snapshot_->standing().stage[event.deal] : event.stage);
    case Dimension::kMonth:
    case Dimension::kQuarter:
    case Dimension::kWeek:
      return GroupOfUnit(event.calendar_us);
    case Dimension::kTag:
    case Dimension::kNone:
      break;
  }
  return Intern({});
}

// The group of a timeline's value at an instant; `symbol` names the thing whose timeline it is.
template <typename T, typename LabelOf>
Grouper::Group Grouper::GroupAt(Symbol symbol, const Timeline<T>* timeline, int64_t instant,
                                LabelOf label_of) {
  const auto group_at = [&](int64_t at) {
    const T* value = timeline == nullptr ? nullptr : timeline->At(at, snapshot_->horizon());
    const auto [found, is_new] = by_value_.try_emplace(value);
    if (is_new) found->second = Intern(value == nullptr ? std::string() : label_of(*value));
    return found->second;
  };
  if (timeline == nullptr || timeline->constant() || current_) {
    return by_symbol_.Get(symbol, [&](Symbol) { return group_at(kNever); });
  }
  constant_ = false;
  return group_at(instant);
}

Grouper::Group Grouper::GroupOfMember(Timeline<std::string> MemberRecord::*field,
                                      const CountedEvent& event) {
  const Symbol owner = Read(event, DealField::kOwner).symbol();
  const MemberRecord* member = members_.Get(
      owner, [this](Symbol symbol) { return snapshot_->catalog().Member(Text(symbol)); });
  return GroupAt(owner, member == nullptr ? nullptr : &(member->*field), event.attributes_us,
                 [](const std::string& label) { return label; });
}

Grouper::Group Grouper::GroupOfAttribute(const CountedEvent& event) {
  const Symbol symbol = Read(event, DealField::kOrganization).symbol();
  const Timeline<AttributeValue>* timeline =
      attributes_.Get(symbol, [this](Symbol each) -> const Timeline<AttributeValue>* {
        const OrganizationRecord* organization = snapshot_->organizations().Find(Text(each));
        if (organization == nullptr) return nullptr;
        const auto found = organization->attributes.find(attribute_);
        return found == organization->attributes.end() ? nullptr : &found->second;
      });
  return GroupAt(symbol, timeline, event.attributes_us, AttributeText);
}

Grouper::Group Grouper::GroupOfStage(Symbol stage) {
  return by_symbol_.Get(stage, [this](Symbol symbol) {
    const StageAt* at = snapshot_->Stage(symbol);
    return Intern(at != nullptr ? std::string_view(at->stage.label()) : Text(symbol));
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
  const FieldValue tags = Read(event, DealField::kTags);
  return by_tag_set_.Get(tags.symbol(), [&](Symbol) {
    std::vector<Group> groups;
    for (const Symbol tag : snapshot_->table().TagSet(tags)) groups.push_back(Intern(Text(tag)));
    if (groups.empty()) groups.push_back(Intern({}));
    return groups;
  });
}

Grouper::Group Grouper::Intern(std::string_view label) {
  if (label.empty()) label = kNoneLabel;
  const auto [found, is_new] =
      by_label_.try_emplace(Absl(label), static_cast<Group>(labels_.size()));
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
                     [&](const StageAt& stage) { return stage.stage.label() == labels_[group]; }) -
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
