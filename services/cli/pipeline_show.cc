#include "services/cli/pipeline_show.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

std::string StateOf(const v1::Stage& stage) {
  if (stage.retired()) return "retired";
  return stage.retiring() ? "retiring" : "";
}

std::string YesNo(bool value) { return value ? "yes" : "no"; }

}  // namespace

std::string KindName(v1::Stage::Kind kind) {
  return absl::AsciiStrToLower(v1::Stage::Kind_Name(kind));
}

Table StageTable(const google::protobuf::RepeatedPtrField<v1::Stage>& stages) {
  Table table({{"#", Align::kRight},
               {"STAGE"},
               {"KIND"},
               {"PROBABILITY", Align::kRight},
               {"ROT", Align::kRight},
               {"REQUIRED"},
               {"STATE"},
               {"ID"}});
  int number = 0;
  for (const v1::Stage& stage : stages) {
    const int64_t rot = stage.rot_threshold_seconds();
    table.AddRow({absl::StrCat(++number), stage.label(), KindName(stage.kind()),
                  stage.has_probability() ? FormatPercent(stage.probability()) : "",
                  rot > 0 ? FormatSeconds(static_cast<double>(rot)) : "",
                  absl::StrJoin(stage.required_fields(), ", "), StateOf(stage), stage.stage_id()});
  }
  return table;
}

void ShowPipeline(const v1::Pipeline& pipeline, Printer& printer) {
  printer.Field("pipeline", pipeline.display_name());
  printer.Field("id", pipeline.pipeline_id());
  printer.Field("etag", pipeline.etag());
  if (pipeline.is_default()) printer.Field("default", "yes");
  if (pipeline.archived()) printer.Field("archived", "yes");
  printer.Field("created", FormatTime(pipeline.create_time()));
  const v1::TransitionRules& rules = pipeline.rules();
  printer.Field("may skip", YesNo(rules.allow_skip()));
  printer.Field("may go back", YesNo(rules.allow_backward()));
  printer.Field("loss reason", rules.lost_reason_required() ? "required" : "optional");
  printer.Field("loss reasons", absl::StrJoin(rules.lost_reasons(), ", "));
  printer.Show(StageTable(pipeline.stages()));
}

void ShowPipelineChange(const v1::PipelineMutationResponse& reply, Printer& printer) {
  ShowPipeline(reply.pipeline(), printer);
}

}  // namespace dealog::cli
