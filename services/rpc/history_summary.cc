#include "services/rpc/history_summary.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace dealog::rpc {

using events::v1::ActivityEvent;
using events::v1::ContactEvent;
using events::v1::ImportEvent;
using events::v1::MemberEvent;
using events::v1::OrganizationEvent;
using events::v1::PipelineEvent;
using events::v1::ProductEvent;
using events::v1::StreamTypeEvent;
using events::v1::WorkflowEvent;
using events::v1::WorkflowInstanceEvent;

std::string Change(const std::string& before, const std::string& after) {
  return absl::StrCat(before.empty() ? "(none)" : before, " -> ", after.empty() ? "(none)" : after);
}

std::string ChangedFields(const google::protobuf::Message& event) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  event.GetReflection()->ListFields(event, &fields);
  const std::string names = absl::StrJoin(
      fields, ", ", [](std::string* out, const auto* field) { out->append(field->name()); });
  return absl::StrCat(names.empty() ? "nothing" : names, " changed");
}

std::string Tags(const google::protobuf::RepeatedPtrField<std::string>& tags, char sign) {
  return absl::StrJoin(tags, ", ", [sign](std::string* out, const std::string& tag) {
    out->push_back(sign);
    out->append(tag);
  });
}

std::string SummarizePipeline(const PipelineEvent& event, const Names& names) {
  const auto stage = [&](const std::string& id) { return NameOf(names, id); };
  switch (event.kind_case()) {
    case PipelineEvent::kPipelineCreated:
      return absl::StrCat("created as ", event.pipeline_created().display_name(), " with ",
                          event.pipeline_created().stages_size(), " stages");
    case PipelineEvent::kPipelineRenamed:
      return absl::StrCat("renamed to ", event.pipeline_renamed().display_name());
    case PipelineEvent::kPipelineArchived:
      return "archived";
    case PipelineEvent::kStageAdded:
      return absl::StrCat("stage ", event.stage_added().stage().label(), " added");
    case PipelineEvent::kStageRenamed:
      return absl::StrCat("stage renamed to ", event.stage_renamed().label());
    case PipelineEvent::kStagesReordered:
      return "stages reordered";
    case PipelineEvent::kStageProbabilityChanged:
      return absl::StrCat("probability of ", stage(event.stage_probability_changed().stage_id()),
                          " changed");
    case PipelineEvent::kStageRotThresholdChanged:
      return absl::StrCat("rot threshold of ",
                          stage(event.stage_rot_threshold_changed().stage_id()), " changed");
    case PipelineEvent::kStageExitCriteriaChanged:
      return absl::StrCat("exit criteria of ",
                          stage(event.stage_exit_criteria_changed().stage_id()), " changed");
    case PipelineEvent::kStageRetirementStarted:
      return absl::StrCat("stage ", stage(event.stage_retirement_started().stage_id()),
                          " is being retired, replaced by ",
                          stage(event.stage_retirement_started().replacement_stage_id()));
    case PipelineEvent::kStageRetired:
      return absl::StrCat("stage ", stage(event.stage_retired().stage_id()), " retired");
    case PipelineEvent::kTransitionRulesChanged:
      return "transition rules changed";
    case PipelineEvent::kDefaultPipelineChanged:
      return event.default_pipeline_changed().is_default() ? "made the default"
                                                           : "no longer the default";
    case PipelineEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string SummarizeContact(const ContactEvent& event, const Names& names) {
  switch (event.kind_case()) {
    case ContactEvent::kContactCreated:
      return "created";
    case ContactEvent::kContactDetailsChanged:
      return ChangedFields(event.contact_details_changed());
    case ContactEvent::kContactOwnerAssigned:
      return absl::StrCat("owner ",
                          Change(NameOf(names, event.contact_owner_assigned().previous_owner_id()),
                                 NameOf(names, event.contact_owner_assigned().owner_id())));
    case ContactEvent::kContactTagged:
      return Tags(event.contact_tagged().tags(), '+');
    case ContactEvent::kContactUntagged:
      return Tags(event.contact_untagged().tags(), '-');
    case ContactEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string SummarizeOrganization(const OrganizationEvent& event, const Names&) {
  switch (event.kind_case()) {
    case OrganizationEvent::kOrganizationCreated:
      return absl::StrCat("created as ", event.organization_created().display_name());
    case OrganizationEvent::kOrganizationDetailsChanged:
      return ChangedFields(event.organization_details_changed());
    case OrganizationEvent::kOrganizationTagged:
      return Tags(event.organization_tagged().tags(), '+');
    case OrganizationEvent::kOrganizationUntagged:
      return Tags(event.organization_untagged().tags(), '-');
    case OrganizationEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string SummarizeActivity(const ActivityEvent& event) {
  switch (event.kind_case()) {
    case ActivityEvent::kActivityScheduled:
      return absl::StrCat("scheduled: ", event.activity_scheduled().title());
    case ActivityEvent::kActivityCompleted:
      return event.activity_completed().outcome().empty()
                 ? "completed"
                 : absl::StrCat("completed: ", event.activity_completed().outcome());
    case ActivityEvent::kActivityCancelled:
      return "cancelled";
    case ActivityEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string SummarizeMember(const MemberEvent& event) {
  switch (event.kind_case()) {
    case MemberEvent::kMemberDefined:
      return absl::StrCat("defined as ", event.member_defined().display_name());
    case MemberEvent::kMemberChanged:
      return ChangedFields(event.member_changed());
    case MemberEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string SummarizeProduct(const ProductEvent& event) {
  switch (event.kind_case()) {
    case ProductEvent::kProductDefined:
      return absl::StrCat("defined as ", event.product_defined().display_name());
    case ProductEvent::kProductChanged:
      return ChangedFields(event.product_changed());
    case ProductEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string SummarizeImport(const ImportEvent& event) {
  switch (event.kind_case()) {
    case ImportEvent::kImportStarted:
      return absl::StrCat("started, ", event.import_started().row_count(), " rows");
    case ImportEvent::kImportProgressed:
      return absl::StrCat(event.import_progressed().rows_done(), " rows done");
    case ImportEvent::kImportCompleted:
      return "completed";
    case ImportEvent::kImportFailed:
      return absl::StrCat("failed: ", event.import_failed().message());
    case ImportEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string SummarizeWorkflow(const WorkflowEvent& event) {
  switch (event.kind_case()) {
    case WorkflowEvent::kWorkflowDrafted:
      return "draft saved";
    case WorkflowEvent::kWorkflowPublished:
      return absl::StrCat("published as revision ", event.workflow_published().workflow_revision());
    case WorkflowEvent::kWorkflowStopped:
      return "stopped";
    case WorkflowEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string SummarizeStreamType(const StreamTypeEvent& event) {
  const auto types = [](const auto& change) {
    return absl::StrCat(change.definition().event_types_size(), " event types");
  };
  switch (event.kind_case()) {
    case StreamTypeEvent::kStreamTypeRegistered:
      return absl::StrCat("registered with ", types(event.stream_type_registered()));
    case StreamTypeEvent::kStreamTypeUpdated:
      return absl::StrCat("definition replaced, ", types(event.stream_type_updated()));
    case StreamTypeEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string SummarizeInstance(const WorkflowInstanceEvent& event, const Names& names) {
  switch (event.kind_case()) {
    case WorkflowInstanceEvent::kInstanceStarted:
      return absl::StrCat("started by workflow ",
                          NameOf(names, event.instance_started().workflow_id()));
    case WorkflowInstanceEvent::kStepCompleted:
      return absl::StrCat("step ", event.step_completed().step_id(),
                          event.step_completed().no_effect() ? " had no effect" : " completed");
    case WorkflowInstanceEvent::kStepFailed:
      return absl::StrCat("step ", event.step_failed().step_id(),
                          " failed: ", event.step_failed().message());
    case WorkflowInstanceEvent::kInstanceEnded:
      return absl::StrCat("ended ", event.instance_ended().outcome());
    case WorkflowInstanceEvent::KIND_NOT_SET:
      return "";
  }
  return "";
}

}  // namespace dealog::rpc
