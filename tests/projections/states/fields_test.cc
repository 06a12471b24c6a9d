// Method: the tables of fields against the descriptors and against Evolve. A field of a resource
// has a row; an event changes a field exactly where the row says so; docs/fields.md says what the
// tables say.

#include "projections/states/fields.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "dealog/v1/activities.pb.h"
#include "dealog/v1/contacts.pb.h"
#include "dealog/v1/organizations.pb.h"
#include "projections/states/activity_fields.h"
#include "projections/states/contact_fields.h"
#include "projections/states/deal_fields.h"
#include "projections/states/event_types.h"
#include "projections/states/organization_fields.h"
#include "tests/projections/states/example.h"

namespace dealog::states {
namespace {

// Fields of resources that are no field of a record.
const std::map<std::string, std::string> kNoFields = {
    {"etag", "names the revision, for conditional updates"},
    {"newer_data", "says that this build does not know all of it"},
};

struct Deals {
  using State = DealState;
  static constexpr char kTitle[] = "Deals";
  static auto Fields() { return DealFields(); }
  static const auto* Resource() { return v1::Deal::descriptor(); }
  static const auto* Events() { return events::v1::DealEvent::descriptor(); }
};
struct Contacts {
  using State = ContactState;
  static constexpr char kTitle[] = "Contacts";
  static auto Fields() { return ContactFields(); }
  static const auto* Resource() { return v1::Contact::descriptor(); }
  static const auto* Events() { return events::v1::ContactEvent::descriptor(); }
};
struct Organizations {
  using State = OrganizationState;
  static constexpr char kTitle[] = "Organizations";
  static auto Fields() { return OrganizationFields(); }
  static const auto* Resource() { return v1::Organization::descriptor(); }
  static const auto* Events() { return events::v1::OrganizationEvent::descriptor(); }
};
struct Activities {
  using State = ActivityState;
  static constexpr char kTitle[] = "Activities";
  static auto Fields() { return ActivityFields(); }
  static const auto* Resource() { return v1::Activity::descriptor(); }
  static const auto* Events() { return events::v1::ActivityEvent::descriptor(); }
};

template <typename Table>
class FieldsTest : public testing::Test {};
using Tables = testing::Types<Deals, Contacts, Organizations, Activities>;
TYPED_TEST_SUITE(FieldsTest, Tables);

// The row's name as the resource has it: of a family, without its dot.
template <typename Row>
std::string ResourceName(const Row& field) {
  std::string name(field.name);
  if (field.kind == FieldKind::kAttributes) name.pop_back();
  return name;
}

TYPED_TEST(FieldsTest, EveryFieldOfTheResourceHasARow) {
  std::set<std::string> rows;
  for (const auto& field : TypeParam::Fields()) {
    rows.insert(ResourceName(field));
    rows.insert(std::string(field.id_name));
  }
  for (int i = 0; i < TypeParam::Resource()->field_count(); ++i) {
    const std::string& name = TypeParam::Resource()->field(i)->name();
    EXPECT_TRUE(rows.contains(name) != kNoFields.contains(name))
        << name << ": add a row to the table of " << TypeParam::kTitle
        << " (docs/howto/add_a_field.md), or say here why it is no field";
  }
}

TYPED_TEST(FieldsTest, EveryRowIsAFieldOfTheResourceOrOfAnotherRow) {
  for (const auto& field : TypeParam::Fields()) {
    if (!field.of.empty()) {
      EXPECT_NE(FindField(TypeParam::Fields(), field.of), nullptr) << field.name;
    } else {
      const std::string stored(field.id_name.empty() ? ResourceName(field) : field.id_name);
      EXPECT_NE(TypeParam::Resource()->FindFieldByName(stored), nullptr) << field.name;
    }
  }
}

TYPED_TEST(FieldsTest, NamesMeanOneThing) {
  std::set<std::string_view> names;
  for (const auto& field : TypeParam::Fields()) {
    EXPECT_FALSE(field.name.empty());
    for (const std::string_view name : {field.name, field.old_name, field.id_name}) {
      EXPECT_TRUE(name.empty() || names.insert(name).second) << name;
    }
  }
}

TYPED_TEST(FieldsTest, UsesHaveWhatTheyNeed) {
  EXPECT_TRUE(TypeParam::Fields()[0].Can(kSortable)) << "The id is the default order.";
  for (const auto& field : TypeParam::Fields()) {
    SCOPED_TRACE(field.name);
    const bool is_reference = field.kind == FieldKind::kReference;
    EXPECT_EQ(field.refers != Refers::kNothing, is_reference);
    EXPECT_TRUE(field.id_name.empty() || is_reference);
    EXPECT_EQ(field.name.ends_with('.'), field.kind == FieldKind::kAttributes);
    if (field.Can(kSortable) || field.Can(kRequirable) || field.Can(kSettable)) {
      EXPECT_NE(field.get, nullptr);
    }
    EXPECT_TRUE(!field.Can(kNeeded) || field.Can(kImportable));
    EXPECT_TRUE(field.get != nullptr || !field.of.empty()) << "Its state must know it.";
    const int setters =
        (field.text != nullptr) + (field.money != nullptr) + (field.date != nullptr);
    EXPECT_EQ(setters, field.Can(kSettable) ? 1 : 0);
    if (!field.Can(kSettable)) continue;
    EXPECT_FALSE(field.path.empty());
    EXPECT_FALSE(field.events[0].empty());
    EXPECT_EQ(field.money != nullptr, field.kind == FieldKind::kMoney);
    EXPECT_EQ(field.date != nullptr, field.kind == FieldKind::kDate);
  }
}

// Folds examples of events of the aggregate.
template <typename Table>
class Folder {
 public:
  void Add(const google::protobuf::FieldDescriptor* kind, int variant) {
    events::v1::Event event;
    const auto* aggregates = events::v1::Event::descriptor()->oneof_decl(0);
    for (int i = 0; i < aggregates->field_count(); ++i) {
      if (aggregates->field(i)->message_type() != Table::Events()) continue;
      auto* change = event.GetReflection()->MutableMessage(&event, aggregates->field(i));
      FillExample(*change->GetReflection()->MutableMessage(change, kind), variant);
    }
    const uint64_t revision = state.revision + 1;
    const int64_t at_us = static_cast<int64_t>(revision) * 1'000'000;
    state.Apply(event, {.revision = revision, .recorded_at_us = at_us, .occurred_at_us = at_us});
  }
  std::string Value(const auto& field) {
    FieldScratch scratch;
    std::ostringstream text;
    for (const char* key : {"key", "key1", "key2", "key3"}) {  // Of the examples' attributes.
      const filter::Value value = field.get(state, key, scratch);
      text << value.set << '|' << value.text << '|' << value.number << '|' << value.instant;
      for (const std::string_view each : value.list) text << '|' << each;
    }
    return text.str();
  }

  typename Table::State state{"id"};
};

// Kinds of events of which each changes what an event of the table's may change back.
template <typename Table>
std::vector<std::vector<int>> Beginnings() {
  std::vector<std::vector<int>> beginnings = {{0}};
  const int kinds = Table::Events()->field_count();
  for (int i = 1; i < kinds; ++i) {
    beginnings.push_back({0, i});
    for (int j = 1; j < kinds; ++j) beginnings.push_back({0, i, j});
  }
  return beginnings;
}

TYPED_TEST(FieldsTest, AnEventChangesAFieldIfTheRowSaysSo) {
  const auto* events = TypeParam::Events();
  std::set<std::string> changes;
  for (const std::vector<int>& beginning : Beginnings<TypeParam>()) {
    Folder<TypeParam> before;
    int variant = 0;
    for (const int kind : beginning) before.Add(events->field(kind), variant++);
    for (int kind = 1; kind < events->field_count(); ++kind) {
      // One that says something new, and one that takes back what was said first (tags).
      for (const int said : {variant, 0}) {
        Folder<TypeParam> after = before;
        after.Add(events->field(kind), said);
        for (const auto& field : TypeParam::Fields()) {
          if (field.get == nullptr || before.Value(field) == after.Value(field)) continue;
          changes.insert(absl::StrCat(base::View(field.name), " by ",
                                      events->field(kind)->message_type()->name()));
        }
      }
    }
  }
  std::set<std::string> said;
  for (const auto& field : TypeParam::Fields()) {
    if (field.name == "update_time") continue;  // Every event.
    for (const std::string_view event : field.events) {
      if (!event.empty())
        said.insert(absl::StrCat(base::View(field.name), " by ", base::View(event)));
    }
  }
  std::erase_if(changes, [](const std::string& each) { return each.starts_with("update_time"); });
  EXPECT_EQ(said, changes);
}

TEST(Personal, IsReadFromTheEvents) {
  const auto personal = [](auto table) {
    std::vector<std::string> names;
    for (const auto& field : table.Fields()) {
      if (IsPersonal(*table.Events(), field.stored_name())) names.emplace_back(field.name);
    }
    return names;
  };
  using testing::ElementsAre;
  EXPECT_THAT(personal(Contacts()), ElementsAre("display_name", "email", "phone", "attributes."));
  EXPECT_THAT(personal(Deals()), ElementsAre());
  EXPECT_THAT(personal(Organizations()), ElementsAre());
  EXPECT_THAT(personal(Activities()), ElementsAre());
}

TEST(FindField, KnowsEveryNameAndWhatIsAsked) {
  const DealFieldRow* organization = FindField(DealFields(), "organization");
  ASSERT_NE(organization, nullptr);
  EXPECT_EQ(organization, &FieldOf(DealFieldId::kOrganization));
  EXPECT_EQ(FindField(DealFields(), "organization_id", kRequirable), organization);
  EXPECT_EQ(FindField(DealFields(), "tag", kGroupable), &FieldOf(DealFieldId::kTags));
  EXPECT_EQ(FindField(DealFields(), "tags", kSettable), nullptr);
  EXPECT_EQ(FindField(DealFields(), "colour"), nullptr);
  EXPECT_EQ(FindField(DealFields(), ""), nullptr);
}

TEST(FieldNames, AreTheCanonicalOnes) {
  EXPECT_EQ(FieldNames(DealFields(), kSettable),
            "title, owner, source, organization, product, amount, expected_close_date");
  EXPECT_THAT(FieldNames(DealFields(), kGroupable), testing::HasSubstr("organization.<name>"));
}

template <typename Table>
std::string DocOf() {
  std::string text = absl::StrCat("## ", Table::kTitle, "\n\n",
                                  "| field | also | type | may be used to | changed by |\n",
                                  "|---|---|---|---|---|\n");
  constexpr std::pair<unsigned, const char*> kUses[] = {
      {kFilterable, "filter"},       {kSortable, "order"},  {kGroupable, "group"},
      {kRequirable, "be required"},  {kSettable, "be set"}, {kImportable, "import"},
      {kTracked, "show its history"}};
  for (const auto& field : Table::Fields()) {
    const char* member = field.kind == FieldKind::kAttributes ? "\\<name\\>" : "";
    std::string uses;
    for (const auto& [use, name] : kUses) {
      if (field.Can(use)) absl::StrAppend(&uses, uses.empty() ? "" : ", ", name);
    }
    std::string events;
    for (const std::string_view event : field.events) {
      if (!event.empty()) absl::StrAppend(&events, events.empty() ? "" : ", ", base::View(event));
    }
    std::string also(field.old_name);
    absl::StrAppend(&also, base::View(field.id_name));
    absl::StrAppend(
        &text, "| ", base::View(field.name), member, " | ", also, " | ",
        base::View(KindName(field.kind)),
        IsPersonal(*Table::Events(), field.stored_name()) ? ", personal" : "", " | ", uses, " | ",
        field.of.empty() ? events : absl::StrCat("with ", base::View(field.of)), " |\n");
  }
  return text;
}

TEST(FieldsDoc, SaysWhatTheTablesSay) {
  std::ifstream file("docs/fields.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const std::string& table :
       {DocOf<Deals>(), DocOf<Contacts>(), DocOf<Organizations>(), DocOf<Activities>()}) {
    EXPECT_TRUE(text.str().find(table) != std::string::npos) << "docs/fields.md must have this:\n"
                                                             << table;
  }
}

}  // namespace
}  // namespace dealog::states
