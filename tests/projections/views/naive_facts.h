#pragma once

// A second, independent reading of docs/kpi.md, as plain as can be: maps, sorts and whole passes
// over the events. The views must say the same.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "tests/support/folded_tenant.h"

namespace dealog::projections::naive {

using dealog::testing::LoggedEvent;

struct Visit {
  std::string deal;
  int cycle = 0;
  std::string stage;
  int64_t entered = 0;
  std::optional<int64_t> exited;
  std::string exit = "still_open";
};

struct Cycle {
  std::string deal;
  int number = 0;
  int64_t opened = 0;
  std::string outcome = "OPEN";
  int64_t closed = 0;
  std::string reason;
  std::string first_stage;
  std::string last_open_stage;
};

// A value that something took at an instant.
template <typename T>
struct Timed {
  int64_t at;
  uint64_t position;
  T value;  // T() = none.
};

// The value at an instant: the last one until then that had occurred before as_of, else the first
// that is one.
template <typename T>
T ValueAt(std::vector<Timed<T>> values, int64_t instant, int64_t as_of = INT64_MAX) {
  std::stable_sort(values.begin(), values.end(), [](const auto& a, const auto& b) {
    return std::pair(a.at, a.position) < std::pair(b.at, b.position);
  });
  bool any_before = false;
  T value{};
  for (const auto& each : values) {
    if (each.at > instant || each.at >= as_of) break;
    if (each.value != T()) any_before = true;
    value = each.value;
  }
  if (any_before) return value;
  for (const auto& each : values) {
    if (each.value != T()) return each.value;
  }
  return T();
}

struct Deal {
  int64_t opened = 0;
  std::vector<Timed<std::string>> owner, source, organization, product, title;
  std::vector<Timed<std::optional<int64_t>>> amount;
  std::vector<Timed<std::optional<int64_t>>> expected;  // year x 10000 + month x 100 + day.
  std::vector<Timed<std::pair<std::string, bool>>> tags;
  std::string stage;
  int64_t stage_entered = 0;
  bool open = true;

  std::set<std::string> TagsAt(int64_t instant) const {
    std::vector<Timed<std::pair<std::string, bool>>> changes = tags;
    std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) {
      return std::pair(a.at, a.position) < std::pair(b.at, b.position);
    });
    std::set<std::string> now;
    std::set<std::string> first;  // The first that is not empty, once its instant is over.
    bool any_before = false;
    for (size_t i = 0; i < changes.size(); ++i) {
      const auto& change = changes[i];
      if (change.at > instant && any_before) break;
      if (change.at > instant && !first.empty()) break;
      if (change.value.second) {
        now.insert(change.value.first);
      } else {
        now.erase(change.value.first);
      }
      if (change.at <= instant) {
        // Only sets that held between two instants count as values.
        const bool settled = i + 1 == changes.size() || changes[i + 1].at != change.at;
        if (settled && !now.empty()) any_before = true;
      } else if (i + 1 == changes.size() || changes[i + 1].at != change.at) {
        first = now;
      }
    }
    return any_before ? now : first;
  }
};

// All facts within a horizon.
struct Facts {
  std::map<std::string, Deal> deals;
  std::vector<Visit> visits;
  std::vector<Cycle> cycles;
  int64_t as_of = INT64_MAX;
  std::map<std::string, std::vector<Timed<std::string>>> team;    // By member.
  std::map<std::string, std::vector<Timed<std::string>>> sector;  // By organization.
};

inline std::string ExitOf(const events::v1::DealStageMoved& moved) {
  if (moved.cause() == events::v1::MOVE_CAUSE_STAGE_RETIRED) return "admin";
  switch (moved.direction()) {
    case events::v1::MOVE_DIRECTION_FORWARD:
    case events::v1::MOVE_DIRECTION_SKIP_FORWARD:
      return "advanced";
    case events::v1::MOVE_DIRECTION_BACKWARD:
      return "moved_back";
    default:
      return "admin";
  }
}

inline void AddStageEvent(const LoggedEvent& logged, int64_t at, Facts& facts) {
  const std::string& id = logged.header.stream().id();
  const events::v1::DealEvent& event = logged.event.deal();
  Deal& deal = facts.deals[id];
  const auto enter = [&](const std::string& stage) {
    facts.visits.push_back({id, facts.cycles.back().number, stage, at, {}, "still_open"});
  };
  const auto leave = [&](const std::string& exit) {
    facts.visits.back().exited = at;
    facts.visits.back().exit = exit;
  };
  const auto close = [&](const std::string& outcome, const std::string& reason) {
    Cycle& cycle = facts.cycles.back();
    cycle.outcome = outcome;
    cycle.closed = at;
    cycle.reason = reason;
    cycle.last_open_stage = facts.visits.back().stage;
    leave(outcome == "WON" ? "won" : "lost");
    deal.open = false;
  };
  if (event.has_deal_opened()) {
    const std::string& stage = event.deal_opened().stage_id();
    facts.cycles.push_back({.deal = id, .number = 1, .opened = at, .first_stage = stage});
    enter(stage);
    deal.stage = stage;
  } else if (event.has_deal_stage_moved()) {
    deal.stage = event.deal_stage_moved().to_stage_id();
    if (deal.open) {
      leave(ExitOf(event.deal_stage_moved()));
      enter(deal.stage);
    }
  } else if (event.has_deal_won()) {
    close("WON", "");
    deal.stage = event.deal_won().stage_id();
  } else if (event.has_deal_lost()) {
    close("LOST", event.deal_lost().reason());
    deal.stage = event.deal_lost().stage_id();
  } else {
    deal.stage = event.deal_reopened().stage_id();
    deal.open = true;
    if (event.deal_reopened().mode() == events::v1::REOPEN_MODE_NEW_CYCLE) {
      facts.cycles.push_back({.deal = id,
                              .number = facts.cycles.back().number + 1,
                              .opened = at,
                              .first_stage = deal.stage});
    } else {
      Cycle& cycle = facts.cycles.back();
      cycle.outcome = "OPEN";
      cycle.reason.clear();
    }
    enter(deal.stage);
  }
  deal.stage_entered = at;
}

inline int64_t Number(const events::v1::Date& date) {
  return date.year() * 10000 + date.month() * 100 + date.day();
}

inline void AddAttributes(const LoggedEvent& logged, Deal& deal) {
  const int64_t at = logged.header.occurred_at_us();
  const uint64_t position = logged.header.position();
  const events::v1::DealEvent& event = logged.event.deal();
  if (event.has_deal_opened()) {
    const auto& opened = event.deal_opened();
    deal.opened = at;
    deal.owner.push_back({at, position, opened.owner_id()});
    deal.source.push_back({at, position, opened.source()});
    deal.organization.push_back({at, position, opened.organization_id()});
    deal.product.push_back({at, position, opened.product_id()});
    deal.title.push_back({at, position, opened.title()});
    deal.amount.push_back({at, position, {}});
    if (opened.has_amount()) deal.amount.back().value = opened.amount().amount_minor();
    deal.expected.push_back({at, position, {}});
    if (opened.has_expected_close_date()) {
      deal.expected.back().value = Number(opened.expected_close_date());
    }
    for (const std::string& tag : opened.tags()) deal.tags.push_back({at, position, {tag, true}});
  }
  if (event.has_deal_owner_assigned()) {
    deal.owner.push_back({at, position, event.deal_owner_assigned().owner_id()});
  }
  if (event.has_deal_amount_changed()) {
    deal.amount.push_back({at, position, {}});
    const auto& changed = event.deal_amount_changed();
    if (changed.has_amount()) deal.amount.back().value = changed.amount().amount_minor();
  }
  if (event.has_deal_expected_close_changed()) {
    deal.expected.push_back({at, position, {}});
    const auto& changed = event.deal_expected_close_changed();
    if (changed.has_expected_close_date()) {
      deal.expected.back().value = Number(changed.expected_close_date());
    }
  }
  if (event.has_deal_details_changed()) {
    const auto& changed = event.deal_details_changed();
    if (changed.has_source()) deal.source.push_back({at, position, changed.source()});
    if (changed.has_title()) deal.title.push_back({at, position, changed.title()});
    if (changed.has_organization_id()) {
      deal.organization.push_back({at, position, changed.organization_id()});
    }
  }
  for (const std::string& tag : event.deal_tagged().tags()) {
    deal.tags.push_back({at, position, {tag, true}});
  }
  for (const std::string& tag : event.deal_untagged().tags()) {
    deal.tags.push_back({at, position, {tag, false}});
  }
}

// Revisions of a deal's events that never were true, and of those that say so.
inline std::set<uint64_t> Compensated(const std::vector<LoggedEvent>& events) {
  std::set<uint64_t> gone;
  for (const LoggedEvent& logged : events) {
    const events::v1::DealEvent& event = logged.event.deal();
    const uint64_t revision = logged.header.revision();
    if (event.has_deal_move_undone()) {
      gone.insert(revision);
      gone.insert(event.deal_move_undone().undone_revision());
    }
    if (!event.has_deal_close_voided()) continue;
    gone.insert(revision);
    const uint64_t voided = event.deal_close_voided().voided_revision();
    gone.insert(voided);
    for (const LoggedEvent& other : events) {
      const uint64_t between = other.header.revision();
      if (between > voided && between < revision && other.event.deal().has_deal_stage_moved()) {
        gone.insert(between);
      }
    }
  }
  return gone;
}

inline bool IsStageEvent(const events::v1::DealEvent& event) {
  return event.has_deal_opened() || event.has_deal_stage_moved() || event.has_deal_won() ||
         event.has_deal_lost() || event.has_deal_reopened();
}

// Events up to a position that had occurred before an instant and were not compensated.
inline std::vector<LoggedEvent> Within(const std::vector<LoggedEvent>& log, uint64_t known_position,
                                       int64_t as_of) {
  std::map<std::string, std::vector<LoggedEvent>> by_deal;
  for (const LoggedEvent& logged : log) {
    if (logged.header.position() > known_position || !logged.event.has_deal()) continue;
    by_deal[logged.header.stream().id()].push_back(logged);
  }
  std::map<std::string, std::set<uint64_t>> gone;
  for (const auto& [id, events] : by_deal) gone[id] = Compensated(events);
  std::vector<LoggedEvent> within;
  for (const LoggedEvent& logged : log) {
    if (logged.header.position() > known_position) continue;
    if (logged.header.occurred_at_us() >= as_of) continue;
    if (logged.event.has_deal() &&
        gone[logged.header.stream().id()].contains(logged.header.revision())) {
      continue;
    }
    within.push_back(logged);
  }
  return within;
}

inline void AddReferences(const LoggedEvent& logged, Facts& facts) {
  const std::string& id = logged.header.stream().id();
  const int64_t at = logged.header.occurred_at_us();
  const uint64_t position = logged.header.position();
  const auto& member = logged.event.member();
  if (member.has_member_defined()) {
    facts.team[id].push_back({at, position, member.member_defined().team()});
  }
  if (member.member_changed().has_team()) {
    facts.team[id].push_back({at, position, member.member_changed().team()});
  }
  const auto& organization = logged.event.organization();
  for (const auto& attribute : organization.organization_created().attributes()) {
    if (attribute.key() == "sector") {
      facts.sector[id].push_back({at, position, attribute.text()});
    }
  }
  for (const auto& attribute : organization.organization_details_changed().attributes()) {
    if (attribute.key() == "sector") {
      facts.sector[id].push_back({at, position, attribute.text()});
    }
  }
}

inline Facts Fold(const std::vector<LoggedEvent>& log, uint64_t known_position, int64_t as_of) {
  Facts facts;
  std::map<std::string, std::vector<LoggedEvent>> by_deal;
  facts.as_of = as_of;
  // Reference records' first values hold also before they were entered: all that is known of them.
  for (const LoggedEvent& logged : Within(log, known_position, INT64_MAX)) {
    AddReferences(logged, facts);
  }
  for (const LoggedEvent& logged : Within(log, known_position, as_of)) {
    const std::string& id = logged.header.stream().id();
    if (logged.event.has_deal()) by_deal[id].push_back(logged);
  }
  for (const auto& [id, events] : by_deal) {
    if (!events.front().event.deal().has_deal_opened()) continue;  // Not opened by then.
    for (const LoggedEvent& logged : events) {
      AddAttributes(logged, facts.deals[id]);
      if (IsStageEvent(logged.event.deal())) {
        AddStageEvent(logged, logged.header.occurred_at_us(), facts);
      }
    }
  }
  return facts;
}

inline std::string MonthOf(int64_t instant, const std::string& zone_name) {
  absl::TimeZone zone;
  DEALOG_CHECK(absl::LoadTimeZone(zone_name, &zone)) << zone_name;
  const absl::CivilDay day = absl::ToCivilDay(absl::FromUnixMicros(instant), zone);
  return absl::StrFormat("%04d-%02d", day.year(), day.month());
}

// Groups of a deal at an instant; `month` is cut at another one.
inline std::set<std::string> GroupsOf(const Facts& facts, const std::string& deal_id,
                                      const std::string& dimension, int64_t at, int64_t month_at) {
  const Deal& deal = facts.deals.at(deal_id);
  const auto named = [](const std::string& label) {
    return std::set<std::string>{label.empty() ? "(none)" : label};
  };
  const std::string owner = ValueAt(deal.owner, at);
  if (dimension.empty()) return {};
  if (dimension == "owner") {
    return named(owner.empty() ? "" : "Member " + owner.substr(std::string("member_").size()));
  }
  if (dimension == "team") {
    const auto team = facts.team.find(owner);
    return named(team == facts.team.end() ? "" : ValueAt(team->second, at, facts.as_of));
  }
  if (dimension == "source") return named(ValueAt(deal.source, at));
  if (dimension == "organization.sector") {
    const auto sector = facts.sector.find(ValueAt(deal.organization, at));
    return named(sector == facts.sector.end() ? "" : ValueAt(sector->second, at, facts.as_of));
  }
  if (dimension == "tag") {
    const std::set<std::string> tags = deal.TagsAt(at);
    return tags.empty() ? named("") : tags;
  }
  return named(MonthOf(month_at, "Europe/Paris"));
}

}  // namespace dealog::projections::naive
