#pragma once

// References that requests make to other aggregates, by id or by display name.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/domain/decider.h"
#include "services/domain/pipeline.h"

namespace dealog::domain {

// Kinds of unique keys. Values are NormalizeName, NormalizeEmail or NormalizeDomain of the text.
inline constexpr char kPipelineName[] = "pipeline.name";
inline constexpr char kMemberName[] = "member.name";
inline constexpr char kProductName[] = "product.name";
inline constexpr char kWorkflowName[] = "workflow.name";
inline constexpr char kContactEmail[] = "contact.email";
inline constexpr char kOrganizationDomain[] = "organization.domain";
// Held by the default pipeline of a subject; the value is the subject, for example kDealSubject.
inline constexpr char kPipelineDefault[] = "pipeline.default";
inline constexpr char kDealSubject[] = "deal";

// The id of the member or product that `text` names; "" for "". MEMBER_NOT_FOUND,
// PRODUCT_NOT_FOUND.
absl::StatusOr<std::string> ResolveMember(std::string_view field, const std::string& text,
                                          StateReader& reader);
absl::StatusOr<std::string> ResolveProduct(std::string_view field, const std::string& text,
                                           StateReader& reader);

// The pipeline that `text` names; the tenant's default for "". PIPELINE_NOT_FOUND.
absl::StatusOr<const PipelineState*> ResolvePipeline(std::string_view field,
                                                     const std::string& text, StateReader& reader);

// By id, else by label: active stages first, then retiring, then retired ones; nullptr if there is
// none.
const PipelineStage* FindStageByIdOrLabel(const PipelineState& pipeline, std::string_view stage);
// The stage of the pipeline, by id or label. STAGE_NOT_FOUND; FIELD_INVALID for "".
absl::StatusOr<const PipelineStage*> ResolveStage(std::string_view field, const std::string& text,
                                                  const PipelineState& pipeline);

// DEAL_NOT_FOUND, CONTACT_NOT_FOUND, ORGANIZATION_NOT_FOUND unless `id` is "" or exists.
absl::Status CheckDealExists(std::string_view field, const std::string& id, StateReader& reader);
absl::Status CheckContactExists(std::string_view field, const std::string& id, StateReader& reader);
absl::Status CheckOrganizationExists(std::string_view field, const std::string& id,
                                     StateReader& reader);

// Adds the claim of a key for `owner`; refuses a key that another stream holds with
// `reason` (NAME_TAKEN, EMAIL_TAKEN) and metadata `holder_field` = the holder's id.
struct KeyClaim {
  std::string_view kind;
  std::string value;  // Normalised.
  StreamRef owner;
  std::string_view field;         // Of the request.
  std::string_view reason;        // NAME_TAKEN or EMAIL_TAKEN.
  std::string_view holder_field;  // "contact_id", …
};
absl::Status ClaimKey(KeyClaim claim, StateReader& reader, Decision& decision);

}  // namespace dealog::domain
