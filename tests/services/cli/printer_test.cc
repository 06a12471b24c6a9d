// Method: the JSON of messages whose presence matters to scripts: 0 is printed, only an undefined
// value is left out; events as lines.

#include "services/cli/printer.h"

#include <gtest/gtest.h>

#include "dealog/v1/board.pb.h"
#include "dealog/v1/kpi.pb.h"
#include "services/cli/event_text.h"

namespace dealog::cli {
namespace {

bool Has(const std::string& json, const std::string& part) {
  return json.find(part) != std::string::npos;
}

TEST(ToJson, PrintsZeroAndLeavesUndefinedOut) {
  v1::QueryKpiResponse reply;
  reply.set_kpi(v1::KPI_WIN_RATE);
  v1::KpiResult* result = reply.add_results();
  result->set_value(0);
  result->set_numerator(0);
  const std::string json = ToJson(reply, /*pretty=*/false);
  EXPECT_TRUE(Has(json, R"("kpi":"KPI_WIN_RATE")")) << json;
  EXPECT_TRUE(Has(json, R"("group":"")")) << json;
  EXPECT_TRUE(Has(json, R"("value":0)")) << json;
  EXPECT_TRUE(Has(json, R"("numerator":"0")")) << json;
  EXPECT_FALSE(Has(json, "denominator")) << json;
  EXPECT_FALSE(Has(json, "meanSeconds")) << json;
  EXPECT_FALSE(Has(json, "wonAmount")) << json;
}

TEST(ToJson, PrintsTheBoardsFields) {
  v1::GetBoardResponse board;
  v1::BoardColumn* column = board.add_columns();
  column->set_stage("Won");
  column->set_kind(v1::Stage::WON);
  column->set_count(0);
  v1::CurrencyTotal* total = column->add_totals();
  total->set_currency_code("USD");
  total->set_amount_minor(100);
  total->set_weighted_minor(0);
  const std::string json = ToJson(board, /*pretty=*/false);
  EXPECT_TRUE(Has(json, R"("stage":"Won")")) << json;
  EXPECT_TRUE(Has(json, R"("kind":"WON")")) << json;
  EXPECT_TRUE(Has(json, R"("count":"0")")) << json;
  EXPECT_TRUE(
      Has(json, R"("totals":[{"currencyCode":"USD","amountMinor":"100","weightedMinor":"0"}])"))
      << json;
}

TEST(EventData, IsTheInnermostMessage) {
  v1::RecordedEvent event;
  EXPECT_EQ(EventData(event), "");
  event.mutable_event()->mutable_deal()->mutable_deal_lost()->set_reason("budget");
  EXPECT_TRUE(Has(EventData(event), R"("reason":"budget")")) << EventData(event);
}

TEST(EventData, OfAnotherServiceIsThePayload) {
  v1::RecordedEvent event;
  event.mutable_event()->mutable_external()->set_payload(std::string("h\xc3\xa9\0", 4));
  EXPECT_EQ(EventData(event), "h\xc3\xa9\\000");
  event.set_payload_json("{\"number\":\"A-1\"}");
  EXPECT_EQ(EventData(event), "{\"number\":\"A-1\"}");
}

}  // namespace
}  // namespace dealog::cli
