// Method: the sample of 100 deals through the programs; running it again must write nothing; board,
// KPIs and a rebuilt server must tell the same numbers.

#include "dealog/v1/board.pb.h"
#include "dealog/v1/kpi.pb.h"
#include "dealog/v1/log.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "tests/e2e/installation.h"

#include <filesystem>

namespace dealog::e2e {
namespace {

class Sample : public Installation {
 protected:
  void SetUp() override {
    Installation::SetUp();
    CreateTenant({"--currency", "EUR"});
  }
  Outcome Fill(const std::string& seed) const {
    return Dealog({"sample", "--deals", "100", "--seed", seed, "--until", "2026-01-01"});
  }
  int64_t Head() const { return DealogJson<v1::GetHeadResponse>({"log", "head"}).position(); }
  int64_t DealsOf(const v1::GetBoardResponse& board) const {
    int64_t count = 0;
    for (const v1::BoardColumn& column : board.columns()) count += column.count();
    return count;
  }
  v1::GetBoardResponse Board(const std::string& pipeline) const {
    return DealogJson<v1::GetBoardResponse>({"board", "--pipeline", pipeline});
  }
};

TEST_F(Sample, FillsBothPipelinesOnce) {
  const Outcome first = Fill("7");
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const v1::GetBoardResponse sales = Board("Ventes");
  const v1::GetBoardResponse club = Board("Club de chant");
  EXPECT_EQ(sales.columns_size(), 7);
  EXPECT_EQ(club.columns_size(), 5);
  EXPECT_EQ(DealsOf(sales) + DealsOf(club), 100);
  EXPECT_GT(DealsOf(club), 0);

  const int64_t head = Head();
  const Outcome again = Fill("7");
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Head(), head) << "the second run wrote events";

  const Outcome other = Fill("8");
  ASSERT_EQ(other.exit_code, 0) << other.err;
  EXPECT_EQ(DealsOf(Board("Ventes")) + DealsOf(Board("Club de chant")), 200);
}

TEST_F(Sample, ViewsAreTheSameAfterDeletingThem) {
  ASSERT_EQ(Fill("7").exit_code, 0);
  const std::vector<std::vector<std::string>> questions = {
      {"board", "--pipeline", "Ventes", "--as-of", "2025-07-01", "--output", "json"},
      {"kpi", "conversion", "--pipeline", "Ventes", "--group-by", "owner", "--as-of", "2026-01-01",
       "--output", "json"},
      {"kpi", "stages", "--pipeline", "Ventes", "--as-of", "2026-01-01", "--output", "json"},
      {"kpi", "exits", "--pipeline", "Club de chant", "--as-of", "2026-01-01", "--output", "json"}};
  std::vector<std::string> before;
  for (const auto& question : questions) before.push_back(Dealog(question).out);
  ASSERT_EQ(StopServer(), 0);
  std::filesystem::remove_all(folder_ + "/views");
  ASSERT_TRUE(StartServer());
  for (size_t i = 0; i < questions.size(); ++i) {
    EXPECT_FALSE(before[i].empty());
    EXPECT_EQ(Dealog(questions[i]).out, before[i]) << questions[i][0] << " " << questions[i][1];
  }
}

TEST_F(Sample, KpisAgreeWithTheBoard) {
  ASSERT_EQ(Fill("7").exit_code, 0);
  const v1::GetBoardResponse board = Board("Ventes");
  int64_t won = 0;
  int64_t lost = 0;
  for (const v1::BoardColumn& column : board.columns()) {
    if (column.kind() == v1::Stage::WON) won += column.count();
    if (column.kind() == v1::Stage::LOST) lost += column.count();
  }
  const auto rate = DealogJson<v1::QueryKpiResponse>({"kpi", "win-rate", "--pipeline", "Ventes"});
  ASSERT_GT(rate.results_size(), 0);
  // A deal that came back for another cycle counts once per cycle, so the KPI may have more.
  EXPECT_GE(rate.results(0).numerator(), won);
  EXPECT_GE(rate.results(0).denominator(), won + lost);
  EXPECT_GT(won, 0);
  EXPECT_GT(lost, won);
}

}  // namespace
}  // namespace dealog::e2e
