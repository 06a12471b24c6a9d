// Questions about pipelines: FindPipeline, GetPipeline, ListPipelines.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "projections/views/paging.h"
#include "projections/views/pipelines_view.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

using Shared = PipelinesView::Shared;

absl::Status PipelineNotFound(std::string_view asked, const std::vector<Shared>& known) {
  std::vector<std::string> names;
  for (const Shared& pipeline : known) names.push_back(pipeline->display_name.value);
  const std::string what =
      asked.empty()
          ? "expected a default pipeline, found none; name one"
          : absl::StrCat("expected a pipeline's id or display name, found ", Quoted(asked));
  return base::Error(absl::StatusCode::kNotFound, "PIPELINE_NOT_FOUND",
                     absl::StrCat(what, "; known are: ", ListOfNames(std::move(names))));
}

}  // namespace

absl::StatusOr<PipelineAt> FindPipeline(const TenantViews& views, std::string_view pipeline,
                                        const Horizon& horizon) {
  ASSIGN_OR_RETURN(const PipelinesView* view, views.Get<PipelinesView>(kPipelinesView));
  if (!pipeline.empty()) {
    if (const Shared found = view->At(pipeline, horizon)) return *found;
  }
  const auto asked = [pipeline](const Shared& each) {
    return pipeline.empty() ? each->is_default : each->display_name.value == pipeline;
  };
  const std::vector<Shared> known = view->All(horizon);
  for (const Shared& each : known) {
    if (asked(each)) return *each;
  }
  for (const Shared& each : view->All(horizon.WithoutAsOf())) {
    if (asked(each)) return *view->At(each->pipeline_id, horizon);
  }
  if (pipeline.empty() && known.size() == 1) return *known.front();
  return PipelineNotFound(pipeline, known);
}

absl::StatusOr<v1::Pipeline> GetPipeline(const TenantViews& views, std::string_view pipeline,
                                         const AsKnown& when) {
  ASSIGN_OR_RETURN(const PipelineAt found, FindPipeline(views, pipeline, Horizon::Of(when)));
  return states::ToPipeline(found);
}

absl::StatusOr<Page<v1::Pipeline>> ListPipelines(const TenantViews& views,
                                                 const PageRequest& page) {
  ASSIGN_OR_RETURN(const PipelinesView* view, views.Get<PipelinesView>(kPipelinesView));
  ASSIGN_OR_RETURN(auto builder, PageBuilder<const PipelineAt*>::Make(page, false));
  const std::vector<Shared> all = view->All({});
  for (const Shared& pipeline : all) builder.Offer({.id = pipeline->pipeline_id}, pipeline.get());
  return builder.Finish([](const PipelineAt* pipeline) { return states::ToPipeline(*pipeline); });
}

}  // namespace dealog::projections
