// Commands that take a deal back: reopen and undo.

#include "services/domain/deal_reopen.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "services/domain/checks.h"
#include "services/domain/deal.h"
#include "services/domain/limits.h"
#include "services/domain/pipeline_rules.h"
#include "services/domain/references.h"
#include "services/domain/values.h"

namespace dealog::domain {
namespace {

using events::v1::ReopenMode;

absl::StatusOr<ReopenMode> EffectiveMode(ReopenMode mode, v1::Deal::Status status) {
  switch (static_cast<int>(mode)) {  // An open enum: a newer client may send what we do not know.
    case events::v1::REOPEN_MODE_UNSPECIFIED:
      return status == v1::Deal::WON ? events::v1::REOPEN_MODE_NEW_CYCLE
                                     : events::v1::REOPEN_MODE_RESUME;
    case events::v1::REOPEN_MODE_CORRECTION:
    case events::v1::REOPEN_MODE_RESUME:
    case events::v1::REOPEN_MODE_NEW_CYCLE:
      return mode;
  }
  return base::InvalidField("mode", absl::StrCat("expected CORRECTION, RESUME or NEW_CYCLE, found ",
                                                 static_cast<int>(mode)));
}

// The stage that stands for `stage_id` now.
absl::StatusOr<const PipelineStage*> StageNow(const PipelineState& pipeline,
                                              const std::string& stage_id) {
  if (const PipelineStage* stage = pipeline.FindStage(stage_id)) return &pipeline.Successor(*stage);
  return base::Error(absl::StatusCode::kInternal, "INTERNAL",
                     absl::StrCat("pipeline ", pipeline.pipeline_id, " lacks stage ", stage_id));
}

absl::StatusOr<Decision> VoidClose(const DealSubject& subject, const PipelineStage* wanted,
                                   std::string_view field) {
  const DealStage& stage = subject.deal->stage;
  const std::string& came_from =
      stage.before_close != nullptr ? stage.before_close->stage_id : stage.last_open_stage_id;
  ASSIGN_OR_RETURN(const PipelineStage* target, StageNow(*subject.pipeline, came_from));
  if (wanted != nullptr && &subject.pipeline->Successor(*wanted) != target) {
    return base::InvalidField(
        field, absl::StrCat("a CORRECTION goes back to \"", target->definition.label(),
                            "\", where the deal was closed; found \"", wanted->definition.label(),
                            "\"; leave it empty, or choose RESUME"));
  }
  Decision decision{.subject = subject.stream};
  auto& voided = *AddEvent(decision, subject.stream).mutable_deal()->mutable_deal_close_voided();
  voided.set_voided_revision(stage.closed_revision);
  voided.set_stage_id(target->id());
  return decision;
}

}  // namespace

absl::StatusOr<Decision> Reopen(const DealSubject& subject, const PipelineStage* wanted,
                                std::string_view field, ReopenMode asked) {
  const DealStage& stage = subject.deal->stage;
  ASSIGN_OR_RETURN(const ReopenMode mode, EffectiveMode(asked, stage.status));
  if (mode == events::v1::REOPEN_MODE_CORRECTION) return VoidClose(subject, wanted, field);
  const bool new_cycle = mode == events::v1::REOPEN_MODE_NEW_CYCLE;
  const PipelineStage* target = nullptr;
  if (wanted != nullptr) {
    target = &subject.pipeline->Successor(*wanted);
  } else if (new_cycle) {
    target = subject.pipeline->FirstActive(events::v1::STAGE_KIND_OPEN);
  } else {
    ASSIGN_OR_RETURN(target, StageNow(*subject.pipeline, stage.last_open_stage_id));
  }
  if (target == nullptr || target->kind() != events::v1::STAGE_KIND_OPEN) {
    return base::InvalidField(
        field, absl::StrCat(
                   "expected a stage of kind OPEN, found ",
                   target == nullptr ? absl::string_view("none") : View(KindName(target->kind()))));
  }
  Decision decision{.subject = subject.stream};
  auto& reopened = *AddEvent(decision, subject.stream).mutable_deal()->mutable_deal_reopened();
  reopened.set_from_stage_id(subject.stage->id());
  reopened.set_stage_id(target->id());
  reopened.set_mode(mode);
  reopened.set_cycle(stage.cycle + (new_cycle ? 1 : 0));
  reopened.set_pipeline_revision(subject.pipeline->revision);
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::ReopenDealRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const DealSubject subject, LoadDealSubject(request.deal_id(), meta, reader));
  if (subject.deal->stage.open()) {
    return base::Error(
               absl::StatusCode::kFailedPrecondition, "DEAL_OPEN",
               absl::StrCat("deal ", request.deal_id(), " is open in \"",
                            subject.stage->definition.label(), "\"; there is nothing to reopen"))
        .With("deal_id", request.deal_id());
  }
  const PipelineStage* wanted = nullptr;
  if (!request.stage().empty()) {
    ASSIGN_OR_RETURN(wanted, ResolveStage("stage", request.stage(), *subject.pipeline));
  }
  return Reopen(subject, wanted, "stage", request.mode());
}

absl::StatusOr<Decision> Decide(const v1::UndoDealMoveRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const DealSubject subject, LoadDealSubject(request.deal_id(), meta, reader));
  const auto& undoable = subject.deal->undoable;
  const auto nothing = [&](const std::string& why) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "NOTHING_TO_UNDO",
                       absl::StrCat("deal ", request.deal_id(), ": ", why))
        .With("deal_id", request.deal_id());
  };
  if (!undoable) {
    return nothing(
        "its last stage event was undone already, or is none that can be; only the last move, "
        "win, loss or reopening can");
  }
  const int64_t age_us = meta.now_us - undoable->recorded_at_us;
  if (age_us > kUndoGraceMicros && meta.override_reason.empty()) {
    return base::Error(
               absl::StatusCode::kFailedPrecondition, "UNDO_TOO_LATE",
               absl::StrCat("deal ", request.deal_id(), ": its ", View(undoable->event_type),
                            " was recorded at ", TimeText(undoable->recorded_at_us),
                            ", and undo is free for ", kUndoGraceMicros / 60'000'000,
                            " minutes; give an override_reason"))
        .With("deal_id", request.deal_id());
  }
  const DealStage& before = *undoable->before;
  ASSIGN_OR_RETURN(const PipelineStage* target, StageNow(*subject.pipeline, before.stage_id));
  if (target == subject.stage && before.status == subject.deal->stage.status) {
    return nothing("the stage it came from is retired, and its replacement is where it is");
  }
  Decision decision{.subject = subject.stream};
  auto& undone = *AddEvent(decision, subject.stream).mutable_deal()->mutable_deal_move_undone();
  undone.set_undone_revision(undoable->revision);
  undone.set_stage_id(target->id());
  return decision;
}

}  // namespace dealog::domain
