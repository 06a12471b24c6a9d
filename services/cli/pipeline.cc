// `dealog pipeline`: pipelines as a whole.

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/pipeline_show.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::PipelineService::Stub;

constexpr char kPipelineHelp[] = "Pipeline: display name or id";

void ShowOne(const v1::GetPipelineResponse& reply, Printer& printer) {
  ShowPipeline(reply.pipeline(), printer);
}

void ShowList(const v1::ListPipelinesResponse& reply, Printer& printer) {
  Table table({{"PIPELINE"}, {"STAGES", Align::kRight}, {"NOTES"}, {"ID"}});
  for (const v1::Pipeline& pipeline : reply.pipelines()) {
    std::vector<std::string> notes;
    if (pipeline.is_default()) notes.emplace_back("default");
    if (pipeline.archived()) notes.emplace_back("archived");
    table.AddRow({pipeline.display_name(), absl::StrCat(pipeline.stages_size()),
                  absl::StrJoin(notes, ", "), pipeline.pipeline_id()});
  }
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

void ShowTemplates(const v1::ListPipelineTemplatesResponse& reply, Printer& printer) {
  Table table({{"TEMPLATE"}, {"LANGUAGE"}, {"STAGES"}, {"DESCRIPTION"}});
  for (const v1::PipelineTemplate& entry : reply.templates()) {
    std::vector<std::string> labels;
    for (const v1::Stage& stage : entry.stages()) labels.push_back(stage.label());
    table.AddRow(
        {entry.name(), entry.language(), absl::StrJoin(labels, ", "), entry.description()});
  }
  printer.Show(table);
}

void AddCreate(const CommandTree& group) {
  auto create = AddCall(group,
                        {"create", "Creates a pipeline from a template or a list of stages",
                         "dealog pipeline create Sales --template sales-en\n"
                         "  dealog pipeline create Sales --stage Lead:open:0.1 --stage "
                         "Proposal:open:0.5 --stage Won:won --stage Lost:lost"},
                        &Stub::CreatePipeline, ShowPipelineChange);
  auto* request = create.request.get();
  create.Text("name", "Display name, unique in the tenant", request->mutable_display_name());
  create.Text("--id", "Id chosen by you: pipeline_ + 26 characters",
              request->mutable_pipeline_id());
  create.Text("--template", "Template; `dealog pipeline templates` lists them",
              request->mutable_template_name());
  create.ReadEach("--stage", "LABEL:KIND[:PROBABILITY], in order; KIND is open, won or lost",
                  ReadField(request, &v1::CreatePipelineRequest::add_stages, ParseStage));
  AddMutationOptions(create);
}

void AddRules(const CommandTree& group) {
  auto rules = AddCall(group,
                       {"rules", "Sets how deals may move: the rules, whole",
                        "dealog pipeline rules Sales --allow-skip --allow-backward "
                        "--lost-reason-required --lost-reason 'no budget'"},
                       &Stub::SetTransitionRules, ShowPipelineChange);
  auto* request = rules.request.get();
  rules.Text("pipeline", kPipelineHelp, request->mutable_pipeline());
  rules.preparations->push_back([request](Session&) {
    request->mutable_rules();  // Without a flag all rules are off, which is a value, too.
    return absl::OkStatus();
  });
  const auto flag = [&](const char* name, const char* description, auto set) {
    rules.command->add_flag_callback(
        name, [request, set] { set(request->mutable_rules()); }, description);
  };
  flag("--allow-skip", "Deals may skip stages",
       [](v1::TransitionRules* value) { value->set_allow_skip(true); });
  flag("--allow-backward", "Deals may go back",
       [](v1::TransitionRules* value) { value->set_allow_backward(true); });
  flag("--lost-reason-required", "A loss needs a reason",
       [](v1::TransitionRules* value) { value->set_lost_reason_required(true); });
  rules.ReadEach("--creation-stage", "Stage (id or label) where deals may open; none = any",
                 [request](const std::string& text) {
                   request->mutable_rules()->add_creation_stages(text);
                   return absl::OkStatus();
                 });
  rules.ReadEach("--lost-reason", "Reason that is offered", [request](const std::string& text) {
    request->mutable_rules()->add_lost_reasons(text);
    return absl::OkStatus();
  });
  AddMutationOptions(rules);
}

// A change of a pipeline that takes nothing but its name.
template <typename Request>
void AddSimple(const CommandTree& group, const Help& help,
               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                            v1::PipelineMutationResponse*)) {
  auto call = AddCall(group, help, method, ShowPipelineChange);
  call.Text("pipeline", kPipelineHelp, call->mutable_pipeline());
  AddMutationOptions(call);
}

}  // namespace

void AddPipelineCommands(const CommandTree& root) {
  const CommandTree group = root.Group("pipeline", "Pipelines and their rules");
  AddCreate(group);
  auto list = AddCall(group, {"list", "Lists pipelines", "dealog pipeline list"},
                      &Stub::ListPipelines, ShowList);
  AddPageOptions(list);
  auto show = AddCall(
      group,
      {"show", "Shows a pipeline with its stages", "dealog pipeline show Sales --as-of 2026-01-01"},
      &Stub::GetPipeline, ShowOne);
  show.Text("pipeline", kPipelineHelp, show->mutable_pipeline());
  AddPastOptions(show);
  auto rename = AddCall(
      group, {"rename", "Renames a pipeline", "dealog pipeline rename Sales 'New business'"},
      &Stub::RenamePipeline, ShowPipelineChange);
  rename.Text("pipeline", kPipelineHelp, rename->mutable_pipeline());
  rename.Text("name", "New display name", rename->mutable_display_name());
  AddMutationOptions(rename);
  AddRules(group);
  AddSimple(group, {"archive", "Archives a pipeline", "dealog pipeline archive Sales"},
            &Stub::ArchivePipeline);
  AddSimple(group,
            {"default", "Makes a pipeline the tenant's default", "dealog pipeline default Sales"},
            &Stub::SetDefaultPipeline);
  AddCall(group, {"templates", "Lists the templates", "dealog pipeline templates"},
          &Stub::ListPipelineTemplates, ShowTemplates);
}

}  // namespace dealog::cli
