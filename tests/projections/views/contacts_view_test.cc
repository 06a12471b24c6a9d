// Method: events in, answers out, before and after a reload from rows; the filter is asked about
// every field of its schema.

#include "projections/views/contacts_view.h"

#include <string>
#include <vector>

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/catalog_view.h"
#include "projections/views/organizations_view.h"
#include "projections/views/queries.h"
#include "projections/views/tenant_view.h"
#include "tests/support/folded_views.h"

namespace dealog::projections {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ContactsViewTest : public testing::Test {
 protected:
  ContactsViewTest()
      : views_({TenantViewDefinition(), CatalogViewDefinition(), OrganizationsViewDefinition(),
                ContactsViewDefinition()}) {
    events::v1::Event tenant;
    tenant.mutable_tenant()->mutable_tenant_created()->set_time_zone("Europe/Paris");
    views_.Fold("tenant", "acme", tenant);
    events::v1::Event member;
    member.mutable_member()->mutable_member_defined()->set_display_name("Grace Hopper");
    views_.Fold("member", "member_1", member);
    events::v1::Event organization;
    organization.mutable_organization()->mutable_organization_created()->set_display_name("Acme");
    views_.Fold("organization", "org_1", organization);
  }

  void Create(const std::string& id, const std::string& name, const std::string& email,
              const std::vector<std::string>& tags = {}) {
    events::v1::Event event;
    auto& created = *event.mutable_contact()->mutable_contact_created();
    created.set_display_name(name);
    created.set_email(email);
    for (const std::string& tag : tags) created.add_tags(tag);
    views_.Fold("contact", id, event);
  }

  void CreateAda() {
    events::v1::Event event;
    auto& created = *event.mutable_contact()->mutable_contact_created();
    created.set_display_name("Ada Lovelace");
    created.set_email("ada@example.com");
    created.set_phone("+44 1");
    created.set_owner_id("member_1");
    created.set_organization_id("org_1");
    created.add_tags("vip");
    created.add_tags("new");
    auto& sector = *created.add_attributes();
    sector.set_key("sector");
    sector.set_text("retail");
    auto& age = *created.add_attributes();
    age.set_key("age");
    age.set_number(36);
    created.set_external_key("row-7");
    views_.Fold("contact", "contact_ada", event, kOccurred);
  }

  void Change(const std::function<void(events::v1::ContactEvent&)>& edit) {
    events::v1::Event event;
    edit(*event.mutable_contact());
    views_.Fold("contact", "contact_ada", event);
  }

  std::vector<std::string> List(const std::string& filter, const std::string& order_by = "") {
    const auto page = ListContacts(views_, {.filter = filter, .order_by = order_by});
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> ids;
    if (page.ok()) {
      for (const v1::Contact& contact : page->items) ids.push_back(contact.contact_id());
    }
    return ids;
  }

  // 2017-03-01T00:30 in Paris, the day before in UTC.
  static constexpr int64_t kOccurred = 1'488'324'600'000'000;
  FoldedViews views_;
};

TEST_F(ContactsViewTest, CreatedContactHasEveryField) {
  CreateAda();
  for (int round = 0; round < 2; ++round) {
    const auto contact = GetContact(views_, "contact_ada");
    ASSERT_TRUE(contact.ok()) << contact.status();
    EXPECT_EQ(contact->contact_id(), "contact_ada");
    EXPECT_EQ(contact->etag(), "1");
    EXPECT_EQ(contact->display_name(), "Ada Lovelace");
    EXPECT_EQ(contact->email(), "ada@example.com");
    EXPECT_EQ(contact->phone(), "+44 1");
    EXPECT_EQ(contact->owner_id(), "member_1");
    EXPECT_EQ(contact->organization_id(), "org_1");
    EXPECT_THAT(contact->tags(), ElementsAre("new", "vip"));
    ASSERT_EQ(contact->attributes_size(), 2);
    EXPECT_EQ(contact->attributes(0).key(), "age");
    EXPECT_EQ(contact->attributes(0).number(), 36);
    EXPECT_EQ(contact->attributes(1).text(), "retail");
    EXPECT_EQ(contact->external_key(), "row-7");
    EXPECT_EQ(contact->create_time().seconds(), kOccurred / 1'000'000);
    EXPECT_EQ(contact->update_time().seconds(), views_.recorded_at_us() / 1'000'000);
    views_.Reload();
  }
}

TEST_F(ContactsViewTest, ChangesSetAndClear) {
  CreateAda();
  Change([](events::v1::ContactEvent& event) {
    auto& changed = *event.mutable_contact_details_changed();
    changed.set_display_name("Ada King");
    changed.set_phone("");
    changed.add_attributes()->set_key("sector");
    auto& city = *changed.add_attributes();
    city.set_key("city");
    city.set_text("London");
    auto& age = *changed.add_attributes();
    age.set_key("age");
    age.set_number(37);
  });
  views_.Flush();
  Change([](events::v1::ContactEvent& event) {
    event.mutable_contact_owner_assigned()->set_owner_id("member_2");
  });
  for (int round = 0; round < 2; ++round) {
    const auto contact = GetContact(views_, "contact_ada");
    EXPECT_EQ(contact->etag(), "3");
    EXPECT_EQ(contact->display_name(), "Ada King");
    EXPECT_EQ(contact->email(), "ada@example.com");
    EXPECT_EQ(contact->phone(), "");
    EXPECT_EQ(contact->owner_id(), "member_2");
    ASSERT_EQ(contact->attributes_size(), 2);
    EXPECT_EQ(contact->attributes(0).number(), 37);
    EXPECT_EQ(contact->attributes(1).key(), "city");
    views_.Reload();
  }
}

TEST_F(ContactsViewTest, TagsStaySortedAndDistinct) {
  CreateAda();
  Change([](events::v1::ContactEvent& event) {
    event.mutable_contact_tagged()->add_tags("hot");
    event.mutable_contact_tagged()->add_tags("vip");
  });
  EXPECT_THAT(GetContact(views_, "contact_ada")->tags(), ElementsAre("hot", "new", "vip"));
  Change([](events::v1::ContactEvent& event) {
    event.mutable_contact_untagged()->add_tags("new");
    event.mutable_contact_untagged()->add_tags("absent");
  });
  EXPECT_THAT(GetContact(views_, "contact_ada")->tags(), ElementsAre("hot", "vip"));
}

TEST_F(ContactsViewTest, UnknownContactIsNotFound) {
  const absl::Status status = GetContact(views_, "contact_nobody").status();
  EXPECT_EQ(base::ReasonOf(status), "CONTACT_NOT_FOUND");
  EXPECT_THAT(std::string(status.message()), HasSubstr("contact_nobody"));
}

TEST_F(ContactsViewTest, FilterReadsEveryField) {
  CreateAda();
  Create("contact_bob", "Bob", "");
  for (const std::string filter :
       {"contact_id = contact_ada", "display_name:LOVE", "email = \"ada@example.com\"", "phone:44",
        "owner = \"Grace Hopper\"", "owner_id = member_1", "organization_id = org_1", "tags:vip",
        // References match by id and by name.
        "owner = member_1", "organization = org_1", "organization = Acme", "id = contact_ada",
        "attributes.sector = retail", "attributes.age > 35", "external_key = row-7",
        "create_time < 2017-06-01", "update_time:* AND email:*",
        // A bare date begins in the tenant's zone.
        "create_time >= 2017-03-01 AND create_time < 2017-03-02"}) {
    EXPECT_THAT(List(filter), ElementsAre("contact_ada")) << filter;
    EXPECT_THAT(List("NOT (" + filter + ")"), ElementsAre("contact_bob")) << filter;
  }
}

TEST_F(ContactsViewTest, OwnerWithoutMemberIsItsId) {
  CreateAda();
  Change([](events::v1::ContactEvent& event) {
    event.mutable_contact_owner_assigned()->set_owner_id("member_gone");
  });
  EXPECT_THAT(List("owner = member_gone"), ElementsAre("contact_ada"));
}

TEST_F(ContactsViewTest, PagesByIdBeginAtTheirCursor) {
  for (const char* id : {"c4", "c1", "c3", "c2", "c5"}) {
    const std::vector<std::string> tags = {std::string(id) == "c3" ? "no" : "yes"};
    Create(id, "Name", "", tags);
  }
  const auto all = [&](const std::string& filter, const std::string& order_by, size_t size) {
    std::vector<std::string> ids;
    ListQuery query{.filter = filter, .order_by = order_by, .page = {.size = size}};
    do {
      const auto page = ListContacts(views_, query);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const v1::Contact& contact : page->items) ids.push_back(contact.contact_id());
      query.page.after = page->next;
    } while (!query.page.after.empty());
    return ids;
  };
  for (const size_t size : {1, 2, 3, 4, 9}) {
    EXPECT_THAT(all("", "", size), ElementsAre("c1", "c2", "c3", "c4", "c5"));
    EXPECT_THAT(all("tags:yes", "contact_id", size), ElementsAre("c1", "c2", "c4", "c5"));
    EXPECT_THAT(all("tags:yes", "contact_id desc", size), ElementsAre("c5", "c4", "c2", "c1"));
  }
}

TEST_F(ContactsViewTest, ListsInOrderAndInPages) {
  Create("contact_2", "Cid", "c@example.com");
  Create("contact_1", "Ada", "a@example.com");
  Create("contact_3", "Bob", "b@example.com");
  EXPECT_THAT(List(""), ElementsAre("contact_1", "contact_2", "contact_3"));
  EXPECT_THAT(List("", "display_name"), ElementsAre("contact_1", "contact_3", "contact_2"));
  EXPECT_THAT(List("", "create_time"), ElementsAre("contact_2", "contact_1", "contact_3"));
  EXPECT_THAT(List("", "update_time desc"), ElementsAre("contact_3", "contact_1", "contact_2"));
  ListQuery query{.order_by = "display_name", .page = {.size = 2}};
  const auto first = ListContacts(views_, query);
  ASSERT_EQ(first->items.size(), 2u);
  query.page.after = first->next;
  const auto second = ListContacts(views_, query);
  ASSERT_EQ(second->items.size(), 1u);
  EXPECT_EQ(second->items[0].contact_id(), "contact_2");
  EXPECT_EQ(second->next, "");
}

TEST_F(ContactsViewTest, RefusesBadFilterAndOrder) {
  EXPECT_EQ(base::ReasonOf(ListContacts(views_, {.filter = "stage = x"}).status()),
            "FILTER_INVALID");
  EXPECT_EQ(base::ReasonOf(ListContacts(views_, {.order_by = "email"}).status()), "FIELD_INVALID");
}

TEST_F(ContactsViewTest, DamagedRowIsDataLoss) {
  EXPECT_EQ(ContactsView().LoadRow("contact_x", "\xff\xff").code(), absl::StatusCode::kDataLoss);
}

TEST_F(ContactsViewTest, AMissingRowIsDataLoss) {
  CreateAda();
  for (int i = 0; i < 2; ++i) {
    Change(
        [](events::v1::ContactEvent& event) { event.mutable_contact_tagged()->add_tags("hot"); });
  }
  views_.Flush();
  const auto rows = views_.rows(kContactsView);
  ASSERT_EQ(rows.size(), 3u);
  for (int missing = 0; missing < 2; ++missing) {
    ContactsView view;
    absl::Status status;
    int place = 0;
    for (const auto& [key, value] : rows) {
      if (place++ != missing && status.ok()) status = view.LoadRow(key, value);
    }
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << missing;
  }
}

// A newer release wrote it: it changes nothing that this one knows, and is kept as it came.
TEST_F(ContactsViewTest, AnEventOfAnUnknownKindFoldsToNothing) {
  CreateAda();
  Change([](events::v1::ContactEvent& event) {
    event.GetReflection()->MutableUnknownFields(&event)->AddLengthDelimited(999, "of tomorrow");
  });
  for (int round = 0; round < 2; ++round) {
    const auto contact = GetContact(views_, "contact_ada");
    ASSERT_TRUE(contact.ok()) << contact.status();
    EXPECT_EQ(contact->display_name(), "Ada Lovelace");
    EXPECT_EQ(contact->etag(), "2") << "as the mutation's reply would say";
    views_.Reload();
  }
  EXPECT_THAT(views_.rows(kContactsView).rbegin()->second, HasSubstr("of tomorrow"));
}

TEST_F(ContactsViewTest, RowsDoNotDependOnWhenTheyWereFlushed) {
  CreateAda();
  views_.Flush();
  Change([](events::v1::ContactEvent& event) { event.mutable_contact_tagged()->add_tags("hot"); });
  views_.Flush();
  const auto often = views_.rows(kContactsView);
  EXPECT_EQ(often.size(), 2u) << "one per event";
  FoldedViews once({TenantViewDefinition(), CatalogViewDefinition(), ContactsViewDefinition()});
  once.Replay(views_);
  once.Flush();
  EXPECT_EQ(once.rows(kContactsView), often);
}

}  // namespace
}  // namespace dealog::projections
