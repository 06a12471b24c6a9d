#include "services/jobs/deal_row.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/states/deal_fields.h"
#include "projections/states/stream_types.h"
#include "services/domain/references.h"
#include "services/jobs/values.h"

namespace dealog::jobs {
namespace {

using domain::DealState;

// Where the deal is while open, else where it was before its close.
const domain::DealStage& Visit(const DealState& deal) {
  return deal.stage.before_close == nullptr ? deal.stage : *deal.stage.before_close;
}

// One deal against its row.
class DealReconciler {
 public:
  DealReconciler(const RowContext& context, const ImportRow& row, RowStaging& staging)
      : context_(context), row_(row), course_(row.course), staging_(staging) {}

  absl::Status Run() {
    RETURN_IF_ERROR(Resolve());
    ASSIGN_OR_RETURN(const bool exists, staging_.Exists(domain::kDealStream, context_.id));
    if (!exists) {
      RETURN_IF_ERROR(Open());
      return course_.closed() ? Close() : absl::OkStatus();
    }
    RETURN_IF_ERROR(CheckOpening());
    RETURN_IF_ERROR(UpdateFields());
    RETURN_IF_ERROR(ReconcileStage());
    return UpdateAmount();
  }

 private:
  bool AmountAtOpening() const { return context_.mapping.deals.amount_at_opening; }
  bool SetsAmountOnWin() const { return !AmountAtOpening() && course_.kind == v1::Stage::WON; }

  absl::StatusOr<const DealState*> Deal() {
    return staging_.Find<DealState>(domain::kDealStream, context_.id);
  }
  absl::StatusOr<std::string> StageId(const std::string& label) {
    ASSIGN_OR_RETURN(const DealState* deal, Deal());
    ASSIGN_OR_RETURN(const auto* pipeline, staging_.Find<domain::PipelineState>(
                                               domain::kPipelineStream, deal->pipeline_id));
    const domain::PipelineStage* stage = domain::FindStageByIdOrLabel(*pipeline, label);
    return stage == nullptr ? label : stage->id();
  }

  // What the row refers to, as commands name it.
  absl::Status Resolve() {
    ASSIGN_OR_RETURN(owner_, OwnerOf(context_, row_, staging_));
    ASSIGN_OR_RETURN(organization_, OrganizationOf(context_, row_, staging_));
    product_ = row_.value(Field::kProduct);
    const std::string id = context_.decider.IdOf(Role::kProducts, product_);
    if (product_.empty() || context_.mapping.FindRole(Role::kProducts) == nullptr) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const bool imported, staging_.Exists(domain::kProductStream, id));
    if (imported) product_ = id;
    return absl::OkStatus();
  }

  absl::Status Open() {
    v1::OpenDealRequest request;
    request.set_deal_id(context_.id);
    const std::string pipeline_id = context_.decider.PipelineId();
    ASSIGN_OR_RETURN(const bool own, staging_.Exists(domain::kPipelineStream, pipeline_id));
    request.set_pipeline(own ? pipeline_id : context_.mapping.pipeline->display_name());
    request.set_stage(course_.opening_stage);
    request.set_title(row_.value(Field::kTitle));
    request.set_owner(owner_);
    request.set_source(row_.value(Field::kSource));
    if (AmountAtOpening() && row_.money) *request.mutable_amount() = *row_.money;
    if (row_.expected_close_date) {
      *request.mutable_expected_close_date() = *row_.expected_close_date;
    }
    request.set_organization_id(organization_);
    request.set_product(product_);
    request.set_external_key(row_.key);
    return staging_.Do(request, course_.opened_at_us);
  }

  absl::Status Close() {
    if (course_.kind == v1::Stage::WON) {
      v1::WinDealRequest request;
      request.set_deal_id(context_.id);
      request.set_stage(course_.stage);
      if (SetsAmountOnWin() && row_.money) *request.mutable_amount() = *row_.money;
      return staging_.Do(request, course_.closed_at_us);
    }
    v1::LoseDealRequest request;
    request.set_deal_id(context_.id);
    request.set_stage(course_.stage);
    request.set_reason(row_.value(Field::kLostReason));
    return staging_.Do(request, course_.closed_at_us);
  }

  // True if the deal was opened without a date, and the row knows the day on which it moved on from
  // where undated deals open.
  bool IsDatedAnew(const DealState& deal, const std::string& opening_id) const {
    return course_.dated && Visit(deal).stage_id != opening_id &&
           deal.opened_at_us < course_.opened_at_us;
  }

  // An opening is the deal's first event and can't be changed any more.
  absl::Status CheckOpening() {
    ASSIGN_OR_RETURN(const std::string opening, StageId(course_.opening_stage));
    ASSIGN_OR_RETURN(const DealState* deal, Deal());
    if (!course_.dated || deal->opened_at_us == course_.opened_at_us ||
        Visit(*deal).entered_at_us == course_.opened_at_us || IsDatedAnew(*deal, opening)) {
      return absl::OkStatus();
    }
    return base::InvalidField(
        context_.file.column(Field::kOpenedAt),
        absl::StrCat("the deal was opened on ", InstantText(deal->opened_at_us),
                     ", which can't be changed; found ", InstantText(course_.opened_at_us)));
  }

  absl::Status UpdateFields() {
    v1::UpdateDealRequest request;
    request.set_deal_id(context_.id);
    request.set_title(row_.value(Field::kTitle));
    request.set_owner(owner_);
    request.set_source(row_.value(Field::kSource));
    request.set_organization_id(organization_);
    request.set_product(product_);
    if (row_.expected_close_date) {
      *request.mutable_expected_close_date() = *row_.expected_close_date;
    }
    AddPaths(context_.file, states::DealFields(), *request.mutable_update_mask());
    if (request.update_mask().paths().empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const DealState* deal, Deal());
    return staging_.Change(request, deal->opened_at_us);
  }

  absl::Status ReconcileStage() {
    ASSIGN_OR_RETURN(const std::string target, StageId(course_.stage));
    ASSIGN_OR_RETURN(const std::string opening, StageId(course_.opening_stage));
    ASSIGN_OR_RETURN(const DealState* deal, Deal());
    const bool stands = deal->stage.stage_id == target && !IsDatedAnew(*deal, opening) &&
                        (!course_.closed() ||
                         (deal->stage.closed_at_us == course_.closed_at_us && SameReason(*deal)));
    if (stands) return absl::OkStatus();
    if (!deal->stage.open()) RETURN_IF_ERROR(TakeBackClose());
    RETURN_IF_ERROR(MoveTo(course_.closed() ? opening : target));
    return course_.closed() ? Close() : absl::OkStatus();
  }

  bool SameReason(const DealState& deal) const {
    return course_.kind != v1::Stage::LOST || !context_.file.maps(Field::kLostReason) ||
           deal.stage.lost_reason == row_.value(Field::kLostReason);
  }

  // The close was not as recorded: it is void from the day it was recorded for.
  absl::Status TakeBackClose() {
    ASSIGN_OR_RETURN(const DealState* deal, Deal());
    took_back_won_ = deal->stage.status == v1::Deal::WON;
    v1::ReopenDealRequest request;
    request.set_deal_id(context_.id);
    request.set_mode(events::v1::REOPEN_MODE_CORRECTION);
    return staging_.Do(request, deal->stage.last_event_at_us);
  }

  // On the day of the opening if that comes after what happened so far, else now: the file does not
  // say when.
  absl::Status MoveTo(const std::string& stage_id) {
    ASSIGN_OR_RETURN(const DealState* deal, Deal());
    if (deal->stage.stage_id == stage_id) return absl::OkStatus();
    const bool dated = course_.dated && course_.opened_at_us >= deal->stage.last_event_at_us;
    // A deal that went further than its opening stage before it closed stays there.
    if (course_.closed() && !dated) return absl::OkStatus();
    v1::MoveDealRequest request;
    request.set_deal_id(context_.id);
    request.set_to_stage(stage_id);
    return staging_.Do(request, dated ? course_.opened_at_us : staging_.meta().now_us);
  }

  absl::Status UpdateAmount() {
    if (!context_.file.maps(Field::kMoney)) return absl::OkStatus();
    v1::UpdateDealRequest request;
    request.set_deal_id(context_.id);
    request.mutable_update_mask()->add_paths("amount");
    if (AmountAtOpening() || SetsAmountOnWin()) {
      if (row_.money) *request.mutable_amount() = *row_.money;
    } else if (!took_back_won_) {
      return absl::OkStatus();  // Nothing that the file says, nothing that an import set.
    }
    ASSIGN_OR_RETURN(const DealState* deal, Deal());
    if (SetsAmountOnWin()) return staging_.Change(request, course_.closed_at_us);
    if (AmountAtOpening()) return staging_.Change(request, deal->opened_at_us);
    // Taken back from when it was set.
    return staging_.Change(request, std::max(deal->opened_at_us, deal->amount.occurred_at_us));
  }

  const RowContext& context_;
  const ImportRow& row_;
  const DealCourse& course_;
  RowStaging& staging_;
  std::string owner_;
  std::string organization_;
  std::string product_;
  bool took_back_won_ = false;
};

}  // namespace

absl::StatusOr<std::string> OwnerOf(const RowContext& context, const ImportRow& row,
                                    RowStaging& staging) {
  const std::string& owner = row.value(Field::kOwner);
  if (owner.empty() || context.mapping.FindRole(Role::kMembers) == nullptr) return owner;
  std::string id = context.decider.IdOf(Role::kMembers, owner);
  ASSIGN_OR_RETURN(const bool imported, staging.Exists(domain::kMemberStream, id));
  return imported ? id : owner;
}

absl::StatusOr<std::string> OrganizationOf(const RowContext& context, const ImportRow& row,
                                           RowStaging& staging) {
  const std::string& key = row.value(Field::kOrganization);
  if (key.empty()) return key;
  std::string id = context.decider.IdOf(Role::kOrganizations, key);
  ASSIGN_OR_RETURN(const bool imported, staging.Exists(domain::kOrganizationStream, id));
  if (imported) return id;
  ASSIGN_OR_RETURN(const bool is_id, staging.Exists(domain::kOrganizationStream, key));
  if (is_id) return key;
  return base::Error(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND",
                     absl::StrCat(context.file.column(Field::kOrganization),
                                  ": no organization has the key or id \"", key, "\""));
}

absl::Status DecideDeal(const RowContext& context, const ImportRow& row, RowStaging& staging) {
  return DealReconciler(context, row, staging).Run();
}

}  // namespace dealog::jobs
