// Method: given the sample was imported, when a file of it is changed and imported again, then the
// log gains the events of the difference and no others; and a third import gains nothing.

#include "services/jobs/row_decider.h"

#include "absl/strings/str_replace.h"
#include "services/domain/catalog.h"
#include "services/domain/contact.h"
#include "services/domain/organization.h"
#include "services/jobs/values.h"
#include "tests/services/jobs/fixture.h"

namespace dealog::jobs {
namespace {

using testing::ClubFiles;
using ::testing::ElementsAre;
using testing::Files;
using ::testing::IsEmpty;

constexpr int64_t kDay = int64_t{86'400} * 1'000'000;
constexpr int64_t kFebruary = 1'580'515'200'000'000;  // 2020-02-01.
constexpr int64_t kMarch = 1'583'020'800'000'000;     // 2020-03-01.

class RowDeciderTest : public testing::ImportFixture {
 protected:
  RowDeciderTest() {
    CreateTenant();
    EXPECT_EQ(Import(ClubFiles()).rows_imported(), 11);
  }
  // Imports the sample with `from` replaced by `to` in a file; the types of the new events.
  std::vector<std::string> Change(const std::string& file, const std::string& from,
                                  const std::string& to) {
    Files files = ClubFiles();
    files[file] = absl::StrReplaceAll(files[file], {{from, to}});
    EXPECT_NE(files[file], ClubFiles()[file]);
    const size_t before = Events().size();
    last_ = Import(files);
    std::vector<std::string> types;
    const auto events = Events();
    for (size_t i = before; i < events.size(); ++i) {
      if (events[i].header.stream().type() == "import") continue;
      types.push_back(events[i].header.type());
      occurred_at_ = events[i].header.occurred_at_us();
    }
    EXPECT_EQ(Import(files).rows_imported(), 0) << "it converges";
    return types;
  }
  std::string LastRejection() const {
    return last_.rejected_size() == 0 ? "" : last_.rejected(0).reason();
  }

  v1::Import last_;
  int64_t occurred_at_ = 0;  // Of the last new event.
};

TEST_F(RowDeciderTest, IdsAreTheSameForEver) {
  const Mapping mapping = *ParseMapping(testing::kClubMapping);
  const RowDecider decider(mapping);
  EXPECT_EQ(decider.IdOf(Role::kDeals, "D1"), decider.IdOf(Role::kDeals, "D1"));
  EXPECT_NE(decider.IdOf(Role::kDeals, "D1"), decider.IdOf(Role::kDeals, "D2"));
  EXPECT_EQ(decider.IdOf(Role::kDeals, "D1"), "deal_01dxf6dt00ft6vv8gfyk71km77");
  EXPECT_EQ(decider.PipelineId(), "pipeline_01dxf6dt00eh7802v27rh6zft9");
}

TEST_F(RowDeciderTest, AChangedOwnerCountsFromTheOpening) {
  EXPECT_THAT(Change("deals.csv", "D1,m1", "D1,m2"), ElementsAre("DealOwnerAssigned"));
  EXPECT_EQ(occurred_at_, kFebruary);
  EXPECT_EQ(last_.rows_imported(), 1);
  EXPECT_EQ(last_.rows_unchanged(), 10);
}

TEST_F(RowDeciderTest, AChangedAmountCountsFromTheClose) {
  EXPECT_THAT(Change("deals.csv", "2020-03-01,120,", "2020-03-01,150,"),
              ElementsAre("DealAmountChanged"));
  EXPECT_EQ(occurred_at_, kMarch);
  EXPECT_EQ(Deal("D1").amount.value->amount_minor(), 15'000);
}

TEST_F(RowDeciderTest, AChangeAfterSomebodyElsesCountsFromNow) {
  v1::UpdateDealRequest request;
  request.set_deal_id(Deal("D1").deal_id);
  request.set_title("by hand");
  request.mutable_update_mask()->add_paths("title");
  ASSERT_TRUE(Run(request).ok());
  Files files = ClubFiles();
  EXPECT_EQ(Import(files).rows_imported(), 1) << "the file's title, as of now";
  EXPECT_EQ(Deal("D1").title.value, "D1");
  EXPECT_EQ(Import(files).rows_imported(), 0);
}

TEST_F(RowDeciderTest, ABlankedProductIsCleared) {
  EXPECT_THAT(Change("deals.csv", "D3,m1,Solo", "D3,m1,"), ElementsAre("DealDetailsChanged"));
  EXPECT_EQ(Deal("D3").product_id.value, "");
}

TEST_F(RowDeciderTest, AnOpenDealIsWonOnItsDay) {
  EXPECT_THAT(Change("deals.csv", "Trial,2020-02-03,,,", "Enrolled,2020-02-03,2020-04-01,99,"),
              ElementsAre("DealAmountChanged", "DealWon"));
  EXPECT_EQ(Deal("D3").stage.closed_at_us, kMarch + 31 * kDay);
}

TEST_F(RowDeciderTest, AnUndatedDealMovesOnTheDayThatIsKnownNow) {
  EXPECT_THAT(Change("deals.csv", "Prospect,,,,", "Trial,2020-02-05,,,"),
              ElementsAre("DealStageMoved"));
  EXPECT_EQ(occurred_at_, kFebruary + 4 * kDay);
}

TEST_F(RowDeciderTest, AnUndatedDealMovesAndIsLost) {
  EXPECT_THAT(Change("deals.csv", "Prospect,,,,", "Lost,2020-02-05,2020-02-06,,non"),
              ElementsAre("DealStageMoved", "DealLost"));
  EXPECT_EQ(occurred_at_, kFebruary + 5 * kDay);
  EXPECT_EQ(Deal("D4").stage.lost_reason, "non");
}

TEST_F(RowDeciderTest, AnotherDayOfTheCloseVoidsTheFirst) {
  EXPECT_THAT(Change("deals.csv", "2020-02-01,2020-03-01", "2020-02-01,2020-02-20"),
              ElementsAre("DealCloseVoided", "DealWon"));
  EXPECT_EQ(Deal("D1").stage.closed_at_us, kFebruary + 19 * kDay);
  EXPECT_EQ(Deal("D1").amount.value->amount_minor(), 12'000);
}

TEST_F(RowDeciderTest, ALostDealWasWonAfterAll) {
  EXPECT_THAT(Change("deals.csv", "Lost,2020-02-02,2020-03-02,0,trop cher",
                     "Enrolled,2020-02-02,2020-03-02,10,"),
              ElementsAre("DealCloseVoided", "DealAmountChanged", "DealWon"));
}

TEST_F(RowDeciderTest, AWonDealWasLostAfterAllAndHasNoAmount) {
  EXPECT_THAT(
      Change("deals.csv", "Inscrit,2020-02-01,2020-03-01,120,", "Lost,2020-02-01,2020-03-01,0,"),
      ElementsAre("DealCloseVoided", "DealLost", "DealAmountChanged"));
  EXPECT_FALSE(Deal("D1").amount.value);
}

TEST_F(RowDeciderTest, AClosedDealIsOpenAfterAll) {
  EXPECT_THAT(Change("deals.csv", "Lost,2020-02-02,2020-03-02,0,trop cher", "Trial,2020-02-02,,,"),
              ElementsAre("DealCloseVoided"));
  EXPECT_EQ(Deal("D2").stage.status, v1::Deal::OPEN);
}

TEST_F(RowDeciderTest, AnotherReasonIsAnotherClose) {
  EXPECT_THAT(Change("deals.csv", "trop cher", "trop loin"),
              ElementsAre("DealCloseVoided", "DealLost"));
  EXPECT_EQ(Deal("D2").stage.lost_reason, "trop loin");
}

TEST_F(RowDeciderTest, AnOpeningCanNotBeChanged) {
  EXPECT_THAT(Change("deals.csv", "D1,m1,Choeur,Lycée A,Inscrit,2020-02-01",
                     "D1,m1,Choeur,Lycée A,Inscrit,2020-01-15"),
              IsEmpty());
  EXPECT_EQ(LastRejection(), "FIELD_INVALID");
  EXPECT_THAT(Change("deals.csv", "D3,m1,Solo,,Trial,2020-02-03", "D3,m1,Solo,,Trial,2020-02-04"),
              IsEmpty());
  EXPECT_EQ(LastRejection(), "FIELD_INVALID");
}

TEST_F(RowDeciderTest, MembersAndProductsChange) {
  EXPECT_THAT(Change("members.csv", "Bo,South", "Bo,West"), ElementsAre("MemberChanged"));
  EXPECT_EQ(occurred_at_, 1'577'836'800'000'000) << "reference_at";
  EXPECT_THAT(Change("members.csv", "Bo,South", "Boris,South"), ElementsAre("MemberChanged"))
      << "another name, and the team of the sample again";
  EXPECT_THAT(Change("products.csv", "300.50", "310"),
              ElementsAre("MemberChanged", "ProductChanged"))
      << "the name of the sample again, and another price";
}

TEST_F(RowDeciderTest, OrganizationsChangeByAttribute) {
  EXPECT_THAT(Change("schools.csv", "public,900", "public,"),
              ElementsAre("OrganizationDetailsChanged"));
  const Mapping mapping = *ParseMapping(testing::kClubMapping);
  const auto school = State<domain::OrganizationState>(
      "organization", RowDecider(mapping).IdOf(Role::kOrganizations, "Lycée A"));
  EXPECT_THAT(school.attributes.Keys(), ElementsAre("sector"));
}

TEST_F(RowDeciderTest, ContactsChangeAndAreFoundByAddress) {
  EXPECT_THAT(Change("people.csv", "p1,Cy", "p1,Cyril"), ElementsAre("ContactDetailsChanged"));
  EXPECT_THAT(Change("people.csv", "p1,Cy", "p7,Cyril"), IsEmpty()) << "same address, same person";
}

TEST_F(RowDeciderTest, AMemberOfThatNameIsNotDoubled) {
  v1::UpsertMemberRequest request;
  request.set_display_name("Dee");
  ASSERT_TRUE(Run(request).ok());
  EXPECT_THAT(Change("members.csv", "m2,Bo,South\n", "m2,Bo,South\nm3,Dee,East\n"),
              ElementsAre("MemberChanged"));
}

}  // namespace
}  // namespace dealog::jobs
