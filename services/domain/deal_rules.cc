#include "services/domain/deal_rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "projections/states/deal_fields.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/pipeline_rules.h"
#include "services/domain/references.h"
#include "services/domain/text.h"

namespace dealog::domain {
namespace {

using events::v1::STAGE_KIND_OPEN;

constexpr char kOverrideHint[] = "; choose another, or give an override_reason";

}  // namespace

absl::StatusOr<const DealState*> LoadDeal(const std::string& deal_id, const CommandMeta& meta,
                                          StateReader& reader) {
  const StreamRef stream{kDealStream, deal_id};
  ASSIGN_OR_RETURN(const DealState* deal,
                   LoadSubject<DealState>(reader, stream, "deal_id", "DEAL_NOT_FOUND", meta));
  RETURN_IF_ERROR(CheckNotBefore(meta, stream, "DealOpened (revision 1)", deal->opened_at_us));
  return deal;
}

absl::StatusOr<DealSubject> LoadDealSubject(const std::string& deal_id, const CommandMeta& meta,
                                            StateReader& reader) {
  ASSIGN_OR_RETURN(const DealState* deal, LoadDeal(deal_id, meta, reader));
  DealSubject subject{deal, nullptr, nullptr, {kDealStream, deal_id}};
  const DealStage& now = deal->stage;
  RETURN_IF_ERROR(CheckNotBefore(
      meta, subject.stream,
      absl::StrCat(View(now.last_event_type), " (revision ", now.last_event_revision, ")"),
      now.last_event_at_us));
  ASSIGN_OR_RETURN(subject.pipeline,
                   Load<PipelineState>(reader, kPipelineStream, deal->pipeline_id));
  subject.stage = subject.pipeline->FindStage(now.stage_id);
  if (subject.stage == nullptr) {
    return base::Error(absl::StatusCode::kInternal, "INTERNAL",
                       absl::StrCat("deal ", deal_id, " is in stage ", now.stage_id,
                                    ", which pipeline ", deal->pipeline_id, " lacks"));
  }
  return subject;
}

Route RouteBetween(const PipelineState& pipeline, const PipelineStage& from,
                   const PipelineStage& to) {
  Route route;
  const bool both_open = from.kind() == STAGE_KIND_OPEN && to.kind() == STAGE_KIND_OPEN;
  if (!both_open || from.life == PipelineStage::Life::kRetired) {
    route.direction = events::v1::MOVE_DIRECTION_SIDEWAYS;
    return route;
  }
  const size_t start = pipeline.IndexOf(from);
  const size_t end = pipeline.IndexOf(to);
  if (end < start) {
    route.direction = events::v1::MOVE_DIRECTION_BACKWARD;
    return route;
  }
  for (size_t i = start + 1; i < end; ++i) {
    const PipelineStage& between = pipeline.stages[i];
    // A retiring stage can't be entered: passing it skips nothing.
    if (between.active() && between.kind() == STAGE_KIND_OPEN) {
      route.skipped_stage_ids.push_back(between.id());
    }
  }
  route.direction = route.skipped_stage_ids.empty() ? events::v1::MOVE_DIRECTION_FORWARD
                                                    : events::v1::MOVE_DIRECTION_SKIP_FORWARD;
  return route;
}

absl::Status CheckRoute(const PipelineState& pipeline, const Route& route,
                        const CommandMeta& meta) {
  if (IsExemptFromRules(meta)) return absl::OkStatus();
  const bool skips = route.direction == events::v1::MOVE_DIRECTION_SKIP_FORWARD;
  const bool back = route.direction == events::v1::MOVE_DIRECTION_BACKWARD;
  if ((!skips || pipeline.rules.allow_skip()) && (!back || pipeline.rules.allow_backward())) {
    return absl::OkStatus();
  }
  return base::Error(absl::StatusCode::kFailedPrecondition, "TRANSITION_NOT_ALLOWED",
                     skips
                         ? absl::StrCat("to_stage: pipeline \"", pipeline.display_name.value,
                                        "\" does not let a deal skip stages, and this move skips ",
                                        route.skipped_stage_ids.size(), kOverrideHint)
                         : absl::StrCat("to_stage: pipeline \"", pipeline.display_name.value,
                                        "\" does not let a deal go back", kOverrideHint));
}

absl::Status CheckExitCriteria(const DealSubject& subject, std::string_view also_set,
                               const CommandMeta& meta) {
  if (IsExemptFromRules(meta)) return absl::OkStatus();
  std::vector<std::string> missing;
  FieldScratch scratch;
  for (const std::string& name : subject.stage->definition.required_fields()) {
    const DealFieldRow* field = FindField(DealFields(), name, kRequirable);
    const bool is_set =
        field != nullptr && (field->name == also_set || field->get(*subject.deal, {}, scratch).set);
    if (!is_set) missing.push_back(name);
  }
  if (missing.empty()) return absl::OkStatus();
  base::Error error(
      absl::StatusCode::kFailedPrecondition, "EXIT_CRITERIA_NOT_MET",
      absl::StrCat("stage \"", subject.stage->definition.label(),
                   "\" asks for fields that are not set: ", absl::StrJoin(missing, ", "),
                   "; set them, or give an override_reason"));
  for (const std::string& field : missing) {
    error = std::move(error).Condition("EXIT_CRITERIA", field, "expected a value, found none");
  }
  return error;
}

absl::StatusOr<std::string> CheckLostReason(const PipelineState& pipeline,
                                            const std::string& reason, const CommandMeta& meta) {
  RETURN_IF_ERROR(CheckText("reason", reason, {.chars_max = kReasonCharsMax}));
  const auto& offered = pipeline.rules.lost_reasons();
  const std::string normal = NormalizeName(reason);
  for (const std::string& known : offered) {
    if (NormalizeName(known) == normal) return known;
  }
  const bool missing = normal.empty() && pipeline.rules.lost_reason_required();
  const bool unknown = !normal.empty() && !offered.empty();
  if ((!missing && !unknown) || IsExemptFromRules(meta)) return reason;
  std::string expected = offered.empty() ? "text" : "one of \"" + absl::StrJoin(offered, "\", \"");
  if (!offered.empty()) expected += '"';
  return base::Error(absl::StatusCode::kFailedPrecondition, "REASON_REQUIRED",
                     absl::StrCat("reason: pipeline \"", pipeline.display_name.value, "\" expects ",
                                  expected, ", found \"", reason, "\""))
      .Condition("LOST_REASON", "reason", absl::StrCat("expected ", expected));
}

absl::StatusOr<const PipelineStage*> CreationStage(const PipelineState& pipeline,
                                                   const std::string& stage,
                                                   const CommandMeta& meta) {
  const auto& ids = pipeline.rules.creation_stage_ids();
  const auto allowed = [&](const PipelineStage& candidate) {
    return candidate.active() && candidate.kind() == STAGE_KIND_OPEN &&
           (ids.empty() || std::find(ids.begin(), ids.end(), candidate.id()) != ids.end());
  };
  if (stage.empty()) {
    const auto first = std::find_if(pipeline.stages.begin(), pipeline.stages.end(), allowed);
    if (first != pipeline.stages.end()) return &*first;
    return pipeline.FirstActive(STAGE_KIND_OPEN);
  }
  ASSIGN_OR_RETURN(const PipelineStage* found, ResolveStage("stage", stage, pipeline));
  RETURN_IF_ERROR(CheckActive("stage", *found));
  if (found->kind() != STAGE_KIND_OPEN) {
    return base::InvalidField(
        "stage", absl::StrCat("expected a stage of kind OPEN, found \"", found->definition.label(),
                              "\" of kind ", View(KindName(found->kind()))));
  }
  if (allowed(*found) || IsExemptFromRules(meta)) return found;
  return base::Error(absl::StatusCode::kFailedPrecondition, "TRANSITION_NOT_ALLOWED",
                     absl::StrCat("stage: pipeline \"", pipeline.display_name.value,
                                  "\" does not let a deal be opened in \"",
                                  found->definition.label(), "\"", kOverrideHint));
}

absl::Status CheckCurrency(const DealState& deal, const events::v1::Money& amount) {
  const auto& now = deal.amount.value;
  if (!now || deal.amount_cycle != deal.stage.cycle ||
      now->currency_code() == amount.currency_code()) {
    return absl::OkStatus();
  }
  return base::Error(absl::StatusCode::kFailedPrecondition, "CURRENCY_MISMATCH",
                     absl::StrCat("amount.currency_code: cycle ", deal.stage.cycle,
                                  " of the deal is in ", now->currency_code(), ", found ",
                                  amount.currency_code(), "; clear the amount first"))
      .With("expected", now->currency_code())
      .With("found", amount.currency_code());
}

}  // namespace dealog::domain
