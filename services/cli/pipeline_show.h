#pragma once

// How `dealog pipeline` and `dealog stage` show a pipeline.

#include "dealog/v1/pipelines.pb.h"
#include "services/cli/printer.h"

namespace dealog::cli {

// "open", "won" or "lost".
std::string KindName(v1::Stage::Kind kind);

Table StageTable(const google::protobuf::RepeatedPtrField<v1::Stage>& stages);
void ShowPipeline(const v1::Pipeline& pipeline, Printer& printer);
void ShowPipelineChange(const v1::PipelineMutationResponse& reply, Printer& printer);

}  // namespace dealog::cli
