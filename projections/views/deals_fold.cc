#include "projections/views/deals_fold.h"

#include <algorithm>
#include <limits>

namespace dealog::projections {
namespace {

using events::v1::MoveDirection;

constexpr int64_t kBeforeAll = std::numeric_limits<int64_t>::min();

EntryKind EntryOf(const StageStep& step) {
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

// The value at an instant as AttributeValues hold it.
uint32_t AttributeAt(const ChangeList& changes, int64_t instant) {
  const ValueThen then = ValueAt(changes, instant, kNever);
  return then.value.symbol() | (then.later ? kSetLater : 0);
}

// `tags` is sorted.
void ApplyTagChange(const DealFacts::TagChange& change, std::vector<Symbol>& tags) {
  if (change.tag == kNoSymbol) return;
  const auto at = std::lower_bound(tags.begin(), tags.end(), change.tag);
  const bool has = at != tags.end() && *at == change.tag;
  if (change.added && !has) tags.insert(at, change.tag);
  if (!change.added && has) tags.erase(at);
}

}  // namespace

// Turns steps into visits, spans and the standing, one after another.
class StageWalk {
 public:
  explicit StageWalk(DealFacts& facts) : facts_(facts) {}

  void Take(const StageStep& step, int64_t at) {
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
    facts_.SetAttributesOfSpan(facts_.spans.size() - 1);
  }
  void BeginVisit(const StageStep& step, int64_t at, EntryKind entry) {
    facts_.visits.push_back(
        {.entered_us = at, .stage = step.stage, .cycle = facts_.standing.cycle, .entry = entry});
    facts_.standing.last_open_stage = step.stage;
    facts_.SetAttributesOfVisit(facts_.visits.size() - 1);
  }
  void EndVisit(int64_t at, ExitKind exit) {
    facts_.visits.back().exited_us = at;
    facts_.visits.back().exit = exit;
  }
  void Move(const StageStep& step, int64_t at) {
    if (open()) {
      const EntryKind entry = EntryOf(step);
      EndVisit(at, ExitOf(entry));
      BeginVisit(step, at, entry);
      return;
    }
    facts_.AddChange(DealField::kClosedStage, at, {.value = step.stage});
  }
  void Close(const StageStep& step, int64_t at, Outcome outcome, ExitKind exit) {
    if (!open()) return;
    EndVisit(at, exit);
    CycleSpan& span = facts_.spans.back();
    span.closed_us = at;
    span.outcome = outcome;
    span.closed_stage = step.stage;
    span.last_open_stage = facts_.standing.last_open_stage;
    span.reason = step.reason;
    facts_.SetAmountOfSpan(span);
    facts_.SetAttributesOfSpan(facts_.spans.size() - 1);
    facts_.standing.outcome = outcome;
    facts_.standing.closed_us = at;
    facts_.standing.reason = step.reason;
  }
  void Reopen(const StageStep& step, int64_t at) {
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

void DealFacts::Clear(int64_t as_of_us) {
  exists = false;
  newer = false;
  pipeline = kNoSymbol;
  revision = 0;
  last_position = 0;
  updated_us = 0;
  last_occurred_us = kBeforeAll;
  retitled = false;
  title.clear();
  external_key.clear();
  for (ChangeList& list : changes) list.Clear();
  tag_changes.Clear();
  contact_changes.Clear();
  as_of_us_ = as_of_us;
  ended_ = false;
  titled_us_ = kBeforeAll;
  steps_.clear();
  tags_pending_ = false;
  compensated_ = true;
  SettleSteps();
}

void DealFacts::Take(const TapeEvent& event) {
  const bool occurred = event.occurred_us < as_of_us_;
  if (event.kind == TapeKind::kOpened) {
    ended_ = !occurred;  // The deal does not exist then; nor does what came after.
    if (ended_) return;
    exists = true;
    pipeline = event.pipeline;
    external_key.assign(event.external_key);
  }
  if (event.kind == TapeKind::kCloseVoided || event.kind == TapeKind::kMoveUndone) {
    Compensate(event);
  } else if (event.kind <= TapeKind::kReopened) {
    AddStep(event);
  }
  if (!occurred) return;
  newer = newer || event.newer;
  revision = event.revision;
  last_position = event.position;
  updated_us = event.recorded_us;
  last_occurred_us = std::max(last_occurred_us, event.occurred_us);
  const bool opened = event.kind == TapeKind::kOpened;
  if (opened || event.kind == TapeKind::kAttributes) TakeValues(event);
  if (opened || event.kind == TapeKind::kTags) TakeTags(event);
  if (opened || event.kind == TapeKind::kContacts) {
    for (const auto& [id, role] : event.contacts) {
      contact_changes.Insert(
          {event.occurred_us, std::string(id), std::string(role), opened || !event.removed});
    }
  }
}

void DealFacts::AddStep(const TapeEvent& event) {
  steps_.push_back({.kind = event.kind,
                    .revision = event.revision,
                    .position = event.position,
                    .occurred_us = event.occurred_us,
                    .stage = event.stage,
                    .reason = event.kind == TapeKind::kLost ? event.reason : kNoSymbol,
                    .actor = event.actor,
                    .direction = event.kind == TapeKind::kMoved ? event.direction : MoveDirection{},
                    .administrative = event.kind == TapeKind::kMoved &&
                                      event.cause == events::v1::MOVE_CAUSE_STAGE_RETIRED,
                    .new_cycle = event.kind == TapeKind::kReopened &&
                                 event.mode == events::v1::REOPEN_MODE_NEW_CYCLE});
}

// Takes compensated steps out. The deal goes on in the visit before; where the compensator says
// another stage (the old one was retired since), an administrative move leads there.
void DealFacts::Compensate(const TapeEvent& event) {
  const auto target = std::lower_bound(
      steps_.begin(), steps_.end(), event.target_revision,
      [](const StageStep& step, uint32_t revision) { return step.revision < revision; });
  if (target == steps_.end() || target == steps_.begin()) return;
  if (target->revision != event.target_revision) return;
  compensated_ = compensated_ || static_cast<size_t>(target - steps_.begin()) < walked_;
  if (event.kind == TapeKind::kCloseVoided) {
    steps_.erase(target, steps_.end());  // With the moves between closed stages that followed.
  } else {
    steps_.erase(target);
  }
  if (event.stage == kNoSymbol || steps_.back().stage == event.stage) return;
  steps_.push_back({.kind = TapeKind::kMoved,
                    .revision = event.revision,
                    .position = event.position,
                    .occurred_us = event.occurred_us,
                    .stage = event.stage,
                    .actor = event.actor,
                    .administrative = true});
}

void DealFacts::TakeValues(const TapeEvent& event) {
  for (const TapeValue& value : event.values) {
    if (value.field != DealField::kTitle) {
      AddChange(value.field, event.occurred_us, value.value);
    } else if (event.occurred_us >= titled_us_) {
      retitled = event.kind != TapeKind::kOpened;
      title.assign(value.text);
      titled_us_ = event.occurred_us;
    }
  }
}

void DealFacts::TakeTags(const TapeEvent& event) {
  const bool opened = event.kind == TapeKind::kOpened;
  // The opening is an instant of its own, with or without tags: every field has a value from then.
  if (opened) tag_changes.Insert({.at_us = event.occurred_us});
  for (const Symbol tag : event.tags) {
    tag_changes.Insert({event.occurred_us, tag, opened || !event.removed});
  }
  if (tag_sets_ == nullptr) return;
  tags_first_us_ = tags_pending_ ? std::min(tags_first_us_, event.occurred_us) : event.occurred_us;
  tags_last_us_ = tags_pending_ ? std::max(tags_last_us_, event.occurred_us) : event.occurred_us;
  tags_pending_ = true;
}

void DealFacts::AddChange(DealField field, int64_t at_us, const FieldValue& value) {
  ChangeList& list = changes[NumberOf(field)];
  const Change* first = list.FirstSet();
  const bool had_value = first != nullptr;
  const int64_t first_us = had_value ? first->at_us : kNever;
  Change change{.at_us = at_us, .value = value.value};
  change.currency = value.currency;
  change.field = static_cast<uint32_t>(field);
  list.Insert(change);
  if (at_us >= first_us) {
    const Change* next = list.FirstAfter(at_us);
    Refresh(field, at_us, next == nullptr ? kNever : next->at_us - 1);
  } else if (value.set()) {  // The first value there ever was: every instant before has it, too.
    Refresh(field, kBeforeAll, had_value ? first_us - 1 : kNever);
  }
}

void DealFacts::Settle() {
  SettleTags();
  SettleSteps();
}

// One change per instant at which tags changed, holding the set of all tags then. From the first
// new instant on, sets are made anew until one is what it was.
void DealFacts::SettleTags() {
  if (!tags_pending_) return;
  tags_pending_ = false;
  ChangeList& list = changes[NumberOf(DealField::kTags)];
  const auto first_set = [&list] {
    const Change* first = list.FirstSet();
    return first == nullptr ? Change{.at_us = kNever} : *first;
  };
  const Change first_before = first_set();
  std::vector<Symbol> set;
  if (const Change* before = list.LastBefore(tags_first_us_)) {
    set = tag_sets_->Set(before->field_value().symbol());
  }
  int64_t settled_us = kNever;  // From then on sets are what they were.
  auto at = tag_changes.FirstFrom(tags_first_us_);
  while (!tag_changes.AtEnd(at)) {
    const int64_t instant = tag_changes[at].at_us;
    for (; !tag_changes.AtEnd(at) && tag_changes[at].at_us == instant; at = tag_changes.Next(at)) {
      ApplyTagChange(tag_changes[at], set);
    }
    Change change{.at_us = instant, .value = set.empty() ? kUnset : tag_sets_->Intern(set)};
    change.field = static_cast<uint32_t>(DealField::kTags);
    const Change* stored = list.LastBefore(instant + 1);
    const bool same =
        stored != nullptr && stored->at_us == instant && stored->value == change.value;
    if (same && instant > tags_last_us_) {
      settled_us = instant;
      break;
    }
    if (!same) list.Put(change);
  }
  const Change first_after = first_set();
  if (first_before.at_us != first_after.at_us || first_before.value != first_after.value) {
    return Refresh(DealField::kTags, kBeforeAll, kNever);
  }
  Refresh(DealField::kTags, tags_first_us_, settled_us == kNever ? kNever : settled_us - 1);
}

void DealFacts::SettleSteps() {
  if (compensated_) {
    compensated_ = false;
    opened_us = kNever;
    standing = {};
    visits.clear();
    spans.clear();
    visit_attributes.clear();
    span_attributes.clear();
    changes[NumberOf(DealField::kClosedStage)].Clear();
    walked_ = 0;
    walked_us_ = kBeforeAll;
  }
  StageWalk walk(*this);
  for (; walked_ < steps_.size(); ++walked_) {
    const StageStep& step = steps_[walked_];
    // Stage events never go back in time along the stream; should one, it counts as happening with
    // the one before.
    const int64_t at_us = std::max(walked_us_, step.occurred_us);
    if (at_us >= as_of_us_) break;
    walked_us_ = at_us;
    walk.Take(step, at_us);
  }
}

void DealFacts::ForEachStanding(
    int64_t as_of_us,
    const std::function<void(const StageStep& step, const Standing& standing)>& visitor) const {
  DealFacts walked;
  walked.as_of_us_ = as_of_us;
  for (const StageStep& step : steps_) {
    walked.steps_.push_back(step);
    walked.SettleSteps();
    if (walked.walked_ < walked.steps_.size()) return;
    visitor(step, walked.standing);
  }
}

void DealFacts::Refresh(DealField field, int64_t begin_us, int64_t last_us) {
  const size_t number = NumberOf(field);
  const ChangeList& list = changes[number];
  const auto from = [begin_us](auto& rows, auto instant_of) {
    return static_cast<size_t>(
        std::partition_point(rows.begin(), rows.end(),
                             [&](const auto& row) { return instant_of(row) < begin_us; }) -
        rows.begin());
  };
  const auto closed = [](const CycleSpan& span) { return span.closed_us; };
  if (field == DealField::kAmount) {
    // Before the first value, all of them say since when there was one.
    const int64_t last = begin_us == kBeforeAll ? kNever : last_us;
    for (size_t i = from(spans, closed); i < spans.size() && spans[i].closed_us <= last; ++i) {
      SetAmountOfSpan(spans[i]);
    }
  }
  if (number >= kSymbolFieldCount || tag_sets_ == nullptr) return;
  // Mostly one value holds throughout: then it is looked up once.
  const Change* next = list.FirstAfter(begin_us);
  const bool one_value = begin_us != kBeforeAll && (next == nullptr || next->at_us > last_us);
  const uint32_t value = AttributeAt(list, begin_us);
  const auto value_at = [&](int64_t at_us) { return one_value ? value : AttributeAt(list, at_us); };
  const auto entered = [](const Visit& visit) { return visit.entered_us; };
  for (size_t i = from(visits, entered); i < visits.size() && entered(visits[i]) <= last_us; ++i) {
    visit_attributes[i][number] = value_at(entered(visits[i]));
  }
  const auto opened = [](const CycleSpan& span) { return span.cycle_opened_us; };
  for (size_t i = from(spans, opened); i < spans.size() && opened(spans[i]) <= last_us; ++i) {
    span_attributes[i].opened[number] = value_at(opened(spans[i]));
  }
  for (size_t i = from(spans, closed); i < spans.size() && closed(spans[i]) <= last_us; ++i) {
    span_attributes[i].closed[number] = value_at(closed(spans[i]));
  }
}

void DealFacts::SetAttributesOfVisit(size_t visit) {
  if (tag_sets_ == nullptr) return;
  if (visit_attributes.size() <= visit) visit_attributes.resize(visit + 1);
  for (size_t number = 0; number < kSymbolFieldCount; ++number) {
    visit_attributes[visit][number] = AttributeAt(changes[number], visits[visit].entered_us);
  }
}

void DealFacts::SetAttributesOfSpan(size_t span) {
  if (tag_sets_ == nullptr) return;
  if (span_attributes.size() <= span) span_attributes.resize(span + 1);
  for (size_t number = 0; number < kSymbolFieldCount; ++number) {
    SpanAttributes& attributes = span_attributes[span];
    attributes.opened[number] = AttributeAt(changes[number], spans[span].cycle_opened_us);
    attributes.closed[number] = AttributeAt(changes[number], spans[span].closed_us);
  }
}

void DealFacts::SetAmountOfSpan(CycleSpan& span) const {
  span.amount_minor = 0;
  span.currency = 0;
  span.amount_since_us = kNever;
  if (span.closed_us == kNever) return;
  const ChangeList& amounts = ChangesOf(DealField::kAmount);
  const FieldValue amount = ValueAt(amounts, span.closed_us, kNever).value;
  if (!amount.set()) return;
  span.amount_minor = amount.value;
  span.currency = amount.currency;
  span.amount_since_us = amounts.FirstSet()->at_us;
}

FieldValue DealFacts::Latest(DealField field) const {
  const ChangeList& list = ChangesOf(field);
  return list.empty() ? FieldValue() : list.back().field_value();
}

DealFieldMask DealFacts::changing() const {
  DealFieldMask mask = retitled ? MaskOf(DealField::kTitle) : 0;
  for (size_t number = 0; number < changes.size(); ++number) {
    const auto field = static_cast<DealField>(number);
    // A deal need not ever move between closed stages: there, one move is a change.
    const size_t constant = field == DealField::kClosedStage ? 0 : 1;
    if (changes[number].size() > constant) mask |= MaskOf(field);
  }
  return mask;
}

std::vector<Symbol> DealFacts::Tags() const {
  if (tag_sets_ != nullptr) return tag_sets_->Set(Latest(DealField::kTags).symbol());
  std::vector<Symbol> tags;
  tag_changes.ForEach([&tags](const TagChange& change) { ApplyTagChange(change, tags); });
  return tags;
}

std::vector<std::pair<std::string_view, std::string_view>> DealFacts::Contacts() const {
  std::vector<std::pair<std::string_view, std::string_view>> contacts;
  contact_changes.ForEach([&contacts](const ContactChange& change) {
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
  });
  return contacts;
}

bool FoldTape(const Tape& tape, const Horizon& horizon, DealFacts& facts) {
  facts.Clear(horizon.as_of_us);
  TapeReader reader(tape);
  TapeEvent event;
  while (reader.Next(event) && horizon.Knows(event.position)) {
    facts.Take(event);
    if (facts.ended()) return true;
  }
  facts.Settle();
  return reader.ok();
}

}  // namespace dealog::projections
