#include "services/domain/references.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/text.h"

namespace dealog::domain {
namespace {

// A kind of aggregate that requests name by id or by display name.
struct NamedKind {
  std::string_view prefix;
  std::string_view stream_type;
  std::string_view key_kind;
  std::string_view not_found;
};

absl::StatusOr<std::string> ResolveId(const NamedKind& kind, std::string_view field,
                                      const std::string& text, StateReader& reader) {
  if (base::IsId(kind.prefix, text)) {
    ASSIGN_OR_RETURN(const AggregateState* state,
                     reader.Find({std::string(kind.stream_type), text}));
    if (state->revision != 0) return text;
  }
  ASSIGN_OR_RETURN(std::optional<std::string> id,
                   reader.FindUnique(kind.key_kind, NormalizeName(text)));
  if (!id) return NotFound(kind.not_found, field, text);
  return *std::move(id);
}

absl::Status CheckExists(std::string_view prefix, const char* stream_type,
                         std::string_view not_found, std::string_view field, const std::string& id,
                         StateReader& reader) {
  if (id.empty()) return absl::OkStatus();
  if (!base::IsId(prefix, id)) return NotFound(not_found, field, id);
  ASSIGN_OR_RETURN(const AggregateState* state, reader.Find({stream_type, id}));
  if (state->revision == 0) return NotFound(not_found, field, id);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ResolveMember(std::string_view field, const std::string& text,
                                          StateReader& reader) {
  if (text.empty()) return std::string();
  return ResolveId({"member", kMemberStream, kMemberName, "MEMBER_NOT_FOUND"}, field, text, reader);
}

absl::StatusOr<std::string> ResolveProduct(std::string_view field, const std::string& text,
                                           StateReader& reader) {
  if (text.empty()) return std::string();
  return ResolveId({"product", kProductStream, kProductName, "PRODUCT_NOT_FOUND"}, field, text,
                   reader);
}

absl::StatusOr<const PipelineState*> ResolvePipeline(std::string_view field,
                                                     const std::string& text, StateReader& reader) {
  std::string id;
  if (text.empty()) {
    ASSIGN_OR_RETURN(const std::optional<std::string> found,
                     reader.FindUnique(kPipelineDefault, kDealSubject));
    if (!found) {
      return base::Error(absl::StatusCode::kNotFound, "PIPELINE_NOT_FOUND",
                         absl::StrCat(View(field),
                                      ": empty means the default pipeline, and this tenant has "
                                      "none; create one or name another"))
          .With(field, "");
    }
    id = *found;
  } else {
    ASSIGN_OR_RETURN(
        id, ResolveId({"pipeline", kPipelineStream, kPipelineName, "PIPELINE_NOT_FOUND"}, field,
                      text, reader));
  }
  return Load<PipelineState>(reader, kPipelineStream, id);
}

const PipelineStage* FindStageByIdOrLabel(const PipelineState& pipeline, std::string_view stage) {
  if (const PipelineStage* by_id = pipeline.FindStage(stage)) return by_id;
  const std::string label = NormalizeName(stage);
  const PipelineStage* best = nullptr;
  for (const PipelineStage& candidate : pipeline.stages) {
    // A retired stage's label may be in use again: the stage most alive has it.
    if ((best == nullptr || candidate.life < best->life) &&
        NormalizeName(candidate.definition.label()) == label) {
      best = &candidate;
    }
  }
  return best;
}

absl::StatusOr<const PipelineStage*> ResolveStage(std::string_view field, const std::string& text,
                                                  const PipelineState& pipeline) {
  if (text.empty()) return base::InvalidField(field, "expected a stage's id or label");
  if (const PipelineStage* stage = FindStageByIdOrLabel(pipeline, text)) return stage;
  return base::Error(absl::StatusCode::kNotFound, "STAGE_NOT_FOUND",
                     absl::StrCat(View(field), ": pipeline \"", pipeline.display_name.value,
                                  "\" has no stage \"", text, "\""))
      .With(field, text)
      .With("pipeline_id", pipeline.pipeline_id);
}

absl::Status CheckDealExists(std::string_view field, const std::string& id, StateReader& reader) {
  return CheckExists("deal", kDealStream, "DEAL_NOT_FOUND", field, id, reader);
}

absl::Status CheckContactExists(std::string_view field, const std::string& id,
                                StateReader& reader) {
  return CheckExists("contact", kContactStream, "CONTACT_NOT_FOUND", field, id, reader);
}

absl::Status CheckOrganizationExists(std::string_view field, const std::string& id,
                                     StateReader& reader) {
  return CheckExists("org", kOrganizationStream, "ORGANIZATION_NOT_FOUND", field, id, reader);
}

absl::Status ClaimKey(KeyClaim claim, StateReader& reader, Decision& decision) {
  ASSIGN_OR_RETURN(const std::optional<std::string> holder,
                   reader.FindUnique(claim.kind, claim.value));
  if (holder && *holder != claim.owner.id) {
    return base::Error(absl::StatusCode::kAlreadyExists, claim.reason,
                       absl::StrCat(View(claim.field), ": taken by ", *holder,
                                    "; choose another, or change that one"))
        .With(claim.holder_field, *holder);
  }
  decision.claims.push_back(
      {std::string(claim.kind), std::move(claim.value), std::move(claim.owner)});
  return absl::OkStatus();
}

}  // namespace dealog::domain
