// Method: the contract for scripts, command by command, through the two programs: what is printed,
// that each answer is one JSON document with the promised fields, and how errors look.

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "dealog/v1/activities.pb.h"
#include "dealog/v1/admin.pb.h"
#include "dealog/v1/board.pb.h"
#include "dealog/v1/deals.pb.h"
#include "dealog/v1/history.pb.h"
#include "dealog/v1/kpi.pb.h"
#include "dealog/v1/log.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "dealog/v1/tenants.pb.h"
#include "dealog/v1/workflows.pb.h"
#include "tests/e2e/installation.h"

namespace dealog::e2e {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class Contract : public Installation {
 protected:
  void SetUp() override {
    Installation::SetUp();
    CreateTenant({"--time-zone", "Europe/Paris", "--currency", "EUR"});
    const Outcome created = Dealog({"pipeline", "create", "Sales", "--stage", "Lead:open:0.1",
                                    "--stage", "Proposal:open:0.5", "--stage", "Won:won", "--stage",
                                    "Lost:lost", "--occurred-at", "2026-01-01"});
    ASSERT_EQ(created.exit_code, 0) << created.err;
  }

  // Opens a deal on a past day; returns its id.
  std::string Open(const std::string& title, const std::string& day,
                   const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {"deal",  "open",          title, "--pipeline",
                                        "Sales", "--occurred-at", day};
    command.insert(command.end(), more.begin(), more.end());
    return DealogJson<v1::DealMutationResponse>(command).deal().deal_id();
  }

  void Do(const std::vector<std::string>& command) {
    const Outcome outcome = Dealog(command);
    ASSERT_EQ(outcome.exit_code, 0) << command[0] << " " << command[1] << ": " << outcome.err;
  }
};

TEST_F(Contract, TenantHasDefaultsAndIsMadeOnce) {
  const auto other = DealogJson<v1::CreateTenantResponse>({"tenant", "create", "other"});
  EXPECT_EQ(other.tenant().time_zone(), "UTC");
  EXPECT_EQ(other.tenant().currency_code(), "USD");
  const Outcome again = Dealog({"tenant", "create", "other"});
  EXPECT_EQ(again.exit_code, 16);
  EXPECT_EQ(again.err.substr(0, 22), "error: TENANT_EXISTS: ") << again.err;
  EXPECT_EQ(DealogJson<v1::ListTenantsResponse>({"tenant", "list"}).tenants_size(), 2);
}

TEST_F(Contract, BoardCountsColumnsAndTotals) {
  const std::string a = Open("A", "2026-02-02", {"--amount", "1000.50 EUR"});
  Open("B", "2026-02-03", {"--amount", "10 EUR"});
  Do({"deal", "move", a, "Proposal", "--occurred-at", "2026-02-10"});
  const auto board = DealogJson<v1::GetBoardResponse>({"board", "--pipeline", "Sales"});
  ASSERT_EQ(board.columns_size(), 4);
  EXPECT_EQ(board.columns(0).stage(), "Lead");
  EXPECT_EQ(board.columns(0).count(), 1);
  EXPECT_EQ(board.columns(1).totals(0).currency_code(), "EUR");
  EXPECT_EQ(board.columns(1).totals(0).amount_minor(), 100'050);
  EXPECT_EQ(board.columns(1).totals(0).weighted_minor(), 50'025);
  EXPECT_EQ(board.columns(2).kind(), v1::Stage::WON);
  EXPECT_TRUE(board.columns(2).has_count());
  EXPECT_EQ(board.columns(2).count(), 0);

  const auto past =
      DealogJson<v1::GetBoardResponse>({"board", "--pipeline", "Sales", "--as-of", "2026-02-05"});
  EXPECT_EQ(past.columns(0).count(), 2);
  const auto before =
      DealogJson<v1::GetBoardResponse>({"board", "--pipeline", "Sales", "--known-at", "@2"});
  EXPECT_EQ(before.columns(0).count(), 0);
  const auto filtered = DealogJson<v1::GetBoardResponse>(
      {"board", "--pipeline", "Sales", "--filter", "amount > 100"});
  EXPECT_EQ(filtered.columns(0).count() + filtered.columns(1).count(), 1);
  const Outcome text = Dealog({"board", "--pipeline", "Sales"});
  EXPECT_TRUE(Has(text.out, "Proposal")) << text.out;
  EXPECT_TRUE(Has(text.out, "1,000.50 EUR")) << text.out;
  EXPECT_FALSE(Has(text.out, "\x1b")) << "colour without a terminal";
}

TEST_F(Contract, BoardByDecisionMonth) {
  Open("A", "2026-02-02", {"--decision-date", "2020-01-15"});
  Open("B", "2026-02-02", {"--decision-date", "2999-05-01"});
  Open("C", "2026-02-02");
  const auto board = DealogJson<v1::GetBoardResponse>(
      {"board", "--pipeline", "Sales", "--column-by", "decision-month"});
  ASSERT_GE(board.columns_size(), 3);
  EXPECT_EQ(board.columns(0).stage(), "OVERDUE");
  EXPECT_EQ(board.columns(board.columns_size() - 1).stage(), "NO_DATE");
  EXPECT_EQ(board.columns(board.columns_size() - 1).count(), 1);
}

TEST_F(Contract, KpisPrintValuesGroupsAndPolicies) {
  Do({"member", "upsert", "Claire", "--team", "North", "--region", "Lille", "--occurred-at",
      "2026-01-01"});
  const std::string a = Open("A", "2026-02-02", {"--owner", "Claire", "--amount", "300 EUR"});
  const std::string b = Open("B", "2026-02-02");
  Do({"deal", "win", a, "--occurred-at", "2026-02-12"});
  Do({"deal", "lose", b, "--reason", "no budget", "--occurred-at", "2026-02-22"});
  const auto rate = DealogJson<v1::QueryKpiResponse>(
      {"kpi", "win-rate", "--pipeline", "Sales", "--group-by", "owner"});
  ASSERT_EQ(rate.results_size(), 3);
  EXPECT_EQ(rate.results(0).group(), "");
  EXPECT_DOUBLE_EQ(rate.results(0).value(), 0.5);
  EXPECT_EQ(rate.results(0).won_amount().units(), 300);
  EXPECT_EQ(rate.results(0).lost_amount().units(), 0);
  EXPECT_TRUE(rate.results(0).has_lost_amount());
  EXPECT_EQ(rate.policies().time_zone(), "Europe/Paris");
  EXPECT_GT(rate.position(), 0);
  EXPECT_TRUE(rate.has_as_of());
  const auto cycle = DealogJson<v1::QueryKpiResponse>(
      {"kpi", "cycle", "--pipeline", "Sales", "--outcome", "closed"});
  EXPECT_DOUBLE_EQ(cycle.results(0).mean_seconds(), 15 * 86'400.0);
  EXPECT_DOUBLE_EQ(cycle.results(0).max_seconds(), 20 * 86'400.0);
  const auto conversion = DealogJson<v1::QueryKpiResponse>(
      {"kpi", "conversion", "--pipeline", "Sales", "--from", "2026-02-01", "--to", "2026-03-01"});
  EXPECT_EQ(conversion.results(0).numerator(), 1);
  EXPECT_EQ(conversion.results(0).denominator(), 2);
  const auto exits = DealogJson<v1::QueryKpiResponse>({"kpi", "exits", "--pipeline", "Sales"});
  bool lead = false;
  for (const auto& result : exits.results()) {
    if (result.group() != "Lead") continue;
    lead = true;
    EXPECT_EQ(result.won(), 1);
    EXPECT_EQ(result.lost(), 1);
    EXPECT_TRUE(result.has_still_open());
  }
  EXPECT_TRUE(lead);
  const Outcome text = Dealog({"kpi", "win-rate", "--pipeline", "Sales"});
  EXPECT_TRUE(Has(text.out, "50.00 %")) << text.out;
  for (const char* kpi : {"stages", "decision-date"}) {
    EXPECT_EQ(Dealog({"kpi", kpi, "--pipeline", "Sales"}).exit_code, 0) << kpi;
  }
}

TEST_F(Contract, HistoryShowsWhoWhenWhyAndHowLong) {
  const std::string a = Open("A", "2026-02-02");
  Do({"deal", "move", a, "Proposal", "--occurred-at", "2026-02-05"});
  Do({"deal", "lose", a, "--reason", "no budget", "--occurred-at", "2026-02-09"});
  const auto history = DealogJson<v1::ListEventsResponse>({"deal", "history", a});
  ASSERT_GE(history.events_size(), 3);
  const auto& last = history.events(history.events_size() - 1);
  EXPECT_EQ(last.type(), "DealLost");
  EXPECT_TRUE(Has(last.actor(), "claire")) << last.actor();
  EXPECT_TRUE(Has(last.why(), "no budget")) << last.why();
  EXPECT_DOUBLE_EQ(last.visit_seconds(), 4 * 86'400.0);
  const Outcome text = Dealog({"deal", "history", a});
  EXPECT_TRUE(Has(text.out, "4.00 d")) << text.out;
  const auto stages = DealogJson<v1::GetFieldHistoryResponse>({"history", "field", a, "stage"});
  EXPECT_EQ(stages.intervals_size(), 3);
}

TEST_F(Contract, LogIsReadFollowedAndMeasured) {
  const std::string a = Open("A", "2026-02-02");
  const auto read = DealogJson<v1::ReadLogResponse>({"log", "read", "--type", "DealOpened"});
  ASSERT_EQ(read.events_size(), 1);
  EXPECT_EQ(read.events(0).event().deal().deal_opened().title(), "A");
  const auto newest =
      DealogJson<v1::ReadLogResponse>({"log", "read", "--backward", "--limit", "1"});
  const auto head = DealogJson<v1::GetHeadResponse>({"log", "head"});
  ASSERT_EQ(newest.events_size(), 1);
  EXPECT_EQ(static_cast<int64_t>(newest.events(0).header().position()), head.position());

  Process tail({ProgramPath("dealog"), "--server", address_, "--tenant", "acme", "log", "tail",
                "--from", absl::StrCat(head.position())},
               log_path_);
  EXPECT_TRUE(Has(tail.ReadLine(10), absl::StrCat(head.position())));
  Do({"deal", "win", a});
  EXPECT_TRUE(Has(tail.ReadLine(10), "DealWon"));
}

TEST_F(Contract, BoardWatchShowsChanges) {
  const std::string a = Open("A", "2026-02-02");
  Process watch({ProgramPath("dealog"), "--server", address_, "--tenant", "acme", "board",
                 "--pipeline", "Sales", "--watch", "--output", "json"},
                log_path_);
  EXPECT_TRUE(Has(watch.ReadLine(10), "\"board\":"));
  Do({"deal", "move", a, "Proposal"});
  EXPECT_TRUE(Has(watch.ReadLine(10), "\"columns\":"));
}

TEST_F(Contract, ProjectionsAreListedAndRebuilt) {
  const std::string a = Open("A", "2026-02-02");
  const auto list = DealogJson<v1::ListProjectionsResponse>({"projection", "list"});
  ASSERT_GT(list.projections_size(), 0);
  const auto rebuilt = DealogJson<v1::RebuildProjectionResponse>({"projection", "rebuild"});
  EXPECT_EQ(rebuilt.projections_size(), list.projections_size());
  EXPECT_EQ(DealogJson<v1::GetDealResponse>({"deal", "show", a}).deal().title(), "A");
  const Outcome unknown = Dealog({"projection", "rebuild", "nothing"});
  EXPECT_EQ(unknown.exit_code, 15);
  EXPECT_TRUE(Has(unknown.err, "PROJECTION_NOT_FOUND")) << unknown.err;
}

TEST_F(Contract, ShippedWorkflowIsAccepted) {
  Do({"workflow", "apply", std::string(DEALOG_ROOT) + "/deploy/examples/negotiation-task.yaml"});
  const auto list = DealogJson<v1::ListWorkflowsResponse>({"workflow", "list"});
  ASSERT_EQ(list.workflows_size(), 1);
  EXPECT_EQ(list.workflows(0).state(), v1::Workflow::ACTIVE);
}

TEST_F(Contract, WorkflowActsOnceThroughAKill) {
  const std::string path = folder_ + ".workflow.yaml";
  std::ofstream(path) << "display_name: Offer\n"
                         "trigger:\n"
                         "  event_type: DealStageMoved\n"
                         "  condition: to_stage = Proposal\n"
                         "actions:\n"
                         "- create_activity: {kind: CALL, title: Call back}\n"
                         "- tag: {add: [offered]}\n";
  Do({"workflow", "apply", path});
  std::filesystem::remove(path);
  std::vector<std::string> deals;
  for (int i = 0; i < 5; ++i) {
    deals.push_back(
        DealogJson<v1::DealMutationResponse>({"deal", "open", "A", "--pipeline", "Sales"})
            .deal()
            .deal_id());
    Do({"deal", "move", deals.back(), "Proposal"});
  }
  KillServer();  // Somewhere between the moves and what the workflow does about them.
  ASSERT_TRUE(StartServer());
  v1::ListWorkflowInstancesResponse runs;
  for (int tries = 0; tries < 200; ++tries) {
    runs = DealogJson<v1::ListWorkflowInstancesResponse>({"workflow", "runs"});
    int completed = 0;
    for (const auto& run : runs.instances()) completed += run.state() == "COMPLETED";
    if (completed == static_cast<int>(deals.size())) break;
    usleep(20'000);
  }
  EXPECT_EQ(runs.instances_size(), static_cast<int>(deals.size()));
  EXPECT_EQ(DealogJson<v1::ListActivitiesResponse>({"activity", "list"}).activities_size(),
            static_cast<int>(deals.size()));
  const Outcome history = Dealog({"deal", "history", deals[0]});
  EXPECT_TRUE(Has(history.out, "offered")) << history.out;
  EXPECT_TRUE(Has(history.out, "workflow")) << "the cause is visible:\n" << history.out;
}

TEST_F(Contract, ErrorsGoToStderrWithTheirReason) {
  const std::string a = Open("A", "2026-02-02");
  Do({"deal", "win", a});
  struct Case {
    std::vector<std::string> command;
    int exit_code;
    std::string reason;
  };
  const Case cases[] = {
      {{"deal", "move", a, "Nowhere"}, 15, "STAGE_NOT_FOUND"},
      {{"deal", "win", a}, 19, "DEAL_CLOSED"},
      {{"deal", "update", a, "--title", "B", "--etag", "1"}, 20, "REVISION_CONFLICT"},
      {{"deal", "update", a}, 13, "FIELD_INVALID"},
      {{"deal", "show", "deal_01h455vb4pex5vsknk084sn02q"}, 15, "DEAL_NOT_FOUND"},
      {{"deal", "open", "X", "--amount", "-5 EUR"}, 13, "FIELD_INVALID"},
      {{"deal", "open", "X", "--amount", "1.001 EUR"}, 13, "FIELD_INVALID"},
      {{"deal", "open", "X", "--occurred-at", "2999-01-01"}, 19, "OCCURRED_IN_FUTURE"},
      {{"board", "--pipeline", "None"}, 15, "PIPELINE_NOT_FOUND"},
      {{"board", "--pipeline", "Sales", "--filter", "amount >"}, 13, "FILTER_INVALID"},
      {{"board", "--pipeline", "Sales", "--as-of", "2017-02-30"}, 13, "FIELD_INVALID"},
      {{"kpi", "cycle", "--pipeline", "Sales", "--group-by", "shoe_size"}, 13, "FIELD_INVALID"},
      {{"kpi", "cycle", "--pipeline", "Sales", "--from", "2026-02-01", "--to", "2026-02-01"},
       13,
       "FIELD_INVALID"},
      {{"deal", "list", "--page-size", "-1"}, 13, "FIELD_INVALID"},
      {{"deal", "list", "--page-token", "forged"}, 13, "PAGE_TOKEN_INVALID"},
  };
  for (const Case& one : cases) {
    std::vector<std::string> command = one.command;
    command.insert(command.end(), {"--output", "json"});
    const Outcome outcome = Dealog(command);
    EXPECT_EQ(outcome.exit_code, one.exit_code) << one.reason << ": " << outcome.err;
    EXPECT_EQ(outcome.err.rfind("error: " + one.reason + ": ", 0), 0u) << outcome.err;
    EXPECT_EQ(outcome.out, "") << one.reason;
  }
  const Outcome no_tenant = RunProgram({ProgramPath("dealog"), "--server", address_, "board"});
  EXPECT_TRUE(Has(no_tenant.err, "TENANT_REQUIRED")) << no_tenant.err;
  const Outcome unknown_tenant = Dealog({"board", "--tenant", "nobody"});
  EXPECT_TRUE(Has(unknown_tenant.err, "TENANT_NOT_FOUND")) << unknown_tenant.err;
}

}  // namespace
}  // namespace dealog::e2e
