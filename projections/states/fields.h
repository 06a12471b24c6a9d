#pragma once

// The fields of a record type: one row each, in a table beside the state (deal_fields.h,
// contact_fields.h, organization_fields.h, activity_fields.h). Whoever offers fields by name
// iterates the table: filters, conditions, order_by, group_by, set_field, exit criteria, field
// history, imports, the command line's help and docs/fields.md. A name that is not in it means
// nothing anywhere.
//
//   const DealFieldRow* field = FindField(DealFields(), "organization", kRequirable);
//   FieldScratch scratch;
//   if (field != nullptr && field->get(deal, {}, scratch).set) ...
//
// A row binds a typed member of the state by functions: nothing is looked up by reflection.
//
// Names. A field has one canonical name, which errors, help and docs say: that of the resource's
// proto field, less "_id" where it refers to something that people know by name: `owner`, and not
// `owner_id`. Other names stay accepted where the canonical one is: `old_name`, which means the
// same, and `id_name`, which means the id alone.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dealog/events/v1/values.pb.h"
#include "dealog/v1/common.pb.h"
#include "eventstore/base/string_view.h"
#include "google/protobuf/descriptor.h"
#include "projections/filter/filter.h"
#include "projections/states/values.h"

namespace dealog::states {

enum class FieldKind : uint8_t {
  kText,
  kChoice,     // A name of a closed set, for example a status.
  kReference,  // Another resource: the value is its id, a filter compares its display name as well.
  kNumber,
  kMoney,  // Compared by its units; the currency is a field of its own.
  kDate,
  kTime,
  kTextList,
  kAttributes,  // A family: the row's name ends in ".", what follows is the attribute's key.
};
filter::FieldType FilterType(FieldKind kind);
std::string_view KindName(FieldKind kind);

// What a kReference refers to.
enum class Refers : uint8_t { kNothing, kMember, kOrganization, kProduct, kPipeline, kStage };

// What may be done with a field, as bits.
enum FieldUse : unsigned {
  kFilterable = 1U << 0,  // In filters; in a workflow's conditions too, if it has a `get`.
  kSortable = 1U << 1,    // In order_by.
  kGroupable = 1U << 2,   // In group_by of KPIs.
  kRequirable = 1U << 3,  // A stage can ask for it before a deal leaves.
  kSettable = 1U << 4,    // By set_field of a workflow.
  kImportable = 1U << 5,  // From a column; amounts and attributes by tables of their own.
  kNeeded = 1U << 6,      // A file that is imported must have it.
  kTracked = 1U << 7,     // It has a field history.
};

// What a value's list points to, until the next call.
struct FieldScratch {
  std::vector<std::string> keys;
  std::vector<std::string_view> list;
};

// Of record types that have no request to update them, and whose rows need no ids.
struct NoRequest {};
enum class NoId {};

inline constexpr size_t kFieldEventsMax = 7;

// Invariants (fields_test.cc): names are unique within a table, whichever of the three they are;
// the first row is the record's own id; what is sortable, requirable or settable has a `get`; what
// is settable has a path, one setter, and the event that a change leads to.
template <typename State, typename Request = NoRequest, typename Id = NoId>
struct FieldRow {
  Id id{};  // For code that keeps a field in a column of its own.
  std::string_view name;
  std::string_view old_name = {};
  std::string_view id_name = {};  // kReference.
  FieldKind kind = FieldKind::kText;
  Refers refers = Refers::kNothing;
  // Another field that this one is read from or looked up through, and no field of the resource
  // itself: the currency of an amount, the team of an owner.
  std::string_view of = {};
  unsigned uses = 0;
  // Types of the events that set it, besides the one that made the record. None: it stays.
  std::array<std::string_view, kFieldEventsMax> events = {};
  // The value, unset if there is none; `member` is the key of kAttributes. nullptr: the record's
  // state alone does not know it.
  filter::Value (*get)(const State& state, std::string_view member,
                       FieldScratch& scratch) = nullptr;
  // How the request that updates the record masks it, and where that has it, by kind.
  std::string_view path = {};
  std::string* (*text)(Request& request) = nullptr;
  v1::Money* (*money)(Request& request) = nullptr;
  events::v1::Date* (*date)(Request& request) = nullptr;

  bool Can(unsigned asked) const { return (uses & asked) == asked; }
  bool IsCalled(std::string_view asked) const {
    return !asked.empty() && (name == asked || old_name == asked || id_name == asked);
  }
  // The name of the field of events and resources that holds the value itself.
  std::string_view stored_name() const { return id_name.empty() ? name : id_name; }
};

// The field of that name, whichever of its names it is, if it can all that is asked; else nullptr.
template <typename Row>
const Row* FindField(std::span<const Row> fields, std::string_view name, unsigned uses = 0) {
  for (const Row& field : fields) {
    if (field.IsCalled(name)) return field.Can(uses) ? &field : nullptr;
  }
  return nullptr;
}

// Canonical names of the fields that can all that is asked, as errors and help list them.
template <typename Row>
std::string FieldNames(std::span<const Row> fields, unsigned uses) {
  std::string names;
  for (const Row& field : fields) {
    if (!field.Can(uses)) continue;
    absl::StrAppend(&names, names.empty() ? "" : ", ", base::View(field.name),
                    field.kind == FieldKind::kAttributes ? "<name>" : "");
  }
  return names;
}

// A field's number in a filter's schema: its place in the table, and whether its id alone is meant.
inline constexpr int kIdAlone = 1 << 16;
constexpr size_t PlaceOfField(int filter_id) { return static_cast<size_t>(filter_id & ~kIdAlone); }
constexpr bool IsIdAlone(int filter_id) { return (filter_id & kIdAlone) != 0; }

// Adds the fields that filters may name, each under `prefix`; `of_state`: only those that the
// record's state knows by itself.
template <typename Row>
void AddToSchema(std::span<const Row> fields, std::string_view prefix, bool of_state,
                 filter::Schema& schema) {
  for (size_t place = 0; place < fields.size(); ++place) {
    const Row& field = fields[place];
    if (!field.Can(kFilterable) || (of_state && field.get == nullptr)) continue;
    const auto add = [&](std::string_view name, int flags, bool is_alias) {
      if (name.empty()) return;
      schema.push_back({.name = absl::StrCat(base::View(prefix), base::View(name)),
                        .type = FilterType(field.kind),
                        .id = static_cast<int>(place) | flags,
                        .family = field.kind == FieldKind::kAttributes,
                        .alias = is_alias});
    };
    add(field.name, 0, false);
    add(field.old_name, 0, true);
    add(field.id_name, kIdAlone, true);
  }
}

// True if an event of the aggregate marks the field of that stored name as (personal).
bool IsPersonal(const google::protobuf::Descriptor& events, std::string_view stored_name);

// What `get` functions are made of.
inline filter::Value ToValue(const std::string& text, FieldScratch&) {
  return filter::Value::Text(text);
}
filter::Value ToValue(const std::optional<events::v1::Money>& money, FieldScratch&);
filter::Value ToValue(const std::optional<events::v1::Date>& date, FieldScratch&);
inline filter::Value ToValue(uint32_t number, FieldScratch&) {
  return filter::Value::Number(number);
}
// Instants; 0 or none: unset.
filter::Value ToValue(int64_t at_us, FieldScratch&);
filter::Value ToValue(const std::optional<int64_t>& at_us, FieldScratch&);
// The keys.
filter::Value ToValue(std::vector<std::string> keys, FieldScratch& scratch);
filter::Value AttributeValue(const AttributeMap& attributes, std::string_view key);

// A `get` of a member of the state, or of a member of a member. The member is a plain value, one
// that may be back-dated (its value counts), or keyed values (their keys count).
template <typename State, auto... kMembers>
filter::Value Get(const State& state, std::string_view, FieldScratch& scratch) {
  const auto& member = (state.*....*kMembers);
  if constexpr (requires { member.Keys(); }) {
    return ToValue(member.Keys(), scratch);
  } else if constexpr (requires { ToValue(member, scratch); }) {
    return ToValue(member, scratch);
  } else {
    return ToValue(member.value, scratch);
  }
}

}  // namespace dealog::states
