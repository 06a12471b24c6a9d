// Method: given the events of a deal, then the values of each field.

#include "services/rpc/field_history.h"

#include <gmock/gmock.h>

#include "eventstore/base/error.h"

namespace dealog::rpc {
namespace {

using commands::ParsedEvent;

class FieldHistoryTest : public testing::Test {
 protected:
  // The next event, one second after the one before.
  events::v1::DealEvent& Add() {
    ParsedEvent& parsed = events_.emplace_back();
    parsed.header.set_position(events_.size());
    parsed.header.set_occurred_at_us(static_cast<int64_t>(events_.size()) * 1'000'000);
    parsed.header.mutable_actor()->set_principal("user:ada");
    return *parsed.event.mutable_deal();
  }
  std::vector<std::string> Values(std::string_view field) const {
    std::vector<std::string> values;
    for (const v1::FieldValue& value : FieldValues(field, events_, names_)) {
      values.push_back(value.value());
    }
    return values;
  }

  std::vector<ParsedEvent> events_;
  const Names names_ = {{"s1", "Lead"}, {"s2", "Offer"}, {"m1", "Ada"}};
};

TEST_F(FieldHistoryTest, FollowsEveryField) {
  auto& opened = *Add().mutable_deal_opened();
  opened.set_stage_id("s1");
  opened.set_title("Big");
  opened.set_owner_id("m1");
  Add().mutable_deal_stage_moved()->set_to_stage_id("s2");
  auto& amount = *Add().mutable_deal_amount_changed()->mutable_amount();
  amount.set_currency_code("EUR");
  amount.set_amount_minor(123450);
  Add().mutable_deal_owner_assigned()->set_owner_id("m2");
  Add().mutable_deal_details_changed()->set_title("Bigger");
  auto& date = *Add().mutable_deal_expected_close_changed()->mutable_expected_close_date();
  date.set_year(2017);
  date.set_month(3);
  date.set_day(1);
  Add().mutable_deal_won()->set_stage_id("s3");
  Add().mutable_deal_close_voided()->set_stage_id("s2");
  using testing::ElementsAre;
  EXPECT_THAT(Values("stage"), ElementsAre("Lead", "Offer", "s3", "Offer"));
  EXPECT_THAT(Values("status"), ElementsAre("OPEN", "WON", "OPEN"));
  EXPECT_THAT(Values("owner"), ElementsAre("Ada", "m2"));
  EXPECT_THAT(Values("title"), ElementsAre("Big", "Bigger"));
  EXPECT_THAT(Values("amount"), ElementsAre("", "1234.50 EUR"));
  EXPECT_THAT(Values("expected_close_date"), ElementsAre("", "2017-03-01"));
  EXPECT_THAT(Values("source"), ElementsAre(""));
}

TEST_F(FieldHistoryTest, EachValueEndsWhereTheNextBegins) {
  Add().mutable_deal_opened()->set_stage_id("s1");
  Add().mutable_deal_stage_moved()->set_to_stage_id("s2");
  const std::vector<v1::FieldValue> values = FieldValues("stage", events_, names_);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0].from().seconds(), 1);
  EXPECT_EQ(values[0].to().seconds(), 2);
  EXPECT_EQ(values[1].from().seconds(), 2);
  EXPECT_FALSE(values[1].has_to());
  EXPECT_EQ(values[1].actor(), "user:ada");
  EXPECT_EQ(values[1].position(), 2);
}

TEST(CheckDealField, NamesTheFieldsThereAre) {
  EXPECT_TRUE(CheckDealField("stage").ok());
  const absl::Status refused = CheckDealField("colour");
  EXPECT_EQ(base::ReasonOf(refused), "FIELD_INVALID");
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("expected_close_date"));
}

}  // namespace
}  // namespace dealog::rpc
