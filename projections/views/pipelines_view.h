#pragma once

// Pipelines with every revision they had: names, stage order, labels and probabilities of any
// instant are folds of the events within a horizon.
//
//   ASSIGN_OR_RETURN(const PipelineAt pipeline, FindPipeline(views, "Sales", horizon));
//   for (const StageAt& stage : pipeline.stages) ...

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
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
  // The pipeline as it was; before its creation occurred, as it was created. nullopt if it was not
  // known.
  std::optional<PipelineAt> At(std::string_view pipeline_id, const Horizon& horizon) const;
  // All known ones, by id.
  std::vector<PipelineAt> All(const Horizon& horizon) const;
  // Any stage of any pipeline, in no pipeline's order; nullopt if it was not known.
  std::optional<StageAt> Stage(std::string_view stage_id, const Horizon& horizon) const;

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
  };
  static PipelineAt FoldRecord(const Record& record, const Horizon& horizon);

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
