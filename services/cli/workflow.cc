// `dealog workflow`: rules that react to events.

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "dealog/v1/workflows.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/files.h"
#include "services/cli/groups.h"
#include "services/cli/limits.h"
#include "services/cli/text/format.h"
#include "services/cli/workflow_file.h"

namespace dealog::cli {
namespace {

using Stub = v1::WorkflowService::Stub;

constexpr size_t kMessageWidth = 60;

std::string StateOf(const v1::Workflow& workflow) {
  return absl::AsciiStrToLower(v1::Workflow::State_Name(workflow.state()));
}

void ShowWorkflow(const v1::WorkflowMutationResponse& reply, Printer& printer) {
  const v1::Workflow& workflow = reply.workflow();
  printer.Field("workflow", workflow.display_name());
  printer.Field("id", workflow.workflow_id());
  printer.Field("state", StateOf(workflow));
  if (workflow.published_revision() > 0) {
    printer.Field("revision", absl::StrCat(workflow.published_revision()));
  }
  printer.Field("trigger", workflow.definition().trigger().event_type());
  printer.Field("condition", workflow.definition().trigger().condition());
  printer.Field("actions", absl::StrCat(workflow.definition().actions_size()));
}

void ShowList(const v1::ListWorkflowsResponse& reply, Printer& printer) {
  Table table({{"WORKFLOW"},
               {"STATE"},
               {"REVISION", Align::kRight},
               {"TRIGGER"},
               {"CONDITION"},
               {"ACTIONS", Align::kRight},
               {"ID"}});
  for (const v1::Workflow& workflow : reply.workflows()) {
    const auto& shown =
        workflow.published_revision() > 0 ? workflow.definition() : workflow.draft();
    table.AddRow({workflow.display_name(), StateOf(workflow),
                  absl::StrCat(workflow.published_revision()), shown.trigger().event_type(),
                  shown.trigger().condition(), absl::StrCat(shown.actions_size()),
                  workflow.workflow_id()});
  }
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

void ShowRuns(const v1::ListWorkflowInstancesResponse& reply, Printer& printer) {
  Table table({{"STARTED (UTC)"},
               {"STATE"},
               {"DEAL"},
               {"TRIGGER", Align::kRight},
               {"STEP"},
               {"OUTCOME"},
               {"WHY", Align::kLeft, kMessageWidth},
               {"ID"}});
  for (const v1::WorkflowInstance& run : reply.instances()) {
    table.AddRow({FormatTime(run.start_time()), absl::AsciiStrToLower(run.state()), run.deal_id(),
                  absl::StrCat("@", run.trigger_position()), "", "", "", run.instance_id()});
    for (const v1::WorkflowStep& step : run.steps()) {
      table.AddRow(
          {"", "", "", absl::StrCat("@", step.position()), step.step_id(),
           absl::AsciiStrToLower(step.outcome()),
           step.reason().empty() ? "" : absl::StrCat(step.reason(), ": ", step.message())});
    }
  }
  printer.Show(table);
  NoteNextPage(reply.next_page_token(), printer);
}

struct ApplyOptions {
  std::string path;
  bool draft_only = false;
  bool validate_only = false;
};

absl::Status Apply(const ApplyOptions& options, Session& session) {
  v1::CreateWorkflowDraftRequest draft;
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options.path, kDefinitionBytesMax));
  ASSIGN_OR_RETURN(*draft.mutable_definition(), ParseWorkflow(text));
  draft.set_validate_only(options.validate_only);
  ASSIGN_OR_RETURN(v1::WorkflowMutationResponse reply,
                   session.client().Call(&Stub::CreateWorkflowDraft, draft));
  if (!options.draft_only && !options.validate_only) {
    v1::PublishWorkflowRequest publish;
    publish.set_workflow(reply.workflow().workflow_id());
    ASSIGN_OR_RETURN(reply, session.client().Call(&Stub::PublishWorkflow, publish));
  }
  if (session.printer().json()) {
    session.printer().Json(reply);
  } else {
    ShowWorkflow(reply, session.printer());
  }
  return absl::OkStatus();
}

void AddApply(const CommandTree& group) {
  auto options = std::make_shared<ApplyOptions>();
  CLI::App* command = group.Leaf("apply", "Publishes the workflow of a YAML or JSON file",
                                 "dealog workflow apply deploy/workflows/welcome.yaml",
                                 [options](Session& session) { return Apply(*options, session); });
  AddText(command, "file", "File with a WorkflowDefinition", &options->path);
  command->add_flag("--draft-only", options->draft_only, "Save the draft, do not publish it");
  command->add_flag("--validate-only", options->validate_only,
                    "Check the definition, write nothing");
}

}  // namespace

void AddWorkflowCommands(const CommandTree& root) {
  const CommandTree group = root.Group("workflow", "Workflows: rules that react to events");
  AddApply(group);
  auto list = AddCall(group, {"list", "Lists workflows", "dealog workflow list"},
                      &Stub::ListWorkflows, ShowList);
  AddPageOptions(list);
  auto runs = AddCall(group,
                      {"runs", "Lists runs with their steps, newest first",
                       "dealog workflow runs --workflow 'Welcome call'"},
                      &Stub::ListWorkflowInstances, ShowRuns);
  runs.Text("--workflow", "Workflow: name or id (default: all)", runs->mutable_workflow());
  runs.Text("--deal", "Deal's id (default: all)", runs->mutable_deal_id());
  AddPageOptions(runs);
  auto stop = AddCall(
      group, {"stop", "Stops a workflow: no new run starts", "dealog workflow stop 'Welcome call'"},
      &Stub::StopWorkflow, ShowWorkflow);
  stop.Text("workflow", "Workflow: name or id", stop->mutable_workflow());
  AddMutationOptions(stop);
}

}  // namespace dealog::cli
