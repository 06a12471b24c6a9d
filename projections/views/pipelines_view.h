#pragma once

// Pipelines with every revision they had: names, stage order, labels and probabilities of any
// instant are folds of the events within a horizon.
//
//   ASSIGN_OR_RETURN(const PipelineAt pipeline, FindPipeline(views, "Sales", horizon));
//   for (const StageAt& stage : pipeline.stages) ...

#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "projections/tenant_views.h"
#include "projections/views/history_view.h"
#include "projections/views/horizon.h"

namespace dealog::projections {

inline constexpr std::string_view kPipelinesView = "pipelines";

// A stage at an instant.
struct StageAt {
  events::v1::Stage stage;
  bool retiring = false;
  bool retired = false;

  bool open() const { return stage.kind() == events::v1::STAGE_KIND_OPEN; }
};

// A pipeline at an instant.
struct PipelineAt {
  std::string id;
  std::string display_name;
  std::vector<StageAt> stages;  // In order; the retired ones last, in the order of retirement.
  events::v1::TransitionRules rules;
  bool is_default = false;
  bool archived = false;
  uint64_t revision = 0;
  int64_t created_us = 0;

  const StageAt* Find(std::string_view stage_id) const;
  // By id, else by label, those that are not retired first. STAGE_NOT_FOUND lists the labels.
  absl::StatusOr<const StageAt*> FindStage(std::string_view id_or_label) const;
};

// Thread safety: as ViewState.
class PipelinesView final : public HistoryView {
 public:
  using Shared = std::shared_ptr<const PipelineAt>;

  // The pipeline as it was; before its creation occurred, as it was created. Null if it was not
  // known.
  Shared At(std::string_view pipeline_id, const Horizon& horizon) const;
  // All known ones, by id.
  std::vector<Shared> All(const Horizon& horizon) const;
  // The id of the pipeline that has, or ever had, the stage; empty if none.
  std::string_view PipelineOf(std::string_view stage_id) const;

 protected:
  bool Wants(const events::v1::Event& event) const override { return event.has_pipeline(); }
  void Apply(std::string_view stream_id, const HistoryEvent& event) override;

 private:
  struct Revision {
    uint64_t position;
    uint64_t revision;
    int64_t occurred_us;
    events::v1::PipelineEvent event;
  };
  struct Record {
    std::string id;
    std::vector<Revision> revisions;  // By (occurred_at, revision), but the creation first.
    uint64_t newest_position = 0;
    int64_t latest_us = std::numeric_limits<int64_t>::min();
    // Nearly every question is about all that is known: that is folded once, by the first reader
    // after a change, so that changes cost the same whatever their number. Questions about a past
    // come in groups: the last one asked about is kept, too.
    mutable base::Mutex mu;
    mutable Shared newest ABSL_GUARDED_BY(mu);
    mutable Shared past ABSL_GUARDED_BY(mu);
    mutable Horizon past_horizon ABSL_GUARDED_BY(mu);
  };
  static PipelineAt FoldRecord(const Record& record, const Horizon& horizon);
  static Shared SharedAt(const Record& record, const Horizon& horizon);

  std::deque<Record> records_;
  absl::flat_hash_map<std::string, size_t> by_id_;
  absl::flat_hash_map<std::string, size_t> by_stage_;
};

ViewDefinition PipelinesViewDefinition();

// By id, else by its display name at the horizon, else by its newest known name; empty = the
// tenant's default. PIPELINE_NOT_FOUND lists the names.
absl::StatusOr<PipelineAt> FindPipeline(const TenantViews& views, std::string_view pipeline,
                                        const Horizon& horizon);

}  // namespace dealog::projections
