// Method: answers in, the table that a person sees out.

#include "services/cli/kpi_show.h"

#include <gtest/gtest.h>

#include <sstream>

namespace dealog::cli {
namespace {

v1::QueryKpiResponse WinRate(const std::string& variant) {
  v1::QueryKpiResponse reply;
  reply.set_kpi(v1::KPI_WIN_RATE);
  reply.mutable_policies()->set_variant(variant);
  v1::KpiResult& result = *reply.add_results();
  result.set_value(0.75);
  result.set_numerator(75'000);
  result.set_denominator(100'000);
  result.mutable_won_amount()->set_currency_code("USD");
  result.mutable_won_amount()->set_units(750);
  return reply;
}

std::string Shown(const v1::QueryKpiResponse& reply) {
  std::ostringstream out;
  std::ostringstream err;
  const Globals globals;
  Printer printer(globals, out, err);
  ShowKpi(reply, printer);
  return out.str();
}

TEST(ShowKpi, AWinRateByCountShowsItsCounts) {
  const std::string shown = Shown(WinRate("COUNT"));
  EXPECT_NE(shown.find("75,000"), std::string::npos) << shown;
  EXPECT_NE(shown.find("100,000"), std::string::npos) << shown;
}

TEST(ShowKpi, AWinRateByValueShowsAmountsAndNoMinorUnits) {
  const std::string shown = Shown(WinRate("VALUE"));
  EXPECT_NE(shown.find("75.00 %"), std::string::npos) << shown;
  EXPECT_NE(shown.find("750.00 USD"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("75,000"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("OF"), std::string::npos) << shown;
}

}  // namespace
}  // namespace dealog::cli
