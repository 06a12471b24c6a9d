#include "projections/views/deals_fold.h"

#include <algorithm>

namespace dealog::projections {
namespace {

using events::v1::MoveDirection;

// A stage event that holds.
struct Step {
  TapeKind kind;
  uint32_t revision;
  int64_t occurred_us;
  Symbol stage;
  Symbol reason;
  MoveDirection direction;
  bool administrative;
  bool new_cycle;
};
using Steps = absl::InlinedVector<Step, 16>;

EntryKind EntryOf(const Step& step) {
  if (step.administrative) return EntryKind::kAdmin;
  switch (step.direction) {
    case MoveDirection::MOVE_DIRECTION_FORWARD:
      return EntryKind::kForward;
    case MoveDirection::MOVE_DIRECTION_SKIP_FORWARD:
      return EntryKind::kSkipForward;
    case MoveDirection::MOVE_DIRECTION_BACKWARD:
      return EntryKind::kBackward;
    default:
      return EntryKind::kAdmin;
  }
}

ExitKind ExitOf(EntryKind entry) {
  switch (entry) {
    case EntryKind::kForward:
      return ExitKind::kForward;
    case EntryKind::kSkipForward:
      return ExitKind::kSkipForward;
    case EntryKind::kBackward:
      return ExitKind::kBackward;
    case EntryKind::kPipelineChange:
      return ExitKind::kPipelineChange;
    default:
      return ExitKind::kAdmin;
  }
}

// Takes compensated steps out. The deal goes on in the visit before; where the compensator says
// another stage (the old one was retired since), an administrative move leads there.
void Compensate(const TapeEvent& event, Steps& steps) {
  const auto target = std::find_if(steps.begin(), steps.end(), [&event](const Step& step) {
    return step.revision == event.target_revision;
  });
  if (target == steps.end() || target == steps.begin()) return;
  if (event.kind == TapeKind::kCloseVoided) {
    steps.erase(target, steps.end());  // With the moves between closed stages that followed.
  } else {
    steps.erase(target);
  }
  if (event.stage == kNoSymbol || steps.back().stage == event.stage) return;
  steps.push_back({.kind = TapeKind::kMoved,
                   .revision = event.revision,
                   .occurred_us = event.occurred_us,
                   .stage = event.stage,
                   .administrative = true});
}

void AddStep(const TapeEvent& event, Steps& steps) {
  steps.push_back({.kind = event.kind,
                   .revision = event.revision,
                   .occurred_us = event.occurred_us,
                   .stage = event.stage,
                   .reason = event.kind == TapeKind::kLost ? event.reason : kNoSymbol,
                   .direction = event.kind == TapeKind::kMoved ? event.direction : MoveDirection{},
                   .administrative = event.kind == TapeKind::kMoved &&
                                     event.cause == events::v1::MOVE_CAUSE_STAGE_RETIRED,
                   .new_cycle = event.kind == TapeKind::kReopened &&
                                event.mode == events::v1::REOPEN_MODE_NEW_CYCLE});
}

void AddChange(const TapeEvent& event, DealField field, FieldValue value, DealFacts& facts) {
  Change change{.at_us = event.occurred_us, .value = value.value};
  change.currency = value.currency;
  change.field = static_cast<uint32_t>(field);
  facts.changes.push_back(change);
}

void AddSymbol(const TapeEvent& event, DealField field, Symbol symbol, DealFacts& facts) {
  AddChange(event, field, {.value = symbol == kNoSymbol ? kUnset : symbol}, facts);
}

void AddAttributes(const TapeEvent& event, int64_t& titled_us, DealFacts& facts) {
  if ((event.sets & kSetsTitle) && event.occurred_us >= titled_us) {
    facts.retitled = event.kind != TapeKind::kOpened;
    facts.title = event.title;
    titled_us = event.occurred_us;
  }
  if (event.sets & kSetsSource) AddSymbol(event, DealField::kSource, event.source, facts);
  if (event.sets & kSetsOrganization) {
    AddSymbol(event, DealField::kOrganization, event.organization, facts);
  }
  if (event.sets & kSetsProduct) AddSymbol(event, DealField::kProduct, event.product, facts);
  if (event.sets & kSetsOwner) AddSymbol(event, DealField::kOwner, event.owner, facts);
  if (event.sets & kSetsAmount) {
    AddChange(event, DealField::kAmount,
              {.value = event.has_amount ? event.amount_minor : kUnset, .currency = event.currency},
              facts);
  }
  if (event.sets & kSetsExpectedClose) {
    AddChange(event, DealField::kExpectedClose,
              {.value = event.has_expected_close ? event.expected_close_day : kUnset}, facts);
  }
}

void AddTags(const TapeEvent& event, DealFacts& facts) {
  for (const Symbol tag : event.tags) {
    facts.tag_changes.push_back({event.occurred_us, tag, !event.removed});
  }
}

void AddContacts(const TapeEvent& event, DealFacts& facts) {
  for (const auto& [id, role] : event.contacts) {
    facts.contact_changes.push_back({event.occurred_us, id, role, !event.removed});
  }
}

// Turns steps into visits, spans and the standing. Stage events never go back in time along the
// stream; should one, it counts as happening with the one before.
class Walk {
 public:
  explicit Walk(DealFacts& facts) : facts_(facts) {}

  void Take(const Step& step, int64_t at) {
    switch (step.kind) {
      case TapeKind::kOpened:
        facts_.opened_us = at;
        BeginSpan(at, at, 1, step.stage);
        BeginVisit(step, at, EntryKind::kCreated);
        break;
      case TapeKind::kMoved:
        Move(step, at);
        break;
      case TapeKind::kWon:
        Close(step, at, Outcome::kWon, ExitKind::kWon);
        break;
      case TapeKind::kLost:
        Close(step, at, Outcome::kLost, ExitKind::kLost);
        break;
      case TapeKind::kReopened:
        Reopen(step, at);
        break;
      default:
        break;
    }
    facts_.standing.stage = step.stage;
    facts_.standing.entered_us = at;
  }

 private:
  bool open() const { return facts_.standing.outcome == Outcome::kOpen; }

  void BeginSpan(int64_t cycle_opened, int64_t at, uint16_t cycle, Symbol first_stage) {
    facts_.spans.push_back({.cycle_opened_us = cycle_opened,
                            .begin_us = at,
                            .first_stage = first_stage,
                            .cycle = cycle});
    facts_.standing.cycle = cycle;
  }
  void BeginVisit(const Step& step, int64_t at, EntryKind entry) {
    facts_.visits.push_back({.entered_us = at,
                             .stage = step.stage,
                             .cycle = facts_.standing.cycle,
                             .entry = entry});
    facts_.standing.last_open_stage = step.stage;
  }
  void EndVisit(int64_t at, ExitKind exit) {
    facts_.visits.back().exited_us = at;
    facts_.visits.back().exit = exit;
  }
  void Move(const Step& step, int64_t at) {
    if (open()) {
      const EntryKind entry = EntryOf(step);
      EndVisit(at, ExitOf(entry));
      BeginVisit(step, at, entry);
      return;
    }
    Change change{.at_us = at, .value = step.stage};
    change.field = static_cast<uint32_t>(DealField::kClosedStage);
    facts_.changes.push_back(change);
  }
  void Close(const Step& step, int64_t at, Outcome outcome, ExitKind exit) {
    if (!open()) return;
    EndVisit(at, exit);
    CycleSpan& span = facts_.spans.back();
    span.closed_us = at;
    span.outcome = outcome;
    span.closed_stage = step.stage;
    span.last_open_stage = facts_.standing.last_open_stage;
    span.reason = step.reason;
    facts_.standing.outcome = outcome;
    facts_.standing.closed_us = at;
    facts_.standing.reason = step.reason;
  }
  void Reopen(const Step& step, int64_t at) {
    if (open()) return;
    CycleSpan& closed = facts_.spans.back();
    closed.reopened_us = at;
    closed.resumed = !step.new_cycle;
    facts_.standing.outcome = Outcome::kOpen;
    facts_.standing.closed_us = kNever;
    facts_.standing.reason = kNoSymbol;
    if (step.new_cycle) {
      BeginSpan(at, at, static_cast<uint16_t>(closed.cycle + 1), step.stage);
    } else {
      const CycleSpan before = closed;
      BeginSpan(before.cycle_opened_us, at, before.cycle, before.first_stage);
    }
    BeginVisit(step, at, EntryKind::kReopened);
  }

  DealFacts& facts_;
};

void Clear(DealFacts& facts) {
  facts.exists = false;
  facts.opened_us = kNever;
  facts.title = {};
  facts.standing = {};
  facts.revision = 0;
  facts.last_position = 0;
  facts.updated_us = 0;
  facts.last_occurred_us = std::numeric_limits<int64_t>::min();
  facts.retitled = false;
  facts.visits.clear();
  facts.spans.clear();
  facts.changes.clear();
  facts.tag_changes.clear();
  facts.contact_changes.clear();
}

// Insertion sort: changes come nearly sorted and are few. Stable.
template <typename Items, typename Less>
void SortFew(Items& items, Less less) {
  for (size_t i = 1; i < items.size(); ++i) {
    for (size_t j = i; j > 0 && less(items[j], items[j - 1]); --j) {
      std::swap(items[j], items[j - 1]);
    }
  }
}

void Settle(DealFacts& facts) {
  SortFew(facts.changes, [](const Change& a, const Change& b) {
    return a.field != b.field ? a.field < b.field : a.at_us < b.at_us;
  });
  const auto earlier = [](const auto& a, const auto& b) { return a.at_us < b.at_us; };
  SortFew(facts.tag_changes, earlier);
  SortFew(facts.contact_changes, earlier);
  for (CycleSpan& span : facts.spans) {
    if (span.closed_us == kNever) continue;
    const FieldValue amount = ValueAt(facts.changes, DealField::kAmount, span.closed_us, kNever);
    if (!amount.set()) continue;
    span.amount_minor = amount.value;
    span.currency = amount.currency;
    // Set at or before the closing, or else by the first change that set one.
    span.amount_since_us = span.closed_us;
    for (const Change& change : facts.changes) {
      if (!change.Is(DealField::kAmount) || change.value == kUnset) continue;
      span.amount_since_us = change.at_us;
      break;
    }
  }
}

}  // namespace

FieldValue DealFacts::Latest(DealField field) const {
  return ValueAt(changes, field, kNever, kNever);
}

std::vector<Symbol> DealFacts::Tags() const {
  std::vector<Symbol> tags;
  for (const TagChange& change : tag_changes) {
    const auto at = std::lower_bound(tags.begin(), tags.end(), change.tag);
    const bool has = at != tags.end() && *at == change.tag;
    if (change.added && !has) tags.insert(at, change.tag);
    if (!change.added && has) tags.erase(at);
  }
  return tags;
}

std::vector<std::pair<std::string_view, std::string_view>> DealFacts::Contacts() const {
  std::vector<std::pair<std::string_view, std::string_view>> contacts;
  for (const ContactChange& change : contact_changes) {
    const auto at = std::find_if(contacts.begin(), contacts.end(), [&change](const auto& contact) {
      return contact.first == change.contact_id;
    });
    if (!change.added) {
      if (at != contacts.end()) contacts.erase(at);
    } else if (at != contacts.end()) {
      at->second = change.role;
    } else {
      contacts.emplace_back(change.contact_id, change.role);
    }
  }
  return contacts;
}

bool FoldTape(std::string_view tape, const Horizon& horizon, DealFacts& facts) {
  Clear(facts);
  Steps steps;
  int64_t titled_us = std::numeric_limits<int64_t>::min();
  TapeReader reader(tape);
  TapeEvent event;
  while (reader.Next(event) && horizon.Knows(event.position)) {
    const bool occurred = event.occurred_us < horizon.as_of_us;
    if (event.kind == TapeKind::kOpened) {
      if (!occurred) return true;  // The deal does not exist then; nor does what came after.
      facts.exists = true;
      facts.pipeline = event.pipeline;
      facts.external_key = event.external_key;
    }
    if (event.kind == TapeKind::kCloseVoided || event.kind == TapeKind::kMoveUndone) {
      Compensate(event, steps);
    } else if (event.kind <= TapeKind::kReopened) {
      AddStep(event, steps);
    }
    if (!occurred) continue;
    facts.revision = event.revision;
    facts.last_position = event.position;
    facts.updated_us = event.recorded_us;
    facts.last_occurred_us = std::max(facts.last_occurred_us, event.occurred_us);
    const bool opened = event.kind == TapeKind::kOpened;
    if (opened || event.kind == TapeKind::kAttributes) AddAttributes(event, titled_us, facts);
    if (opened || event.kind == TapeKind::kTags) AddTags(event, facts);
    if (event.kind == TapeKind::kContacts || (opened && !event.contacts.empty())) {
      AddContacts(event, facts);
    }
  }
  Walk walk(facts);
  int64_t at = std::numeric_limits<int64_t>::min();
  for (const Step& step : steps) {
    at = std::max(at, step.occurred_us);
    if (at >= horizon.as_of_us) break;
    walk.Take(step, at);
  }
  Settle(facts);
  return reader.ok();
}

}  // namespace dealog::projections
