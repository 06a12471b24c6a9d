// Method: one deal with every field set, moved once; per field of the schema a condition that holds
// of that move, and one that does not. The schema has no field that this table leaves out.

#include "services/workflow/condition.h"

#include <set>

#include "services/domain/organization.h"
#include "tests/services/workflow/fixture.h"

namespace dealog::workflow {
namespace {

struct Case {
  std::string field;
  std::string holds;
  std::string fails;
};

class ConditionTest : public WorkflowFixture {
 protected:
  ConditionTest() {
    Found();
    EXPECT_TRUE(DoText<v1::UpsertMemberRequest>("display_name: 'Ada'").ok());
    EXPECT_TRUE(DoText<v1::UpsertProductRequest>("display_name: 'GTX'").ok());
    EXPECT_TRUE(DoText<v1::CreateOrganizationRequest>("organization_id: '" + Id("org", 1) +
                                                      "' display_name: 'Acme'")
                    .ok());
    OpenDeal(1, "organization_id: '" + Id("org", 1) +
                    "' external_key: 'K1' title: 'Big one' owner: 'Ada' source: 'web' product: "
                    "'GTX' tags: 'vip' tags: 'eu' "
                    "amount { currency_code: 'EUR' units: 1500 nanos: 500000000 } "
                    "expected_close_date { year: 2026 month: 3 day: 1 }");
    EXPECT_TRUE(DoText<v1::MoveDealRequest>("deal_id: '" + Deal(1) + "' to_stage: 'Offer'").ok());
    const auto page =
        log_->ReadTenant(kAcme, {.after = eventstore::Position{Head() - 1}, .limit = 1});
    moved_ = *commands::ParseEvent(page->events.at(0).view());
    EXPECT_EQ(moved_.header.type(), "DealStageMoved");
  }

  bool Matches(const std::string& condition) {
    const auto filter = filter::Filter::Compile(condition, ConditionSchema(), {});
    EXPECT_TRUE(filter.ok()) << condition << ": " << filter.status();
    const auto row = ConditionRow::Make(*log_, kAcme, moved_.header.stream().id(), moved_);
    EXPECT_TRUE(row.ok()) << row.status();
    if (!filter.ok() || !row.ok()) return false;
    const auto holds = (*row)->Satisfies(*filter);
    EXPECT_TRUE(holds.ok()) << holds.status();
    return holds.ok() && *holds;
  }
  std::string OwnerId() {
    return dynamic_cast<domain::DealState&>(*Fold("deal", Deal(1))).owner_id.value;
  }

  commands::ParsedEvent moved_;
};

TEST_F(ConditionTest, EveryFieldSaysWhatTheEventAndItsDealSay) {
  const std::vector<Case> cases = {
      {"type", "type = DealStageMoved", "type = DealWon"},
      {"actor", "actor = \"user:ada\"", "actor = \"user:bob\""},
      {"via", "via = api", "via = import"},
      {"recorded_at", "recorded_at > 2020-01-01", "recorded_at < 2020-01-01"},
      {"occurred_at", "occurred_at > 2020-01-01", "occurred_at < 2020-01-01"},
      {"from_stage", "from_stage = Lead", "from_stage = Offer"},
      {"from_stage_id", "from_stage_id = " + Id("stage", 1), "from_stage_id = Lead"},
      {"to_stage", "to_stage = Offer", "to_stage = Lead"},
      {"to_stage_id", "to_stage_id = " + Id("stage", 2), "to_stage_id = Offer"},
      {"deal.deal_id", "deal.deal_id = " + Deal(1), "deal.deal_id = " + Deal(2)},
      {"deal.id", "deal.id = " + Deal(1), "deal.id = " + Deal(2)},
      {"deal.title", "deal.title:big", "deal.title:small"},
      {"deal.owner", "deal.owner = Ada", "deal.owner = Bob"},
      {"deal.owner", "deal.owner = " + OwnerId(), "deal.owner != Ada"},
      {"deal.owner_id", "deal.owner_id = " + OwnerId(), "deal.owner_id = Ada"},
      {"deal.source", "deal.source = web", "deal.source = fair"},
      {"deal.pipeline", "deal.pipeline = Sales", "deal.pipeline = Other"},
      {"deal.pipeline_id", "deal.pipeline_id = " + Id("pipeline", 1), "deal.pipeline_id = Sales"},
      {"deal.stage", "deal.stage = Offer", "deal.stage = Lead"},
      {"deal.stage_id", "deal.stage_id = " + Id("stage", 2), "deal.stage_id = Offer"},
      {"deal.stage_kind", "deal.stage_kind = OPEN", "deal.stage_kind = WON"},
      {"deal.status", "deal.status = OPEN", "deal.status = WON"},
      {"deal.amount", "deal.amount = 1500.5", "deal.amount > 1500.5"},
      {"deal.currency", "deal.currency = EUR", "deal.currency = USD"},
      {"deal.tags", "deal.tags:vip AND deal.tags:eu", "deal.tags:v"},
      {"deal.tag", "deal.tag:vip", "deal.tag:v"},
      {"deal.organization", "deal.organization = Acme", "deal.organization = Other"},
      {"deal.organization_id", "deal.organization_id = " + Id("org", 1),
       "deal.organization_id = Acme"},
      {"deal.product", "deal.product = GTX", "deal.product = GTY"},
      {"deal.product_id", "deal.product_id:product_", "NOT deal.product_id:*"},
      {"deal.expected_close_date", "deal.expected_close_date = 2026-03-01",
       "deal.expected_close_date > 2026-03-01"},
      {"deal.cycle", "deal.cycle = 1", "deal.cycle > 1"},
      {"deal.last_open_stage", "deal.last_open_stage = Offer", "deal.last_open_stage = Lead"},
      {"deal.last_open_stage_id", "deal.last_open_stage_id = " + Id("stage", 2),
       "deal.last_open_stage_id = Offer"},
      {"deal.create_time", "deal.create_time > 2020-01-01", "deal.create_time < 2020-01-01"},
      {"deal.stage_enter_time", "deal.stage_enter_time > 2020-01-01",
       "deal.stage_enter_time < 2020-01-01"},
      {"deal.close_time", "NOT deal.close_time:*", "deal.close_time:*"},
      {"deal.update_time", "deal.update_time > 2020-01-01", "deal.update_time < 2020-01-01"},
      {"deal.external_key", "deal.external_key = K1", "deal.external_key = K2"},
      {"deal.lost_reason", "NOT deal.lost_reason:*", "deal.lost_reason:*"},
  };
  std::set<std::string> covered;
  for (const Case& each : cases) {
    EXPECT_TRUE(Matches(each.holds)) << each.holds;
    EXPECT_FALSE(Matches(each.fails)) << each.fails;
    covered.insert(each.field);
  }
  for (const filter::Field& field : ConditionSchema()) {
    EXPECT_TRUE(covered.contains(field.name)) << field.name;
  }
}

TEST_F(ConditionTest, ShowsTheDealAsOfTheEventForEver) {
  ASSERT_TRUE(DoText<v1::LoseDealRequest>("deal_id: '" + Deal(1) + "' reason: 'price'").ok());
  EXPECT_TRUE(Matches("deal.status = OPEN AND deal.stage = Offer"));
  EXPECT_FALSE(Matches("deal.lost_reason = price"));
}

}  // namespace
}  // namespace dealog::workflow
