// Method: events in, answers out, before and after a reload from rows.

#include "projections/views/activities_view.h"

#include <string>
#include <vector>

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/catalog_view.h"
#include "projections/views/queries.h"
#include "projections/views/tenant_view.h"
#include "tests/support/folded_views.h"

namespace dealog::projections {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ActivitiesViewTest : public testing::Test {
 protected:
  ActivitiesViewTest()
      : views_({TenantViewDefinition(), CatalogViewDefinition(), ActivitiesViewDefinition()}) {
    events::v1::Event tenant;
    tenant.mutable_tenant()->mutable_tenant_created()->set_time_zone("UTC");
    views_.Fold("tenant", "acme", tenant);
    events::v1::Event member;
    member.mutable_member()->mutable_member_defined()->set_display_name("Grace");
    views_.Fold("member", "member_1", member);
  }

  void Schedule(const std::string& id, const std::string& title, const std::string& deal_id,
                const std::string& contact_id = "", int64_t due_at_us = 0) {
    events::v1::Event event;
    auto& scheduled = *event.mutable_activity()->mutable_activity_scheduled();
    scheduled.set_kind(events::v1::ACTIVITY_KIND_CALL);
    scheduled.set_title(title);
    scheduled.set_deal_id(deal_id);
    scheduled.set_contact_id(contact_id);
    scheduled.set_owner_id("member_1");
    scheduled.set_due_at_us(due_at_us);
    views_.Fold("activity", id, event);
  }

  void Write(const std::string& id, const std::string& body, const std::string& deal_id,
             const std::string& contact_id = "") {
    events::v1::Event event;
    auto& written = *event.mutable_note()->mutable_note_written();
    written.set_body(body);
    written.set_deal_id(deal_id);
    written.set_contact_id(contact_id);
    views_.Fold("note", id, event);
  }

  std::vector<std::string> List(const std::string& filter, const std::string& order_by = "") {
    const auto page = ListActivities(views_, {.filter = filter, .order_by = order_by});
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> ids;
    if (page.ok()) {
      for (const v1::Activity& activity : page->items) ids.push_back(activity.activity_id());
    }
    return ids;
  }

  std::vector<std::string> Notes(const std::string& deal_id, const std::string& contact_id) {
    const auto page = ListNotes(views_, deal_id, contact_id, {});
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> ids;
    for (const v1::Note& note : page->items) ids.push_back(note.note_id());
    return ids;
  }

  FoldedViews views_;
};

TEST_F(ActivitiesViewTest, ScheduledActivityHasEveryField) {
  Schedule("activity_1", "Call her", "deal_1", "contact_1", 1'600'000'000'000'000);
  for (int round = 0; round < 2; ++round) {
    const auto activity = GetActivity(views_, "activity_1");
    ASSERT_TRUE(activity.ok()) << activity.status();
    EXPECT_EQ(activity->etag(), "1");
    EXPECT_EQ(activity->kind(), v1::Activity::CALL);
    EXPECT_EQ(activity->state(), v1::Activity::PLANNED);
    EXPECT_EQ(activity->title(), "Call her");
    EXPECT_EQ(activity->deal_id(), "deal_1");
    EXPECT_EQ(activity->contact_id(), "contact_1");
    EXPECT_EQ(activity->owner_id(), "member_1");
    EXPECT_EQ(activity->due_time().seconds(), 1'600'000'000);
    EXPECT_EQ(activity->create_time().seconds(), views_.recorded_at_us() / 1'000'000);
    views_.Reload();
  }
}

TEST_F(ActivitiesViewTest, NoDueTimeIsUnset) {
  Schedule("activity_1", "Some day", "deal_1");
  EXPECT_FALSE(GetActivity(views_, "activity_1")->has_due_time());
  EXPECT_THAT(List("due_time:*"), IsEmpty());
}

TEST_F(ActivitiesViewTest, CompletesAndCancels) {
  Schedule("activity_1", "Call", "deal_1");
  Schedule("activity_2", "Call", "deal_1");
  events::v1::Event completed;
  completed.mutable_activity()->mutable_activity_completed()->set_outcome("she agreed");
  views_.Fold("activity", "activity_1", completed);
  events::v1::Event cancelled;
  cancelled.mutable_activity()->mutable_activity_cancelled()->set_reason("moot");
  views_.Fold("activity", "activity_2", cancelled);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(GetActivity(views_, "activity_1")->state(), v1::Activity::COMPLETED);
    EXPECT_EQ(GetActivity(views_, "activity_1")->outcome(), "she agreed");
    EXPECT_EQ(GetActivity(views_, "activity_1")->etag(), "2");
    EXPECT_EQ(GetActivity(views_, "activity_2")->state(), v1::Activity::CANCELLED);
    EXPECT_EQ(GetActivity(views_, "activity_2")->outcome(), "moot");
    views_.Reload();
  }
}

TEST_F(ActivitiesViewTest, UnknownActivityIsNotFound) {
  EXPECT_EQ(base::ReasonOf(GetActivity(views_, "activity_x").status()), "ACTIVITY_NOT_FOUND");
}

TEST_F(ActivitiesViewTest, FilterReadsEveryField) {
  Schedule("activity_1", "Call her", "deal_1", "contact_1", 1'600'000'000'000'000);
  events::v1::Event completed;
  completed.mutable_activity()->mutable_activity_completed()->set_outcome("agreed");
  views_.Fold("activity", "activity_1", completed);
  events::v1::Event other;
  other.mutable_activity()->mutable_activity_scheduled()->set_kind(events::v1::ACTIVITY_KIND_TASK);
  views_.Fold("activity", "activity_2", other, 1'000'000);
  for (const std::string filter :
       {"activity_id = activity_1", "kind = CALL", "state = COMPLETED", "title:HER",
        "deal_id = deal_1", "contact_id = contact_1", "owner = Grace", "owner_id = member_1",
        "due_time < 2021-01-01", "outcome = agreed", "create_time > 2000-01-01"}) {
    EXPECT_THAT(List(filter), ElementsAre("activity_1")) << filter;
    EXPECT_THAT(List("NOT " + filter), ElementsAre("activity_2")) << filter;
  }
}

TEST_F(ActivitiesViewTest, OrdersByDueTimeWithoutOnesLast) {
  Schedule("activity_1", "a", "deal_1");
  Schedule("activity_2", "b", "deal_1", "", 2'000'000);
  Schedule("activity_3", "c", "deal_1", "", 1'000'000);
  EXPECT_THAT(List("", "due_time"), ElementsAre("activity_3", "activity_2", "activity_1"));
  EXPECT_THAT(List("", "create_time desc"), ElementsAre("activity_3", "activity_2", "activity_1"));
  EXPECT_THAT(List(""), ElementsAre("activity_1", "activity_2", "activity_3"));
}

TEST_F(ActivitiesViewTest, NotesNewestFirstByDealAndContact) {
  Write("note_3", "first", "deal_1", "contact_1");
  Write("note_1", "second", "deal_1");
  Write("note_2", "third", "", "contact_1");
  Schedule("activity_1", "a", "deal_1", "contact_1");
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Notes("deal_1", ""), ElementsAre("note_1", "note_3"));
    EXPECT_THAT(Notes("", "contact_1"), ElementsAre("note_2", "note_3"));
    EXPECT_THAT(Notes("deal_1", "contact_1"), ElementsAre("note_3"));
    EXPECT_THAT(Notes("", ""), ElementsAre("note_2", "note_1", "note_3"));
    EXPECT_THAT(Notes("deal_2", ""), IsEmpty());
    EXPECT_THAT(*RelatedIds(views_, "deal_1"), ElementsAre("activity_1", "note_1", "note_3"));
    EXPECT_THAT(*RelatedIds(views_, "contact_1"), ElementsAre("activity_1", "note_2", "note_3"));
    EXPECT_THAT(*RelatedIds(views_, "deal_2"), IsEmpty());
    views_.Reload();
  }
  const auto page = ListNotes(views_, "", "", {.size = 1});
  EXPECT_EQ(page->items[0].author(), "user:test");
  EXPECT_EQ(page->items[0].body(), "third");
  EXPECT_NE(page->next, "");
}

TEST_F(ActivitiesViewTest, DamagedRowIsDataLoss) {
  EXPECT_EQ(ActivitiesView().LoadRow("aactivity_x", "\xff\xff").code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(ActivitiesView().LoadRow("nnote_x", "\xff\xff").code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace dealog::projections
