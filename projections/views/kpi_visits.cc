// KPIs over visits: time in stage, exit split per stage. Visits entered in the period count; exits
// are those as of the instant asked about.

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "eventstore/base/status.h"
#include "projections/views/kpi_durations.h"
#include "projections/views/kpi_query.h"

namespace dealog::projections {
namespace {

ExitKind ExitAt(const Visit& visit, int64_t as_of) {
  return visit.exited_us < as_of ? visit.exit : ExitKind::kStillOpen;
}

// A visit and what it is grouped by.
struct CountedVisit {
  DealIndex deal;
  const Visit& visit;
  const AttributeValues& attributes;  // At its entry.
};

// The reason of the loss that ended the visit's cycle as of then; kNoSymbol if none did.
Symbol ReasonOf(const KpiQuery& query, const CountedVisit& counted) {
  for (const CycleSpan& span : query.snapshot.table().SpansOf(counted.deal)) {
    const bool its = span.cycle == counted.visit.cycle && span.IsCyclesCurrent(query.as_of());
    if (its && span.OutcomeAt(query.as_of()) == Outcome::kLost) return span.reason;
  }
  return kNoSymbol;
}

// Tallies per stage and, within it, per group. Stages come in the pipeline's order; one that the
// pipeline lacks (added after the instant) comes last. Where groups do not overlap, a stage's tally
// is that of its groups. `Tally` says by empty() whether it counted anything.
template <typename Tally>
class StageTallies {
 public:
  explicit StageTallies(KpiQuery& query)
      : query_(query), kind_(KindOf(query.grouper)), row_of_(query.snapshot.symbols().size()) {
    for (const StageAt& stage : query.pipeline.stages) {
      if (stage.open()) Register(stage);
    }
  }

  template <typename Add>
  void Count(const CountedVisit& counted, const Add& add) {
    const Visit& visit = counted.visit;
    Row& row = RowOf(visit.stage);
    if (kind_ == Kind::kUngrouped) return add(row.Of(kWhole));
    CountedEvent event{.deal = counted.deal,
                       .attributes_us = visit.entered_us,
                       .calendar_us = visit.entered_us,
                       .stage = visit.stage,
                       .attributes = &counted.attributes};
    if (kind_ == Kind::kPartitioned) {
      if (query_.grouper.dimension() == Dimension::kLostReason) {
        event.reason = ReasonOf(query_, counted);
      }
      return add(row.Of(PlaceOf(query_.grouper.One(event))));
    }
    add(row.Of(kWhole));
    for (const Grouper::Group group : query_.grouper.Of(event)) add(row.Of(PlaceOf(group)));
  }

  // `write` gets the tallies that a result covers.
  template <typename Write>
  absl::Status WriteAll(Write write, v1::QueryKpiResponse& reply) {
    std::stable_sort(rows_.begin(), rows_.end(),
                     [](const Row& a, const Row& b) { return a.place < b.place; });
    std::vector<const Tally*> all;
    for (const Row& row : rows_) AppendParts(row, all);
    write(all, *reply.add_results());
    const std::vector<Grouper::Group> order = query_.grouper.InOrder();
    for (const Row& row : rows_) {
      std::vector<const Tally*> parts;
      AppendParts(row, parts);
      if (row.only_if_visited && parts.empty()) continue;
      v1::KpiResult& result = *reply.add_results();
      result.set_group(row.stage.label());
      write(parts, result);
      for (const Grouper::Group group : order) {
        if (PlaceOf(group) >= row.tallies.size()) continue;
        const Tally& tally = row.tallies[PlaceOf(group)];
        if (tally.empty()) continue;
        v1::KpiResult& part = *reply.add_results();
        part.set_group(row.stage.label());
        part.set_subgroup(query_.grouper.Label(group));
        write({&tally}, part);
      }
    }
    return absl::OkStatus();
  }

 private:
  enum class Kind { kUngrouped, kPartitioned, kOverlapping };
  static constexpr size_t kWhole = 0;
  struct Row {
    StageAt stage;
    std::string place;  // Rows are written in its order.
    bool only_if_visited = false;
    std::vector<Tally> tallies;  // At kWhole the stage's, unless it is partitioned; then groups'.

    Tally& Of(size_t at) {
      if (at >= tallies.size()) tallies.resize(at + 1);
      return tallies[at];
    }
  };

  static Kind KindOf(const Grouper& grouper) {
    if (!grouper.active()) return Kind::kUngrouped;
    return grouper.dimension() == Dimension::kTag ? Kind::kOverlapping : Kind::kPartitioned;
  }
  static size_t PlaceOf(Grouper::Group group) { return group + 1; }

  // What the stage's tally is made of.
  void AppendParts(const Row& row, std::vector<const Tally*>& parts) const {
    for (size_t i = 0; i < row.tallies.size(); ++i) {
      if (i != kWhole && kind_ != Kind::kPartitioned) break;
      if (!row.tallies[i].empty()) parts.push_back(&row.tallies[i]);
    }
  }
  void Register(const StageAt& stage) {
    rows_.push_back({.stage = stage, .only_if_visited = stage.retired()});
    const Symbol symbol = query_.snapshot.symbols().Find(stage.id());
    if (symbol != kNoSymbol) row_of_[symbol] = static_cast<uint32_t>(rows_.size());
  }
  Row& RowOf(Symbol symbol) {
    if (row_of_[symbol] == 0) {
      const std::string id(query_.snapshot.symbols().Text(symbol));
      const StageAt* known = query_.snapshot.Stage(symbol);
      rows_.push_back({.stage = known != nullptr ? *known : StageAt{}, .place = id});
      if (known == nullptr) rows_.back().stage.definition.set_label(id);
      row_of_[symbol] = static_cast<uint32_t>(rows_.size());
    }
    return rows_[row_of_[symbol] - 1];
  }

  KpiQuery& query_;
  const Kind kind_;
  std::vector<Row> rows_;
  std::vector<uint32_t> row_of_;  // By symbol of the stage: 1 + its row, 0 where it has none yet.
};

template <typename Visitor>
void ForEachVisit(const KpiQuery& query, Visitor visitor) {
  const int64_t end = std::min(query.as_of(), query.to_us);
  const int64_t begin = query.from_us;
  const FactTable& table = query.snapshot.table();
  query.ForEachDeal([&](DealIndex deal) {
    const AttributeValues* attributes = table.VisitAttributesOf(deal).data();
    for (const Visit& visit : table.VisitsOf(deal)) {
      if (visit.entered_us < end && visit.entered_us >= begin) {
        visitor(CountedVisit{.deal = deal, .visit = visit, .attributes = *attributes});
      }
      ++attributes;
    }
  });
}

struct TimeTally {
  int64_t open = 0;
  Durations times;  // Of ended visits.

  int64_t entries() const { return open + static_cast<int64_t>(times.size()); }
  bool empty() const { return entries() == 0; }
};

// Every visit has one exit, if only kStillOpen.
struct ExitTally {
  std::array<int64_t, static_cast<size_t>(ExitKind::kMerged) + 1> exits{};

  int64_t Of(ExitKind kind) const { return exits[static_cast<size_t>(kind)]; }
  int64_t entries() const { return std::accumulate(exits.begin(), exits.end(), int64_t{0}); }
  bool empty() const { return entries() == 0; }
};

void WriteExits(const ExitTally& tally, v1::KpiResult& result) {
  const int64_t advanced = tally.Of(ExitKind::kForward) + tally.Of(ExitKind::kSkipForward);
  const int64_t won = tally.Of(ExitKind::kWon);
  SetRatio(advanced + won, tally.entries(), result);
  result.set_sample_size(tally.entries());
  result.set_advanced(advanced);
  result.set_moved_back(tally.Of(ExitKind::kBackward));
  result.set_won(won);
  result.set_lost(tally.Of(ExitKind::kLost));
  result.set_moved_pipeline(tally.Of(ExitKind::kPipelineChange));
  result.set_admin(tally.Of(ExitKind::kAdmin));
  result.set_deleted(tally.Of(ExitKind::kDeleted));
  result.set_merged(tally.Of(ExitKind::kMerged));
  result.set_still_open(tally.Of(ExitKind::kStillOpen));
}

}  // namespace

absl::Status AnswerStages(KpiQuery& query, v1::QueryKpiResponse& reply) {
  reply.mutable_policies()->set_definition("time_in_stage@1");
  reply.mutable_policies()->set_variant("PER_VISIT");
  reply.mutable_policies()->set_open_visits("EXCLUDE");
  // Results are per stage anyway.
  if (query.grouper.dimension() == Dimension::kStage) query.grouper.Deactivate();
  StageTallies<TimeTally> stages(query);
  ForEachVisit(query, [&](const CountedVisit& counted) {
    const Visit& visit = counted.visit;
    stages.Count(counted, [&](TimeTally& tally) {
      if (visit.exited_us < query.as_of()) {
        tally.times.Add(visit.exited_us - visit.entered_us);
      } else {
        ++tally.open;
      }
    });
  });
  return stages.WriteAll(
      [](const std::vector<const TimeTally*>& tallies, v1::KpiResult& result) {
        std::vector<const Durations*> parts;
        int64_t entries = 0;
        for (const TimeTally* tally : tallies) {
          parts.push_back(&tally->times);
          entries += tally->entries();
        }
        WriteDurations(parts, result);
        result.set_numerator(result.sample_size());
        result.set_denominator(entries);
      },
      reply);
}

absl::Status AnswerExits(KpiQuery& query, v1::QueryKpiResponse& reply) {
  reply.mutable_policies()->set_definition("stage_exit_split@1");
  reply.mutable_policies()->set_variant("WITHOUT_CORRECTED");
  if (query.grouper.dimension() == Dimension::kStage) query.grouper.Deactivate();
  StageTallies<ExitTally> stages(query);
  ForEachVisit(query, [&](const CountedVisit& counted) {
    const auto exit = static_cast<size_t>(ExitAt(counted.visit, query.as_of()));
    stages.Count(counted, [exit](ExitTally& tally) { ++tally.exits[exit]; });
  });
  return stages.WriteAll(
      [](const std::vector<const ExitTally*>& tallies, v1::KpiResult& result) {
        ExitTally sum;
        for (const ExitTally* tally : tallies) {
          for (size_t i = 0; i < sum.exits.size(); ++i) sum.exits[i] += tally->exits[i];
        }
        WriteExits(sum, result);
      },
      reply);
}

}  // namespace dealog::projections
