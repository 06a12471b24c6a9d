#pragma once

// Pipelines with every revision they had: names, stage order, labels and probabilities of any
// instant are folds of the events within a horizon. Rows: as every StreamView.
//
//   ASSIGN_OR_RETURN(const PipelineAt pipeline, FindPipeline(views, "Sales", horizon));
//   for (const StageAt& stage : pipeline.stages) ...

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "eventstore/base/cow.h"
#include "eventstore/base/mutex.h"
#include "projections/states/pipeline.h"
#include "projections/tenant_views.h"
#include "projections/views/horizon.h"
#include "projections/views/reads.h"
#include "projections/views/record_map.h"
#include "projections/views/stream_view.h"

namespace dealog::projections {

// As it was at an instant: the state of the events within a horizon.
using PipelineAt = states::PipelineState;
using StageAt = states::PipelineStage;

// Thread safety: as ViewState.
class PipelinesView final : public Copied<PipelinesView, StreamView> {
 public:
  PipelinesView();

  using Shared = std::shared_ptr<const PipelineAt>;

  // The pipeline as it was; before its creation occurred, as it was created. Null if it was not
  // known.
  Shared At(std::string_view pipeline_id, const Horizon& horizon) const;
  // All known ones, by id.
  std::vector<Shared> All(const Horizon& horizon) const;
  // The id of the pipeline that has, or ever had, the stage; empty if none.
  std::string_view PipelineOf(std::string_view stage_id) const;

 private:
  struct Known {
    states::EventMeta meta;  // Without its principal, which no pipeline shows.
    events::v1::Event event;
  };
  // What was asked of a record as it is: its copies share it, and who changes one has another.
  // Nearly every question is about all that is known: that is copied once, by the first reader
  // after a change. Questions about a past come in groups: the last one asked about is kept, too.
  struct Answers {
    base::Mutex mu;
    Shared newest ABSL_GUARDED_BY(mu);
    Shared past ABSL_GUARDED_BY(mu);
    Horizon past_horizon ABSL_GUARDED_BY(mu);
  };
  struct Record {
    explicit Record(std::string_view id) : latest(id) {}

    std::vector<Known> events;  // In stream order.
    PipelineAt latest;          // All of them.
    uint64_t newest_position = 0;
    int64_t latest_us = std::numeric_limits<int64_t>::min();
    std::shared_ptr<Answers> answers = std::make_shared<Answers>();
  };
  absl::Status Apply(const StreamEvent& event) override;
  static bool IsKnown(const Record& record, const Horizon& horizon);
  static PipelineAt FoldRecord(const Record& record, const Horizon& horizon);
  static Shared SharedAt(const Record& record, const Horizon& horizon);

  RecordMap<Record> records_;
  // The id of its pipeline.
  base::Cow<absl::flat_hash_map<std::string, std::string>> by_stage_;
};

ViewDefinition PipelinesViewDefinition();

// By id, else by its display name at the horizon, else by its newest known name; empty = the
// tenant's default. PIPELINE_NOT_FOUND lists the names.
absl::StatusOr<PipelineAt> FindPipeline(const TenantViews& views, std::string_view pipeline,
                                        const Horizon& horizon);

}  // namespace dealog::projections
