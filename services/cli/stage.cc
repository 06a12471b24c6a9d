// `dealog stage`: the stages of a pipeline.

#include "absl/strings/str_cat.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "projections/states/deal_fields.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/pipeline_show.h"

namespace dealog::cli {
namespace {

using Stub = v1::PipelineService::Stub;

constexpr char kPipelineHelp[] = "Pipeline: display name or id";
constexpr char kStageHelp[] = "Stage: label or id";

// Options that set a stage's details. `masked` is called with the name of each field that is set.
template <typename Request>
void AddDetails(const CallCommand<Request>& call, v1::Stage* (Request::*stage)(),
                const std::function<void(const std::string&)>& masked) {
  auto* request = call.request.get();
  const auto target = [request, stage] { return (request->*stage)(); };
  call.Read("--rot", "Time after which a deal is stale in it, such as 14d",
            [target, masked](const std::string& text) -> absl::Status {
              ASSIGN_OR_RETURN(const int64_t seconds, ParseSeconds(text));
              target()->set_rot_threshold_seconds(seconds);
              masked("rot_threshold_seconds");
              return absl::OkStatus();
            });
  call.Read("--objective", "What the stage is for", [target, masked](const std::string& text) {
    target()->set_objective(text);
    masked("objective");
    return absl::OkStatus();
  });
  call.ReadEach("--action", "What to do in it; may be repeated",
                [target, masked](const std::string& text) {
                  if (target()->actions().empty()) masked("actions");
                  target()->add_actions(text);
                  return absl::OkStatus();
                });
  call.ReadEach("--required-field",
                absl::StrCat("Field that a deal needs to leave it; may be repeated: ",
                             states::FieldNames(states::DealFields(), states::kRequirable)),
                [target, masked](const std::string& text) {
                  if (target()->required_fields().empty()) masked("required_fields");
                  target()->add_required_fields(text);
                  return absl::OkStatus();
                });
}

void AddAdd(const CommandTree& group) {
  auto add = AddCall(group,
                     {"add", "Adds a stage to a pipeline",
                      "dealog stage add Sales 'Legal review:open:0.7' --index 4"},
                     &Stub::AddStage, ShowPipelineChange);
  auto* request = add.request.get();
  add.Text("pipeline", kPipelineHelp, request->mutable_pipeline());
  add.Read("stage", "LABEL:KIND[:PROBABILITY]; KIND is open, won or lost",
           [request](const std::string& text) -> absl::Status {
             ASSIGN_OR_RETURN(const v1::Stage stage, ParseStage(text));
             // Merged, because --objective and the like may have been read before.
             request->mutable_stage()->MergeFrom(stage);
             return absl::OkStatus();
           });
  add.command->add_option_function<int32_t>(
      "--index", [request](int32_t index) { request->set_index(index); },
      "Where, from 0 (default: after the last stage of its kind)");
  AddDetails(add, &v1::AddStageRequest::mutable_stage, [](const std::string&) {});
  AddMutationOptions(add);
}

void AddUpdate(const CommandTree& group) {
  auto update = AddCall(group,
                        {"update", "Changes probability, rot threshold, objective, …",
                         "dealog stage update Sales Proposal --probability 0.45 --rot 14d"},
                        &Stub::UpdateStage, ShowPipelineChange);
  auto* request = update.request.get();
  update.Text("pipeline", kPipelineHelp, request->mutable_pipeline());
  update.Text("stage", kStageHelp, request->mutable_stage());
  update.command->add_option_function<double>(
      "--probability",
      [request](double probability) {
        request->mutable_values()->set_probability(probability);
        request->mutable_update_mask()->add_paths("probability");
      },
      "Probability of winning, 0 to 1");
  AddDetails(update, &v1::UpdateStageRequest::mutable_values, [request](const std::string& field) {
    request->mutable_update_mask()->add_paths(field);
  });
  AddMutationOptions(update);
}

}  // namespace

void AddStageCommands(const CommandTree& root) {
  const CommandTree group = root.Group("stage", "Stages of a pipeline");
  AddAdd(group);
  AddUpdate(group);
  auto rename =
      AddCall(group, {"rename", "Renames a stage", "dealog stage rename Sales Proposal Offer"},
              &Stub::RenameStage, ShowPipelineChange);
  rename.Text("pipeline", kPipelineHelp, rename->mutable_pipeline());
  rename.Text("stage", kStageHelp, rename->mutable_stage());
  rename.Text("label", "New label", rename->mutable_label());
  AddMutationOptions(rename);

  auto reorder = AddCall(group,
                         {"reorder", "Puts the stages in another order",
                          "dealog stage reorder Sales Lead Demo Proposal Won Lost"},
                         &Stub::ReorderStages, ShowPipelineChange);
  reorder.Text("pipeline", kPipelineHelp, reorder->mutable_pipeline());
  reorder.ReadEach("stages", "All stages (label or id) in their new order",
                   [request = reorder.request.get()](const std::string& text) {
                     request->add_stages(text);
                     return absl::OkStatus();
                   });
  AddMutationOptions(reorder);

  auto retire = AddCall(group,
                        {"retire", "Retires a stage; its deals move to the replacement",
                         "dealog stage retire Sales Demo --replacement Proposal"},
                        &Stub::RetireStage, ShowPipelineChange);
  retire.Text("pipeline", kPipelineHelp, retire->mutable_pipeline());
  retire.Text("stage", kStageHelp, retire->mutable_stage());
  retire.Text("--replacement", "Stage of the same kind that takes its deals",
              retire->mutable_replacement_stage());
  AddMutationOptions(retire);
}

}  // namespace dealog::cli
