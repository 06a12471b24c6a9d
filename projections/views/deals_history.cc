#include "projections/views/deals_history.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "projections/states/deal_fields.h"
#include "projections/views/deals_fields.h"
#include "projections/views/deals_message.h"
#include "projections/views/instants.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

using Id = states::DealFieldId;

// Makes intervals of what a field was set to, in any order.
class Intervals {
 public:
  void Add(std::string value, int64_t at_us, Symbol actor, uint64_t position) {
    set_.push_back(
        {.value = std::move(value), .start_us = at_us, .actor = actor, .position = position});
  }
  std::vector<FieldInterval> Take() {
    std::stable_sort(set_.begin(), set_.end(), [](const FieldInterval& a, const FieldInterval& b) {
      return a.start_us < b.start_us;
    });
    std::vector<FieldInterval> intervals;
    for (size_t i = 0; i < set_.size(); ++i) {
      // Of values of one instant the last one holds.
      if (i + 1 < set_.size() && set_[i + 1].start_us == set_[i].start_us) continue;
      if (!intervals.empty() && intervals.back().value == set_[i].value) continue;
      if (!intervals.empty()) intervals.back().end_us = set_[i].start_us;
      intervals.push_back(std::move(set_[i]));
    }
    return intervals;
  }

 private:
  std::vector<FieldInterval> set_;
};

// What a history is asked of. `labels`: names instead of ids.
struct Question {
  const DealsSnapshot& snapshot;
  DealIndex deal;
  bool labels = true;

  std::string Text(Symbol symbol) const { return std::string(snapshot.symbols().Text(symbol)); }
  // Visits the deal's events that count.
  template <typename Visitor>
  void ForEachEvent(Visitor visitor) const {
    TapeReader reader(snapshot.view().TapeOf(deal));
    TapeEvent event;
    while (reader.Next(event) && snapshot.horizon().Knows(event.position)) {
      if (event.occurred_us < snapshot.as_of()) visitor(event);
    }
    DEALOG_CHECK(reader.ok()) << "tapes were checked when they were loaded";
  }
};

// ---- Fields that follow from stage events ----

std::string StageText(const Question& question, const Standing& standing) {
  const StageAt* stage = question.labels ? question.snapshot.Stage(standing.stage) : nullptr;
  return stage != nullptr ? stage->label() : question.Text(standing.stage);
}

std::string StatusText(const Question&, const Standing& standing) {
  return v1::Deal::Status_Name(StatusOf(standing.outcome));
}

std::string ReasonText(const Question& question, const Standing& standing) {
  return question.Text(standing.reason);
}

std::string CycleText(const Question&, const Standing& standing) {
  return absl::StrCat(standing.cycle);
}

using StandingText = std::string (*)(const Question&, const Standing&);

std::vector<FieldInterval> OfStanding(const Question& question, StandingText text) {
  DealFacts facts;
  question.snapshot.view().FactsOf(question.deal, question.snapshot.horizon(), facts);
  Intervals intervals;
  facts.ForEachStanding(
      question.snapshot.as_of(), [&](const StageStep& step, const Standing& standing) {
        intervals.Add(text(question, standing), standing.entered_us, step.actor, step.position);
      });
  return intervals.Take();
}

// ---- Fields that events set to a value ----

std::string LabelText(const Question& question, DealField field, Symbol symbol) {
  switch (field) {
    case DealField::kOwner:
      return std::string(question.snapshot.OwnerLabel(symbol));
    case DealField::kOrganization:
      return std::string(question.snapshot.OrganizationLabel(symbol));
    case DealField::kProduct:
      return std::string(question.snapshot.ProductLabel(symbol));
    default:
      return question.Text(symbol);
  }
}

std::string ValueText(const Question& question, const DealFieldRow& row, const TapeValue& value) {
  const FieldValue& number = value.value;
  switch (row.form) {
    case FieldForm::kSymbol:
      return question.labels ? LabelText(question, row.field, number.symbol())
                             : question.Text(number.symbol());
    case FieldForm::kMoney:
      return number.set() ? MoneyText(number.value, UnpackCurrency(number.currency)) : "";
    case FieldForm::kDay:
      return number.set() ? DateText(DateOfDay(static_cast<int32_t>(number.value))) : "";
    case FieldForm::kText:
      return std::string(value.text);
  }
  return "";
}

std::vector<FieldInterval> OfValues(const Question& question, const DealFieldRow& row) {
  Intervals intervals;
  question.ForEachEvent([&](const TapeEvent& event) {
    if (event.kind != TapeKind::kOpened && event.kind != TapeKind::kAttributes) return;
    for (const TapeValue& value : event.values) {
      if (value.field != row.field) continue;
      intervals.Add(ValueText(question, row, value), event.occurred_us, event.actor,
                    event.position);
    }
  });
  return intervals.Take();
}

// ---- Tags and contacts: what was added and removed ----

struct Membership {
  int64_t at_us;
  std::string member;
  std::string text;
  bool added;
  Symbol actor;
  uint64_t position;
};

std::vector<FieldInterval> OfMembers(std::vector<Membership> changes) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Membership& a, const Membership& b) { return a.at_us < b.at_us; });
  std::map<std::string, std::string> members;
  Intervals intervals;
  for (const Membership& change : changes) {
    if (change.added) {
      if (!change.member.empty()) members[change.member] = change.text;
    } else {
      members.erase(change.member);
    }
    intervals.Add(absl::StrJoin(members, ", ",
                                [](std::string* out, const auto& each) { *out += each.second; }),
                  change.at_us, change.actor, change.position);
  }
  return intervals.Take();
}

std::vector<FieldInterval> OfTags(const Question& question) {
  std::vector<Membership> changes;
  question.ForEachEvent([&](const TapeEvent& event) {
    const bool opened = event.kind == TapeKind::kOpened;
    if (!opened && event.kind != TapeKind::kTags) return;
    const auto add = [&](const std::string& tag) {
      changes.push_back(
          {event.occurred_us, tag, tag, opened || !event.removed, event.actor, event.position});
    };
    if (opened) add("");  // From then on it has tags, if only none.
    for (const Symbol tag : event.tags) add(question.Text(tag));
  });
  return OfMembers(std::move(changes));
}

std::vector<FieldInterval> OfContacts(const Question& question) {
  std::vector<Membership> changes;
  question.ForEachEvent([&](const TapeEvent& event) {
    const bool opened = event.kind == TapeKind::kOpened;
    if (!opened && event.kind != TapeKind::kContacts) return;
    const auto add = [&](std::string id, const std::string& text) {
      changes.push_back({event.occurred_us, std::move(id), text, opened || !event.removed,
                         event.actor, event.position});
    };
    if (opened) add("", "");
    for (const auto& [id, role] : event.contacts) {
      std::string text(id);
      if (!role.empty()) absl::StrAppend(&text, " (", base::View(role), ")");
      add(std::string(id), text);
    }
  });
  return OfMembers(std::move(changes));
}

}  // namespace

absl::StatusOr<std::vector<FieldInterval>> FieldIntervals(const DealsSnapshot& snapshot,
                                                          DealIndex deal, std::string_view name) {
  const auto* field = states::FindField(states::DealFields(), name, states::kTracked);
  if (field == nullptr) {
    return base::InvalidField(
        "field",
        absl::StrCat("expected one of ", states::FieldNames(states::DealFields(), states::kTracked),
                     "; found ", Quoted(name)));
  }
  const Question question{.snapshot = snapshot, .deal = deal, .labels = name != field->id_name};
  if (const DealFieldRow* row = FindDealField(field->id)) return OfValues(question, *row);
  switch (field->id) {
    case Id::kStage:
      return OfStanding(question, StageText);
    case Id::kStatus:
      return OfStanding(question, StatusText);
    case Id::kLostReason:
      return OfStanding(question, ReasonText);
    case Id::kCycle:
      return OfStanding(question, CycleText);
    case Id::kTags:
      return OfTags(question);
    case Id::kContacts:
      return OfContacts(question);
    default:
      break;
  }
  DEALOG_CHECK(false) << "a field that is tracked has a reader: " << std::string(field->name);
  return std::vector<FieldInterval>();
}

}  // namespace dealog::projections
