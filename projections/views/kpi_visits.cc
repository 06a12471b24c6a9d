// KPIs over visits: time in stage, exit split per stage. Visits entered in the period count; exits
// are those as of the instant asked about.

#include <algorithm>
#include <array>

#include "eventstore/base/status.h"
#include "projections/views/kpi_durations.h"
#include "projections/views/kpi_query.h"

namespace dealog::projections {
namespace {

ExitKind ExitAt(const Visit& visit, int64_t as_of) {
  return visit.exited_us < as_of ? visit.exit : ExitKind::kStillOpen;
}

// The reason of the loss that ended the visit's cycle as of then; kNoSymbol if none did.
Symbol ReasonOf(const KpiQuery& query, const Visit& visit) {
  for (const CycleSpan& span : query.snapshot.table().SpansOf(visit.deal)) {
    const bool its = span.cycle == visit.cycle && span.IsCyclesCurrent(query.as_of());
    if (its && span.OutcomeAt(query.as_of()) == Outcome::kLost) return span.reason;
  }
  return kNoSymbol;
}

// Tallies per stage. Stages come in the pipeline's order; one that the pipeline lacks (added after
// the instant) comes last. Where groups do not overlap, a stage's tally is that of its groups.
template <typename Tally>
class StageTallies {
 public:
  explicit StageTallies(const KpiQuery& query)
      : query_(query),
        partitioned_(query.grouper.active() && query.grouper.dimension() != Dimension::kTag) {
    for (const StageAt& stage : query.pipeline.stages) {
      if (stage.open()) Register(stage);
    }
  }

  template <typename Add>
  void Count(KpiQuery& query, const Visit& visit, const EntryAttributes& entry, Add add) {
    CountedEvent event{.deal = visit.deal,
                       .attributes_us = visit.entered_us,
                       .calendar_us = visit.entered_us,
                       .stage = visit.stage,
                       .entry = &entry};
    if (query.grouper.dimension() == Dimension::kLostReason) event.reason = ReasonOf(query, visit);
    Row& row = RowOf(visit.stage);
    if (!partitioned_) return row.tallies.Count(query.grouper, event, add);
    const Grouper::Group group = query.grouper.One(event);
    if (group >= row.tallies.groups.size()) row.tallies.groups.resize(group + 1);
    add(row.tallies.groups[group]);
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
      result.set_group(row.stage.stage.label());
      write(parts, result);
      for (const Grouper::Group group : order) {
        if (group >= row.tallies.groups.size()) continue;
        if (row.tallies.groups[group].entries == 0) continue;
        v1::KpiResult& part = *reply.add_results();
        part.set_group(row.stage.stage.label());
        part.set_subgroup(query_.grouper.Label(group));
        write({&row.tallies.groups[group]}, part);
      }
    }
    return absl::OkStatus();
  }

 private:
  struct Row {
    StageAt stage;
    std::string place;  // Rows are written in its order.
    bool only_if_visited = false;
    Tallies<Tally> tallies;
  };

  // What the stage's tally is made of.
  void AppendParts(const Row& row, std::vector<const Tally*>& parts) const {
    if (row.tallies.total.entries > 0) parts.push_back(&row.tallies.total);
    if (!partitioned_) return;
    for (const Tally& group : row.tallies.groups) {
      if (group.entries > 0) parts.push_back(&group);
    }
  }
  void Register(const StageAt& stage) {
    const Symbol symbol = query_.snapshot.symbols().Find(stage.stage.stage_id());
    const auto number = static_cast<uint32_t>(rows_.size());
    rows_.push_back({.stage = stage, .only_if_visited = stage.retired});
    if (symbol != kNoSymbol) row_of_.Get(symbol, [number](Symbol) { return number; });
  }
  Row& RowOf(Symbol symbol) {
    return rows_[row_of_.Get(symbol, [this](Symbol each) {
      const std::string id(query_.snapshot.symbols().Text(each));
      const StageAt* known = query_.snapshot.Stage(each);
      rows_.push_back({.stage = known != nullptr ? *known : StageAt{}, .place = id});
      if (known == nullptr) rows_.back().stage.stage.set_label(id);
      return static_cast<uint32_t>(rows_.size() - 1);
    })];
  }

  const KpiQuery& query_;
  const bool partitioned_;
  std::vector<Row> rows_;
  SymbolMemo<uint32_t> row_of_;
};

template <typename Visitor>
void ForEachVisit(const KpiQuery& query, Visitor visitor) {
  const int64_t as_of = query.as_of();
  const std::vector<Visit>& visits = query.snapshot.table().visits();
  const std::vector<EntryAttributes>& entries = query.snapshot.table().entry_attributes();
  for (size_t i = 0; i < visits.size(); ++i) {
    const Visit& visit = visits[i];
    if (!query.Counts(visit.deal) || visit.entered_us >= as_of) continue;
    if (query.InPeriod(visit.entered_us)) visitor(visit, entries[i]);
  }
}

struct TimeTally {
  int64_t entries = 0;
  Durations times;
};

struct ExitTally {
  int64_t entries = 0;
  std::array<int64_t, static_cast<size_t>(ExitKind::kMerged) + 1> exits{};

  int64_t Of(ExitKind kind) const { return exits[static_cast<size_t>(kind)]; }
};

void WriteExits(const ExitTally& tally, v1::KpiResult& result) {
  const int64_t advanced = tally.Of(ExitKind::kForward) + tally.Of(ExitKind::kSkipForward);
  const int64_t won = tally.Of(ExitKind::kWon);
  SetRatio(advanced + won, tally.entries, result);
  result.set_sample_size(tally.entries);
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
  ForEachVisit(query, [&](const Visit& visit, const EntryAttributes& entry) {
    const bool ended = visit.exited_us < query.as_of();
    const int64_t time = visit.exited_us - visit.entered_us;
    stages.Count(query, visit, entry, [ended, time](TimeTally& tally) {
      ++tally.entries;
      if (ended) tally.times.Add(time);
    });
  });
  return stages.WriteAll(
      [](const std::vector<const TimeTally*>& tallies, v1::KpiResult& result) {
        std::vector<const Durations*> parts;
        int64_t entries = 0;
        for (const TimeTally* tally : tallies) {
          parts.push_back(&tally->times);
          entries += tally->entries;
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
  ForEachVisit(query, [&](const Visit& visit, const EntryAttributes& entry) {
    const ExitKind exit = ExitAt(visit, query.as_of());
    stages.Count(query, visit, entry, [exit](ExitTally& tally) {
      ++tally.entries;
      ++tally.exits[static_cast<size_t>(exit)];
    });
  });
  return stages.WriteAll(
      [](const std::vector<const ExitTally*>& tallies, v1::KpiResult& result) {
        ExitTally sum;
        for (const ExitTally* tally : tallies) {
          sum.entries += tally->entries;
          for (size_t i = 0; i < sum.exits.size(); ++i) sum.exits[i] += tally->exits[i];
        }
        WriteExits(sum, result);
      },
      reply);
}

}  // namespace dealog::projections
