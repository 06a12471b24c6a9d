// Commands that change where a deal stands: move, win, lose, and a stage's retirement.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/deal.h"
#include "services/domain/deal_reopen.h"
#include "services/domain/deal_rules.h"
#include "services/domain/pipeline_rules.h"
#include "services/domain/references.h"
#include "services/domain/values.h"

namespace dealog::domain {
namespace {

using events::v1::STAGE_KIND_LOST;
using events::v1::STAGE_KIND_OPEN;
using events::v1::STAGE_KIND_WON;
using events::v1::StageKind;

events::v1::DealEvent& AddDealEvent(Decision& decision) {
  return *AddEvent(decision, decision.subject).mutable_deal();
}

absl::Status DealClosed(const DealSubject& subject, std::string_view what) {
  const bool won = subject.deal->stage.status == v1::Deal::WON;
  return base::Error(absl::StatusCode::kFailedPrecondition, "DEAL_CLOSED",
                     absl::StrCat("deal ", subject.deal->deal_id, " is ", won ? "won" : "lost",
                                  " and can't be ", View(what), "; reopen it first"))
      .With("deal_id", subject.deal->deal_id)
      .With("status", won ? "WON" : "LOST");
}

int64_t VisitDuration(const DealSubject& subject, const CommandMeta& meta) {
  return std::max<int64_t>(0, meta.occurred_at_us - subject.deal->stage.entered_at_us);
}

// Between stages of one kind; the caller has checked the rules.
Decision Move(const DealSubject& subject, const PipelineStage& to, Route route,
              events::v1::MoveCause cause, const CommandMeta& meta) {
  Decision decision{.subject = subject.stream};
  auto& moved = *AddDealEvent(decision).mutable_deal_stage_moved();
  moved.set_from_stage_id(subject.stage->id());
  moved.set_to_stage_id(to.id());
  moved.set_direction(route.direction);
  for (std::string& id : route.skipped_stage_ids) *moved.add_skipped_stage_ids() = std::move(id);
  moved.set_pipeline_revision(subject.pipeline->revision);
  moved.set_visit_duration_us(VisitDuration(subject, meta));
  moved.set_cause(cause);
  return decision;
}

absl::StatusOr<Decision> MoveOpen(const DealSubject& subject, const PipelineStage& to,
                                  const CommandMeta& meta) {
  Route route = RouteBetween(*subject.pipeline, *subject.stage, to);
  RETURN_IF_ERROR(CheckRoute(*subject.pipeline, route, meta));
  if (route.direction == events::v1::MOVE_DIRECTION_FORWARD ||
      route.direction == events::v1::MOVE_DIRECTION_SKIP_FORWARD) {
    RETURN_IF_ERROR(CheckExitCriteria(subject, "", meta));
  }
  return Move(subject, to, std::move(route), events::v1::MOVE_CAUSE_COMMAND, meta);
}

// `also_set` is a field that `decision` sets before the deal is won.
absl::StatusOr<Decision> Win(const DealSubject& subject, const PipelineStage& to,
                             std::string_view also_set, Decision decision,
                             const CommandMeta& meta) {
  if (!subject.deal->stage.open()) return DealClosed(subject, "won");
  RETURN_IF_ERROR(CheckExitCriteria(subject, also_set, meta));
  auto& won = *AddDealEvent(decision).mutable_deal_won();
  won.set_from_stage_id(subject.stage->id());
  won.set_stage_id(to.id());
  won.set_pipeline_revision(subject.pipeline->revision);
  won.set_cycle(subject.deal->stage.cycle);
  won.set_visit_duration_us(VisitDuration(subject, meta));
  return decision;
}

absl::StatusOr<Decision> Lose(const DealSubject& subject, const PipelineStage& to,
                              const std::string& reason, const CommandMeta& meta) {
  if (!subject.deal->stage.open()) return DealClosed(subject, "lost");
  ASSIGN_OR_RETURN(const std::string known, CheckLostReason(*subject.pipeline, reason, meta));
  Decision decision{.subject = subject.stream};
  auto& lost = *AddDealEvent(decision).mutable_deal_lost();
  lost.set_from_stage_id(subject.stage->id());
  lost.set_stage_id(to.id());
  lost.set_pipeline_revision(subject.pipeline->revision);
  lost.set_cycle(subject.deal->stage.cycle);
  lost.set_reason(known);
  lost.set_visit_duration_us(VisitDuration(subject, meta));
  return decision;
}

// The stage of that kind that a close names, by default the first.
absl::StatusOr<const PipelineStage*> ClosingStage(const PipelineState& pipeline, StageKind kind,
                                                  const std::string& stage) {
  if (stage.empty()) {
    if (const PipelineStage* first = pipeline.FirstActive(kind)) return first;
    return PipelineInvalid(absl::StrCat("pipeline \"", pipeline.display_name.value, "\" has no ",
                                        View(KindName(kind)), " stage"));
  }
  ASSIGN_OR_RETURN(const PipelineStage* found, ResolveStage("stage", stage, pipeline));
  if (found->kind() != kind) {
    return base::InvalidField(
        "stage",
        absl::StrCat("expected a stage of kind ", View(KindName(kind)), ", found \"",
                     found->definition.label(), "\" of kind ", View(KindName(found->kind()))));
  }
  RETURN_IF_ERROR(CheckActive("stage", *found));
  return found;
}

StageKind KindOf(v1::Deal::Status status) {
  return status == v1::Deal::WON ? STAGE_KIND_WON : STAGE_KIND_LOST;
}

// A reason or a mode where the move has no use for it is a misunderstanding, not noise.
absl::Status CheckMoveFields(const v1::MoveDealRequest& request, const DealSubject& subject,
                             const PipelineStage& to) {
  const bool loses = subject.deal->stage.open() && to.kind() == STAGE_KIND_LOST;
  if (!request.reason().empty() && !loses) {
    return base::InvalidField("reason", "expected none, for this move does not lose the deal");
  }
  const bool reopens = !subject.deal->stage.open() && to.kind() == STAGE_KIND_OPEN;
  if (request.mode() != events::v1::REOPEN_MODE_UNSPECIFIED && !reopens) {
    return base::InvalidField("mode", "expected none, for this move does not reopen the deal");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Decision> Decide(const v1::MoveDealRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const DealSubject subject, LoadDealSubject(request.deal_id(), meta, reader));
  ASSIGN_OR_RETURN(const PipelineStage* to,
                   ResolveStage("to_stage", request.to_stage(), *subject.pipeline));
  if (to == subject.stage) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "ALREADY_IN_STAGE",
                       absl::StrCat("deal ", request.deal_id(), " is in stage \"",
                                    to->definition.label(), "\" already"))
        .With("stage_id", to->id());
  }
  const bool open = subject.deal->stage.open();
  const bool reopens = !open && to->kind() == STAGE_KIND_OPEN;
  if (!open && !reopens && to->kind() != KindOf(subject.deal->stage.status)) {
    return DealClosed(subject, "moved");
  }
  RETURN_IF_ERROR(CheckMoveFields(request, subject, *to));
  if (reopens) return Reopen(subject, to, "to_stage", request.mode());
  RETURN_IF_ERROR(CheckActive("to_stage", *to));
  if (!open) {
    return Move(subject, *to, RouteBetween(*subject.pipeline, *subject.stage, *to),
                events::v1::MOVE_CAUSE_COMMAND, meta);
  }
  if (to->kind() == STAGE_KIND_WON) return Win(subject, *to, "", {.subject = subject.stream}, meta);
  if (to->kind() == STAGE_KIND_LOST) return Lose(subject, *to, request.reason(), meta);
  return MoveOpen(subject, *to, meta);
}

absl::StatusOr<Decision> Decide(const v1::WinDealRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const DealSubject subject, LoadDealSubject(request.deal_id(), meta, reader));
  ASSIGN_OR_RETURN(const PipelineStage* to,
                   ClosingStage(*subject.pipeline, STAGE_KIND_WON, request.stage()));
  Decision decision{.subject = subject.stream};
  if (request.has_amount()) {
    ASSIGN_OR_RETURN(const events::v1::Money amount, ToEventMoney("amount", request.amount()));
    RETURN_IF_ERROR(CheckCurrency(*subject.deal, amount));
    const auto& now = subject.deal->amount.value;
    if (!SameMoney(now, amount)) {
      auto& changed = *AddDealEvent(decision).mutable_deal_amount_changed();
      *changed.mutable_amount() = amount;
      if (now) *changed.mutable_previous_amount() = *now;
    }
  }
  return Win(subject, *to, request.has_amount() ? "amount" : "", std::move(decision), meta);
}

absl::StatusOr<Decision> Decide(const v1::LoseDealRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const DealSubject subject, LoadDealSubject(request.deal_id(), meta, reader));
  ASSIGN_OR_RETURN(const PipelineStage* to,
                   ClosingStage(*subject.pipeline, STAGE_KIND_LOST, request.stage()));
  return Lose(subject, *to, request.reason(), meta);
}

absl::StatusOr<Decision> DecideRetirementMove(std::string_view deal_id, std::string_view stage_id,
                                              const CommandMeta& meta, StateReader& reader) {
  ASSIGN_OR_RETURN(const DealSubject subject, LoadDealSubject(std::string(deal_id), meta, reader));
  if (subject.stage->id() != stage_id) return Decision{.subject = subject.stream};
  if (subject.stage->active()) {
    return PipelineInvalid(absl::StrCat("stage \"", subject.stage->definition.label(),
                                        "\" is not being retired; start with RetireStage"));
  }
  Route sideways;
  sideways.direction = events::v1::MOVE_DIRECTION_SIDEWAYS;
  return Move(subject, subject.pipeline->Successor(*subject.stage), std::move(sideways),
              events::v1::MOVE_CAUSE_STAGE_RETIRED, meta);
}

}  // namespace dealog::domain
