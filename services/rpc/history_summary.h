#pragma once

// The lines of Summarize that are not about deals, one function per aggregate.

#include <string>

#include "services/rpc/history_text.h"

namespace dealog::rpc {

std::string SummarizePipeline(const events::v1::PipelineEvent& event, const Names& names);
std::string SummarizeContact(const events::v1::ContactEvent& event, const Names& names);
std::string SummarizeOrganization(const events::v1::OrganizationEvent& event, const Names& names);
std::string SummarizeActivity(const events::v1::ActivityEvent& event);
std::string SummarizeMember(const events::v1::MemberEvent& event);
std::string SummarizeProduct(const events::v1::ProductEvent& event);
std::string SummarizeImport(const events::v1::ImportEvent& event);
std::string SummarizeWorkflow(const events::v1::WorkflowEvent& event);
std::string SummarizeStreamType(const events::v1::StreamTypeEvent& event);
std::string SummarizeInstance(const events::v1::WorkflowInstanceEvent& event, const Names& names);

// Helpers of both files.

// "old -> new", with "(none)" for an empty side.
std::string Change(const std::string& before, const std::string& after);
// "title, source changed": the names of the message's set fields.
std::string ChangedFields(const google::protobuf::Message& event);
// "+a, +b" with the sign given.
std::string Tags(const google::protobuf::RepeatedPtrField<std::string>& tags, char sign);

}  // namespace dealog::rpc
