#pragma once

// Random valid histories of deals, as events: moves in every direction, wins, losses, reopenings in
// every mode, undone moves, back-dated attributes, changes of pipelines, members and organizations.
// Deterministic for a seed; deals are interleaved, as in a real log.
//
//   RandomDeals random({.deals = 1000, .seed = 7});
//   random.Generate([&](const LoggedEvent& event) { tenant.Fold(event); });

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/folded_tenant.h"

namespace dealog::testing {

struct RandomDealsOptions {
  int deals = 1000;
  uint64_t seed = 1;
  int active = 50;           // Deals whose events are interleaved.
  int events_per_deal = 12;  // About; a deal gets 5 visits or so.
  int members = 8;
  int organizations = 20;
  double strange = 0.15;  // Chance of a step that most deals never see: undo, void, reopen.
  double catalogue_changes = 0.01;  // Chance per step of a change of a pipeline, member, …
};

// Thread safety: none.
class RandomDeals {
 public:
  using Sink = std::function<void(const LoggedEvent&)>;

  static constexpr const char* kPipeline = "pipeline_sales";
  static constexpr const char* kPipelineName = "Sales";
  static constexpr int kOpenStages = 5;
  static constexpr int64_t kStartUs = 1'483'228'800'000'000;  // 2017-01-01.

  explicit RandomDeals(RandomDealsOptions options) : options_(options), random_(options.seed) {}

  void Generate(const Sink& sink) {
    sink_ = &sink;
    now_us_ = kStartUs;
    MakeCatalogues();
    std::vector<Deal> active;
    int opened = 0;
    while (opened < options_.deals || !active.empty()) {
      if (opened < options_.deals && static_cast<int>(active.size()) < options_.active) {
        active.push_back(Open(opened++));
        continue;
      }
      if (Chance(options_.catalogue_changes)) ChangeCatalogue();
      const size_t at = Below(active.size());
      Step(active[at]);
      if (active[at].steps_left-- > 0) continue;
      std::swap(active[at], active.back());
      active.pop_back();
    }
  }

  // Stage ids: stage_0 … stage_4 are OPEN, stage_won and stage_won_2 WON, stage_lost LOST.
  static std::string OpenStage(int index) { return "stage_" + std::to_string(index); }

 private:
  // A stage event that holds, and the state before it.
  struct StageStep {
    uint64_t revision = 0;
    bool closing = false;
    std::string stage;
    bool open = true;
    int64_t occurred_us = 0;
    uint32_t cycle = 1;
  };
  struct Deal {
    std::string id;
    uint64_t revision = 0;
    int64_t opened_us = 0;
    int steps_left = 0;
    std::vector<StageStep> steps;

    const StageStep& now() const { return steps.back(); }
  };

  size_t Below(size_t limit) { return static_cast<size_t>(random_() % limit); }
  bool Chance(double chance) { return static_cast<double>(random_() >> 11) * 0x1.0p-53 < chance; }
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
  }

  void Emit(std::string_view type, const std::string& id, uint64_t revision,
            events::v1::Event event, int64_t occurred_us) {
    LoggedEvent logged;
    logged.header.set_tenant("test");
    logged.header.mutable_stream()->set_type(std::string(type));
    logged.header.mutable_stream()->set_id(id);
    logged.header.set_revision(revision);
    logged.header.set_position(++position_);
    logged.header.set_recorded_at_us(now_us_);
    logged.header.set_occurred_at_us(occurred_us);
    logged.event = std::move(event);
    (*sink_)(logged);
    // About a year of events, whatever their number; sometimes two in the same second.
    const int64_t year_us = 365LL * 86'400 * 1'000'000;
    const int64_t events = static_cast<int64_t>(options_.deals) * options_.events_per_deal + 1;
    now_us_ += 1 + Between(0, 2 * year_us / events);
  }
  void EmitDeal(Deal& deal, events::v1::Event event, int64_t occurred_us) {
    Emit("deal", deal.id, ++deal.revision, std::move(event), occurred_us);
  }
  // When a stage event happens: now, or a little earlier, never before the last one.
  int64_t StageTime(const Deal& deal) {
    if (Chance(0.1)) return deal.now().occurred_us;
    if (Chance(0.3)) return Between(deal.now().occurred_us, now_us_);
    return now_us_;
  }
  // When an attribute takes its value: now, or back-dated to any time since the opening.
  int64_t AttributeTime(const Deal& deal) {
    return Chance(0.3) ? Between(deal.opened_us, now_us_) : now_us_;
  }

  std::string Member() { return "member_" + std::to_string(Below(options_.members)); }
  std::string Organization() { return "org_" + std::to_string(Below(options_.organizations)); }
  std::string Product() { return "product_" + std::to_string(Below(3)); }
  std::string Source() {
    static constexpr std::array<const char*, 4> kSources = {"web", "fair", "referral", ""};
    return kSources[Below(kSources.size())];
  }
  std::string Tag() {
    static constexpr std::array<const char*, 5> kTags = {"vip", "cold", "north", "renewal", "big"};
    return kTags[Below(kTags.size())];
  }
  void SetAmount(events::v1::Money* amount) {
    amount->set_currency_code("EUR");
    amount->set_amount_minor(Between(0, 1'000'000));
  }
  void SetDate(events::v1::Date* date) {
    date->set_year(2017);
    date->set_month(static_cast<int32_t>(1 + Below(12)));
    date->set_day(static_cast<int32_t>(1 + Below(28)));
  }

  void MakeCatalogues() {
    events::v1::Event tenant;
    auto* created = tenant.mutable_tenant()->mutable_tenant_created();
    created->set_time_zone("Europe/Paris");
    created->set_currency_code("EUR");
    Emit("tenant", "test", 1, tenant, now_us_);
    events::v1::Event event;
    auto* pipeline = event.mutable_pipeline()->mutable_pipeline_created();
    pipeline->set_display_name(kPipelineName);
    pipeline->set_subject(events::v1::PIPELINE_SUBJECT_DEAL);
    const auto add = [&](const std::string& id, events::v1::StageKind kind, double probability) {
      auto* stage = pipeline->add_stages();
      stage->set_stage_id(id);
      stage->set_label("Label of " + id);
      stage->set_kind(kind);
      stage->set_probability(probability);
      if (kind == events::v1::STAGE_KIND_OPEN) stage->set_rot_threshold_seconds(86'400 * 30);
    };
    for (int i = 0; i < kOpenStages; ++i) {
      add(OpenStage(i), events::v1::STAGE_KIND_OPEN, 0.05 + 0.15 * i);
    }
    add("stage_won", events::v1::STAGE_KIND_WON, 1);
    add("stage_won_2", events::v1::STAGE_KIND_WON, 1);
    add("stage_lost", events::v1::STAGE_KIND_LOST, 0);
    Emit("pipeline", kPipeline, ++pipeline_revision_, event, now_us_);
    for (int i = 0; i < options_.members; ++i) MakeMember(i);
    for (int i = 0; i < 3; ++i) {
      events::v1::Event product;
      product.mutable_product()->mutable_product_defined()->set_display_name("Product " +
                                                                             std::to_string(i));
      Emit("product", "product_" + std::to_string(i), 1, product, now_us_);
    }
    for (int i = 0; i < options_.organizations; ++i) MakeOrganization(i);
  }
  void MakeMember(int i) {
    events::v1::Event member;
    auto* defined = member.mutable_member()->mutable_member_defined();
    defined->set_display_name("Member " + std::to_string(i));
    defined->set_team("Team " + std::to_string(i % 3));
    if (i % 4 != 0) defined->set_region("Region " + std::to_string(i % 2));
    const std::string id = "member_" + std::to_string(i);
    Emit("member", id, ++revisions_[id], member, now_us_);
  }
  void MakeOrganization(int i) {
    events::v1::Event organization;
    auto* created = organization.mutable_organization()->mutable_organization_created();
    created->set_display_name("Organization " + std::to_string(i));
    auto* sector = created->add_attributes();
    sector->set_key("sector");
    sector->set_text("Sector " + std::to_string(i % 4));
    auto* size = created->add_attributes();
    size->set_key("size");
    size->set_number(i * 10);
    const std::string id = "org_" + std::to_string(i);
    Emit("organization", id, ++revisions_[id], organization, now_us_);
  }

  // Something besides deals changes, sometimes back-dated.
  void ChangeCatalogue() {
    const int64_t occurred = Chance(0.5) ? now_us_ : Between(kStartUs, now_us_);
    events::v1::Event event;
    switch (Below(5)) {
      case 0: {
        const std::string id = Member();
        event.mutable_member()->mutable_member_changed()->set_team("Team " +
                                                                   std::to_string(Below(4)));
        return Emit("member", id, ++revisions_[id], event, occurred);
      }
      case 1: {
        const std::string id = Organization();
        auto* attribute =
            event.mutable_organization()->mutable_organization_details_changed()->add_attributes();
        attribute->set_key("sector");
        if (Chance(0.8)) attribute->set_text("Sector " + std::to_string(Below(5)));
        return Emit("organization", id, ++revisions_[id], event, occurred);
      }
      case 2: {
        auto* changed = event.mutable_pipeline()->mutable_stage_probability_changed();
        changed->set_stage_id(OpenStage(static_cast<int>(Below(kOpenStages))));
        changed->set_probability(static_cast<double>(Below(100)) / 100);
        break;
      }
      case 3: {
        auto* renamed = event.mutable_pipeline()->mutable_stage_renamed();
        const int stage = static_cast<int>(Below(kOpenStages));
        renamed->set_stage_id(OpenStage(stage));
        renamed->set_label("Label " + std::to_string(pipeline_revision_) + " of " +
                           OpenStage(stage));
        break;
      }
      default: {
        std::vector<std::string> ids;
        for (int i = 0; i < kOpenStages; ++i) ids.push_back(OpenStage(i));
        std::shuffle(ids.begin(), ids.end(), random_);
        for (const char* closed : {"stage_won", "stage_won_2", "stage_lost"}) ids.push_back(closed);
        auto* reordered = event.mutable_pipeline()->mutable_stages_reordered();
        for (const std::string& id : ids) reordered->add_stage_ids(id);
      }
    }
    Emit("pipeline", kPipeline, ++pipeline_revision_, event, occurred);
  }

  Deal Open(int number) {
    Deal deal;
    deal.id = "deal_" + std::to_string(100'000'000 + (number * 7919LL) % 100'000'007);
    deal.steps_left = static_cast<int>(Below(2 * static_cast<size_t>(options_.events_per_deal)));
    deal.opened_us = Chance(0.2) ? Between(kStartUs, now_us_) : now_us_;
    const std::string stage = OpenStage(Chance(0.8) ? 0 : static_cast<int>(Below(kOpenStages)));
    events::v1::Event event;
    auto* opened = event.mutable_deal()->mutable_deal_opened();
    opened->set_pipeline_id(kPipeline);
    opened->set_pipeline_revision(pipeline_revision_);
    opened->set_stage_id(stage);
    opened->set_title("Deal " + std::to_string(number));
    opened->set_source(Source());
    if (Chance(0.8)) opened->set_owner_id(Member());
    if (Chance(0.5)) opened->set_product_id(Product());
    if (Chance(0.7)) opened->set_organization_id(Organization());
    if (Chance(0.6)) SetAmount(opened->mutable_amount());
    if (Chance(0.5)) SetDate(opened->mutable_expected_close_date());
    if (Chance(0.4)) opened->add_tags(Tag());
    EmitDeal(deal, event, deal.opened_us);
    deal.steps.push_back(
        {.revision = deal.revision, .stage = stage, .occurred_us = deal.opened_us});
    return deal;
  }

  void Step(Deal& deal) {
    if (Chance(options_.strange)) return StrangeStep(deal);
    if (Chance(0.35)) return ChangeAttribute(deal);
    if (!deal.now().open) return ChangeAttribute(deal);
    if (Chance(0.15)) return Close(deal, Chance(0.6));
    Move(deal);
  }

  void StrangeStep(Deal& deal) {
    const bool can_undo = deal.steps.size() > 1;
    if (can_undo && Chance(0.5)) return Undo(deal);
    if (deal.now().open) return Move(deal);
    if (Chance(0.3) && deal.now().stage.starts_with("stage_won")) return MoveAmongWon(deal);
    if (Chance(0.4)) return Void(deal);
    Reopen(deal);
  }

  void Move(Deal& deal) {
    const int from = deal.now().stage.back() - '0';
    const int to =
        static_cast<int>((static_cast<size_t>(from) + 1 + Below(kOpenStages - 1)) % kOpenStages);
    const int64_t occurred = StageTime(deal);
    events::v1::Event event;
    auto* moved = event.mutable_deal()->mutable_deal_stage_moved();
    moved->set_from_stage_id(deal.now().stage);
    moved->set_to_stage_id(OpenStage(to));
    moved->set_direction(to == from + 1 ? events::v1::MOVE_DIRECTION_FORWARD
                         : to > from    ? events::v1::MOVE_DIRECTION_SKIP_FORWARD
                                        : events::v1::MOVE_DIRECTION_BACKWARD);
    moved->set_pipeline_revision(pipeline_revision_);
    moved->set_cause(Chance(0.02) ? events::v1::MOVE_CAUSE_STAGE_RETIRED
                                  : events::v1::MOVE_CAUSE_COMMAND);
    EmitDeal(deal, event, occurred);
    Push(deal, OpenStage(to), true, false, occurred, deal.now().cycle);
  }
  void MoveAmongWon(Deal& deal) {
    const std::string to = deal.now().stage == "stage_won" ? "stage_won_2" : "stage_won";
    const int64_t occurred = StageTime(deal);
    events::v1::Event event;
    auto* moved = event.mutable_deal()->mutable_deal_stage_moved();
    moved->set_from_stage_id(deal.now().stage);
    moved->set_to_stage_id(to);
    moved->set_direction(events::v1::MOVE_DIRECTION_SIDEWAYS);
    moved->set_cause(events::v1::MOVE_CAUSE_COMMAND);
    EmitDeal(deal, event, occurred);
    Push(deal, to, false, false, occurred, deal.now().cycle);
  }
  void Close(Deal& deal, bool won) {
    const int64_t occurred = StageTime(deal);
    const std::string stage = won ? "stage_won" : "stage_lost";
    events::v1::Event event;
    if (won) {
      auto* closed = event.mutable_deal()->mutable_deal_won();
      closed->set_from_stage_id(deal.now().stage);
      closed->set_stage_id(stage);
      closed->set_cycle(deal.now().cycle);
    } else {
      auto* closed = event.mutable_deal()->mutable_deal_lost();
      closed->set_from_stage_id(deal.now().stage);
      closed->set_stage_id(stage);
      closed->set_cycle(deal.now().cycle);
      closed->set_reason(Chance(0.5) ? "budget" : "timing");
    }
    EmitDeal(deal, event, occurred);
    Push(deal, stage, false, true, occurred, deal.now().cycle);
  }
  void Reopen(Deal& deal) {
    const bool new_cycle = Chance(0.5);
    const std::string stage = OpenStage(static_cast<int>(Below(kOpenStages)));
    const uint32_t cycle = deal.now().cycle + (new_cycle ? 1 : 0);
    const int64_t occurred = StageTime(deal);
    events::v1::Event event;
    auto* reopened = event.mutable_deal()->mutable_deal_reopened();
    reopened->set_from_stage_id(deal.now().stage);
    reopened->set_stage_id(stage);
    reopened->set_mode(new_cycle ? events::v1::REOPEN_MODE_NEW_CYCLE
                                 : events::v1::REOPEN_MODE_RESUME);
    reopened->set_cycle(cycle);
    EmitDeal(deal, event, occurred);
    Push(deal, stage, true, false, occurred, cycle);
  }
  void Undo(Deal& deal) {
    const StageStep undone = deal.now();
    deal.steps.pop_back();
    events::v1::Event event;
    auto* message = event.mutable_deal()->mutable_deal_move_undone();
    message->set_undone_revision(undone.revision);
    message->set_stage_id(deal.now().stage);
    EmitDeal(deal, event, now_us_);
  }
  void Void(Deal& deal) {
    uint64_t voided = 0;
    while (!deal.now().open) {
      voided = deal.now().revision;
      deal.steps.pop_back();
    }
    events::v1::Event event;
    auto* message = event.mutable_deal()->mutable_deal_close_voided();
    message->set_voided_revision(voided);
    message->set_stage_id(deal.now().stage);
    EmitDeal(deal, event, now_us_);
  }
  void Push(Deal& deal, const std::string& stage, bool open, bool closing, int64_t occurred,
            uint32_t cycle) {
    deal.steps.push_back({.revision = deal.revision,
                          .closing = closing,
                          .stage = stage,
                          .open = open,
                          .occurred_us = occurred,
                          .cycle = cycle});
  }

  void ChangeAttribute(Deal& deal) {
    events::v1::Event event;
    events::v1::DealEvent& change = *event.mutable_deal();
    switch (Below(6)) {
      case 0:
        change.mutable_deal_owner_assigned()->set_owner_id(Chance(0.9) ? Member() : "");
        break;
      case 1:
        change.mutable_deal_amount_changed();
        if (Chance(0.85)) SetAmount(change.mutable_deal_amount_changed()->mutable_amount());
        break;
      case 2:
        change.mutable_deal_expected_close_changed();
        if (Chance(0.85)) {
          SetDate(change.mutable_deal_expected_close_changed()->mutable_expected_close_date());
        }
        break;
      case 3:
        change.mutable_deal_tagged()->add_tags(Tag());
        break;
      case 4:
        change.mutable_deal_untagged()->add_tags(Tag());
        break;
      default:
        if (Chance(0.5)) {
          change.mutable_deal_details_changed()->set_source(Source());
        } else {
          change.mutable_deal_details_changed()->set_organization_id(Organization());
        }
        if (Chance(0.3)) change.mutable_deal_details_changed()->set_title("Renamed " + deal.id);
    }
    EmitDeal(deal, event, AttributeTime(deal));
  }

  const RandomDealsOptions options_;
  std::mt19937_64 random_;
  const Sink* sink_ = nullptr;
  int64_t now_us_ = 0;
  uint64_t position_ = 0;
  uint64_t pipeline_revision_ = 0;
  std::map<std::string, uint64_t> revisions_;
};

}  // namespace dealog::testing
