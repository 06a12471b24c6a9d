// Questions about pipelines: FindPipeline, GetPipeline, ListPipelines.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/views/instants.h"
#include "projections/views/paging.h"
#include "projections/views/pipelines_view.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

using Shared = PipelinesView::Shared;

absl::Status PipelineNotFound(std::string_view asked, const std::vector<Shared>& known) {
  std::vector<std::string> names;
  for (const Shared& pipeline : known) names.push_back(pipeline->display_name);
  const std::string what =
      asked.empty()
          ? "expected a default pipeline, found none; name one"
          : absl::StrCat("expected a pipeline's id or display name, found ", Quoted(asked));
  return base::Error(absl::StatusCode::kNotFound, "PIPELINE_NOT_FOUND",
                     absl::StrCat(what, "; known are: ", ListOfNames(std::move(names))));
}

v1::Stage ToProto(const StageAt& at) {
  v1::Stage stage;
  stage.set_stage_id(at.stage.stage_id());
  stage.set_label(at.stage.label());
  stage.set_kind(static_cast<v1::Stage::Kind>(at.stage.kind()));  // Same numbers, by a test.
  if (at.stage.has_probability()) stage.set_probability(at.stage.probability());
  stage.set_rot_threshold_seconds(at.stage.rot_threshold_seconds());
  stage.set_objective(at.stage.objective());
  for (const events::v1::StageAction& action : at.stage.actions()) {
    stage.add_actions(action.label());
  }
  *stage.mutable_required_fields() = at.stage.required_fields();
  stage.set_retiring(at.retiring);
  stage.set_retired(at.retired);
  return stage;
}

v1::Pipeline ToProto(const PipelineAt& at) {
  v1::Pipeline pipeline;
  pipeline.set_pipeline_id(at.id);
  pipeline.set_etag(absl::StrCat(at.revision));
  pipeline.set_display_name(at.display_name);
  for (const StageAt& stage : at.stages) *pipeline.add_stages() = ToProto(stage);
  v1::TransitionRules& rules = *pipeline.mutable_rules();
  rules.set_allow_skip(at.rules.allow_skip());
  rules.set_allow_backward(at.rules.allow_backward());
  *rules.mutable_creation_stages() = at.rules.creation_stage_ids();
  rules.set_lost_reason_required(at.rules.lost_reason_required());
  *rules.mutable_lost_reasons() = at.rules.lost_reasons();
  pipeline.set_is_default(at.is_default);
  pipeline.set_archived(at.archived);
  SetTimestamp(at.created_us, *pipeline.mutable_create_time());
  return pipeline;
}

}  // namespace

absl::StatusOr<const StageAt*> PipelineAt::FindStage(std::string_view id_or_label) const {
  if (const StageAt* stage = Find(id_or_label)) return stage;
  for (const StageAt& stage : stages) {  // Retired ones are last.
    if (stage.stage.label() == id_or_label) return &stage;
  }
  std::vector<std::string> labels;
  for (const StageAt& stage : stages) labels.push_back(stage.stage.label());
  return base::Error(
      absl::StatusCode::kNotFound, "STAGE_NOT_FOUND",
      absl::StrCat("expected a stage of pipeline ", Quoted(display_name), ", found ",
                   Quoted(id_or_label), "; its stages are: ", absl::StrJoin(labels, ", ")));
}

absl::StatusOr<PipelineAt> FindPipeline(const TenantViews& views, std::string_view pipeline,
                                        const Horizon& horizon) {
  ASSIGN_OR_RETURN(const PipelinesView* view, views.Get<PipelinesView>(kPipelinesView));
  if (!pipeline.empty()) {
    if (const Shared found = view->At(pipeline, horizon)) return *found;
  }
  const auto asked = [pipeline](const Shared& each) {
    return pipeline.empty() ? each->is_default : each->display_name == pipeline;
  };
  const std::vector<Shared> known = view->All(horizon);
  for (const Shared& each : known) {
    if (asked(each)) return *each;
  }
  for (const Shared& each : view->All(horizon.WithoutAsOf())) {
    if (asked(each)) return *view->At(each->id, horizon);
  }
  if (pipeline.empty() && known.size() == 1) return *known.front();
  return PipelineNotFound(pipeline, known);
}

absl::StatusOr<v1::Pipeline> GetPipeline(const TenantViews& views, std::string_view pipeline,
                                         const AsKnown& when) {
  ASSIGN_OR_RETURN(const PipelineAt found, FindPipeline(views, pipeline, Horizon::Of(when)));
  return ToProto(found);
}

absl::StatusOr<Page<v1::Pipeline>> ListPipelines(const TenantViews& views,
                                                 const PageRequest& page) {
  ASSIGN_OR_RETURN(const PipelinesView* view, views.Get<PipelinesView>(kPipelinesView));
  ASSIGN_OR_RETURN(auto builder, PageBuilder<const PipelineAt*>::Make(page, false));
  const std::vector<Shared> all = view->All({});
  for (const Shared& pipeline : all) builder.Offer({.id = pipeline->id}, pipeline.get());
  return builder.Finish([](const PipelineAt* pipeline) { return ToProto(*pipeline); });
}

}  // namespace dealog::projections
