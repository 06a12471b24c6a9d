#pragma once

// Stream types, the prefixes of their ids, and the state of each.

#include <memory>
#include <string_view>

#include "projections/states/aggregate.h"

namespace dealog::states {

inline constexpr char kTenantStream[] = "tenant";
inline constexpr char kPipelineStream[] = "pipeline";
inline constexpr char kDealStream[] = "deal";
inline constexpr char kContactStream[] = "contact";
inline constexpr char kOrganizationStream[] = "organization";
inline constexpr char kActivityStream[] = "activity";
inline constexpr char kNoteStream[] = "note";
inline constexpr char kMemberStream[] = "member";
inline constexpr char kProductStream[] = "product";
inline constexpr char kWorkflowStream[] = "workflow";
inline constexpr char kWorkflowInstanceStream[] = "workflow_instance";
inline constexpr char kImportStream[] = "import";
inline constexpr char kStreamTypeStream[] = "stream_type";

// True for the types above: their streams change through commands only.
bool IsOwnStreamType(std::string_view type);

// Stream type of a resource's id: "organization" for "org_01…"; "" for a prefix that names no
// stream (a stage's, for example).
std::string_view StreamTypeOfId(std::string_view id);

// An empty state for a stream type; for a type that is not the CRM's own, one that has nothing but
// its revision. `id` is the stream's id. Never null.
std::unique_ptr<AggregateState> MakeState(std::string_view stream_type, std::string_view id);

}  // namespace dealog::states
