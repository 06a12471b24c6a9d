#pragma once

// A tenant with one pipeline and a few words to tell a deal's story, for given/when/then specs of
// the board and KPIs:
//
//   SalesTenant sales;
//   sales.Open("d1", "New", Day(1));
//   sales.Move("d1", "Offer", Day(3));
//   sales.Win("d1", Day(5));
//   EXPECT_EQ(sales.Kpi("conversion").results(0).numerator(), 1);
//
// Pipeline "Sales": New (0.1), Call (0.2), Offer (0.5), Won, Signed (WON too), Lost. Zone UTC, EUR.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "projections/views/queries.h"
#include "tests/support/folded_tenant.h"

namespace dealog::testing {

// µs of a day of January 2017 (1 = the first), at 00:00 UTC; later days run on.
inline int64_t Day(double day) {
  return 1'483'228'800'000'000 + static_cast<int64_t>((day - 1) * 86'400e6);
}
inline constexpr double kDaySeconds = 86'400;

class SalesTenant {
 public:
  explicit SalesTenant(const std::string& time_zone = "UTC") {
    events::v1::Event event;
    auto* created = event.mutable_tenant()->mutable_tenant_created();
    created->set_time_zone(time_zone);
    created->set_currency_code("EUR");
    views.Append("tenant", "sales", event, Day(-100));
    events::v1::Event pipeline;
    auto* made = pipeline.mutable_pipeline()->mutable_pipeline_created();
    made->set_display_name("Sales");
    const auto add = [made](const std::string& label, events::v1::StageKind kind, double chance) {
      auto* stage = made->add_stages();
      stage->set_stage_id("stage_" + label);
      stage->set_label(label);
      stage->set_kind(kind);
      stage->set_probability(chance);
    };
    add("New", events::v1::STAGE_KIND_OPEN, 0.1);
    add("Call", events::v1::STAGE_KIND_OPEN, 0.2);
    add("Offer", events::v1::STAGE_KIND_OPEN, 0.5);
    add("Won", events::v1::STAGE_KIND_WON, 1);
    add("Signed", events::v1::STAGE_KIND_WON, 1);
    add("Lost", events::v1::STAGE_KIND_LOST, 0);
    views.Append("pipeline", "pipeline_sales", pipeline, Day(-100));
  }

  // What a deal is opened with.
  struct Opening {
    std::string owner;
    std::string source;
    std::string organization;
    std::string product;
    std::vector<std::string> tags;
    int64_t amount_minor = -1;
    std::string currency = "EUR";
    std::string expected;  // "2017-03-05"
  };
  void Open(const std::string& deal, const std::string& stage, int64_t at) {
    Open(deal, stage, at, Opening());
  }
  void Open(const std::string& deal, const std::string& stage, int64_t at, const Opening& with) {
    events::v1::Event event;
    auto* opened = event.mutable_deal()->mutable_deal_opened();
    opened->set_pipeline_id("pipeline_sales");
    opened->set_pipeline_revision(1);
    opened->set_stage_id("stage_" + stage);
    opened->set_title("Title of " + deal);
    opened->set_owner_id(with.owner);
    opened->set_source(with.source);
    opened->set_organization_id(with.organization);
    opened->set_product_id(with.product);
    for (const std::string& tag : with.tags) opened->add_tags(tag);
    if (with.amount_minor >= 0)
      SetMoney(with.amount_minor, with.currency, *opened->mutable_amount());
    if (!with.expected.empty()) *opened->mutable_expected_close_date() = ParseDate(with.expected);
    Add(deal, event, at);
    stages_[deal] = {{views.log.back().header.revision(), stage}};
  }
  // Positions of stages decide the direction.
  void Move(const std::string& deal, const std::string& stage, int64_t at,
            events::v1::MoveCause cause = events::v1::MOVE_CAUSE_COMMAND) {
    const int from = PlaceOf(stages_[deal].back().second);
    const int to = PlaceOf(stage);
    events::v1::Event event;
    auto* moved = event.mutable_deal()->mutable_deal_stage_moved();
    moved->set_from_stage_id("stage_" + stages_[deal].back().second);
    moved->set_to_stage_id("stage_" + stage);
    moved->set_direction(from >= 3        ? events::v1::MOVE_DIRECTION_SIDEWAYS
                         : to == from + 1 ? events::v1::MOVE_DIRECTION_FORWARD
                         : to > from      ? events::v1::MOVE_DIRECTION_SKIP_FORWARD
                                          : events::v1::MOVE_DIRECTION_BACKWARD);
    moved->set_cause(cause);
    AddStage(deal, event, stage, at);
  }
  void Win(const std::string& deal, int64_t at, const std::string& stage = "Won") {
    events::v1::Event event;
    event.mutable_deal()->mutable_deal_won()->set_stage_id("stage_" + stage);
    AddStage(deal, event, stage, at);
  }
  void Lose(const std::string& deal, int64_t at, const std::string& reason = "") {
    events::v1::Event event;
    event.mutable_deal()->mutable_deal_lost()->set_stage_id("stage_Lost");
    event.mutable_deal()->mutable_deal_lost()->set_reason(reason);
    AddStage(deal, event, "Lost", at);
  }
  void Reopen(const std::string& deal, const std::string& stage, events::v1::ReopenMode mode,
              int64_t at) {
    events::v1::Event event;
    event.mutable_deal()->mutable_deal_reopened()->set_stage_id("stage_" + stage);
    event.mutable_deal()->mutable_deal_reopened()->set_mode(mode);
    AddStage(deal, event, stage, at);
  }
  // The last stage event never was true.
  void Undo(const std::string& deal, int64_t at) {
    events::v1::Event event;
    auto* undone = event.mutable_deal()->mutable_deal_move_undone();
    undone->set_undone_revision(stages_[deal].back().first);
    stages_[deal].pop_back();
    undone->set_stage_id("stage_" + stages_[deal].back().second);
    Add(deal, event, at);
  }
  // The last closing never was true; `back` tells the stage where it is not the one before.
  void VoidClose(const std::string& deal, int64_t at, const std::string& back = "") {
    events::v1::Event event;
    auto* voided = event.mutable_deal()->mutable_deal_close_voided();
    while (PlaceOf(stages_[deal].back().second) >= 3) {
      voided->set_voided_revision(stages_[deal].back().first);
      stages_[deal].pop_back();
    }
    const std::string stage = back.empty() ? stages_[deal].back().second : back;
    voided->set_stage_id("stage_" + stage);
    Add(deal, event, at);
    stages_[deal].push_back({0, stage});
  }
  void SetAmount(const std::string& deal, int64_t minor, int64_t at,
                 const std::string& currency = "EUR") {
    events::v1::Event event;
    auto* changed = event.mutable_deal()->mutable_deal_amount_changed();
    if (minor >= 0) SetMoney(minor, currency, *changed->mutable_amount());
    Add(deal, event, at);
  }
  void SetOwner(const std::string& deal, const std::string& member, int64_t at) {
    events::v1::Event event;
    event.mutable_deal()->mutable_deal_owner_assigned()->set_owner_id(member);
    Add(deal, event, at);
  }
  void SetExpected(const std::string& deal, const std::string& date, int64_t at) {
    events::v1::Event event;
    auto* changed = event.mutable_deal()->mutable_deal_expected_close_changed();
    if (!date.empty()) *changed->mutable_expected_close_date() = ParseDate(date);
    Add(deal, event, at);
  }
  void Tag(const std::string& deal, const std::string& tag, int64_t at) {
    events::v1::Event event;
    event.mutable_deal()->mutable_deal_tagged()->add_tags(tag);
    Add(deal, event, at);
  }
  void Untag(const std::string& deal, const std::string& tag, int64_t at) {
    events::v1::Event event;
    event.mutable_deal()->mutable_deal_untagged()->add_tags(tag);
    Add(deal, event, at);
  }
  void Member(const std::string& id, const std::string& name, const std::string& team, int64_t at,
              const std::string& region = "") {
    events::v1::Event event;
    auto* defined = event.mutable_member()->mutable_member_defined();
    defined->set_display_name(name);
    defined->set_team(team);
    defined->set_region(region);
    views.Append("member", id, event, at);
  }
  void MoveToTeam(const std::string& id, const std::string& team, int64_t at) {
    events::v1::Event event;
    event.mutable_member()->mutable_member_changed()->set_team(team);
    views.Append("member", id, event, at);
  }
  void Product(const std::string& id, const std::string& name, int64_t at) {
    events::v1::Event event;
    event.mutable_product()->mutable_product_defined()->set_display_name(name);
    views.Append("product", id, event, at);
  }
  void Organization(const std::string& id, const std::string& name, const std::string& sector,
                    int64_t at) {
    events::v1::Event event;
    auto* created = event.mutable_organization()->mutable_organization_created();
    created->set_display_name(name);
    if (!sector.empty()) {
      auto* attribute = created->add_attributes();
      attribute->set_key("sector");
      attribute->set_text(sector);
    }
    views.Append("organization", id, event, at);
  }
  void SetSector(const std::string& id, const std::string& sector, int64_t at) {
    events::v1::Event event;
    auto* attribute =
        event.mutable_organization()->mutable_organization_details_changed()->add_attributes();
    attribute->set_key("sector");
    attribute->set_text(sector);
    views.Append("organization", id, event, at);
  }
  void ChangePipeline(const events::v1::PipelineEvent& change, int64_t at) {
    events::v1::Event event;
    *event.mutable_pipeline() = change;
    views.Append("pipeline", "pipeline_sales", event, at);
  }

  // Asks with defaults: pipeline Sales, now = Day(1000).
  v1::QueryKpiResponse Kpi(v1::Kpi kpi, v1::QueryKpiRequest request = {},
                           const projections::AsKnown& when = {}) const {
    request.set_kpi(kpi);
    if (request.pipeline().empty()) request.set_pipeline("Sales");
    auto reply = projections::QueryKpi(views, request, when, Day(1000));
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::QueryKpiResponse();
  }
  v1::GetBoardResponse Board(v1::GetBoardRequest request = {},
                             const projections::AsKnown& when = {},
                             int64_t now_us = Day(1000)) const {
    if (request.pipeline().empty()) request.set_pipeline("Sales");
    auto reply = projections::GetBoard(views, request, when, now_us);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::GetBoardResponse();
  }
  v1::Deal Deal(const std::string& deal, const projections::AsKnown& when = {}) const {
    auto reply = projections::GetDeal(views, deal, when, Day(1000));
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::Deal();
  }
  // The column of a stage's label or a month.
  v1::BoardColumn Column(const std::string& label, v1::GetBoardRequest request = {},
                         const projections::AsKnown& when = {}) const {
    const v1::GetBoardResponse board = Board(std::move(request), when);
    for (const v1::BoardColumn& column : board.columns()) {
      if (column.stage() == label) return column;
    }
    ADD_FAILURE() << "no column " << label;
    return {};
  }
  // The result of a group (and subgroup); "" = the total.
  static v1::KpiResult Result(const v1::QueryKpiResponse& reply, const std::string& group,
                              const std::string& subgroup = "") {
    for (const v1::KpiResult& result : reply.results()) {
      if (result.group() == group && result.subgroup() == subgroup) return result;
    }
    ADD_FAILURE() << "no result for group \"" << group << "\", \"" << subgroup << "\" in "
                  << reply.ShortDebugString();
    return {};
  }
  static std::vector<std::string> Groups(const v1::QueryKpiResponse& reply) {
    std::vector<std::string> groups;
    for (const v1::KpiResult& result : reply.results()) groups.push_back(result.group());
    return groups;
  }
  static projections::AsKnown AsOf(int64_t at) { return {.as_of_us = at}; }
  static projections::AsKnown KnownAt(uint64_t position) {
    return {.known_position = eventstore::Position{position}};
  }
  // Where the log ends now.
  uint64_t Head() const { return views.position().value; }

  static events::v1::Date ParseDate(const std::string& text) {
    events::v1::Date date;
    date.set_year(std::stoi(text.substr(0, 4)));
    date.set_month(std::stoi(text.substr(5, 2)));
    date.set_day(std::stoi(text.substr(8, 2)));
    return date;
  }

  FoldedTenant views;

 private:
  static void SetMoney(int64_t minor, const std::string& currency, events::v1::Money& money) {
    money.set_currency_code(currency);
    money.set_amount_minor(minor);
  }
  static int PlaceOf(const std::string& stage) {
    const std::vector<std::string> kStages = {"New", "Call", "Offer", "Won", "Signed", "Lost"};
    for (size_t i = 0; i < kStages.size(); ++i) {
      if (kStages[i] == stage) return static_cast<int>(i);
    }
    return 1;  // A stage that the test added, between New and Offer.
  }
  void Add(const std::string& deal, const events::v1::Event& event, int64_t at) {
    views.Append("deal", deal, event, at);
  }
  void AddStage(const std::string& deal, const events::v1::Event& event, const std::string& stage,
                int64_t at) {
    Add(deal, event, at);
    stages_[deal].push_back({views.log.back().header.revision(), stage});
  }

  std::map<std::string, std::vector<std::pair<uint64_t, std::string>>> stages_;
};

}  // namespace dealog::testing
