#include "services/cli/sample/journey.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "eventstore/base/ids.h"
#include "services/cli/sample/directory.h"
#include "services/cli/sample/pipeline_model.h"

namespace dealog::cli {
namespace {

constexpr double kClubShare = 0.12;
constexpr double kDwellSigma = 0.7;
// At each stage some deals are forgotten: nobody touches them again.
constexpr double kForgottenShare = 0.012;
constexpr int kStageEventsMax = 24;
constexpr int64_t kAmountStep = 10;

constexpr const char* kLossReasons[] = {"budget insuffisant", "timing inadapté",
                                        "autre prestataire", "projet abandonné"};
constexpr const char* kTags[] = {"prioritaire", "renouvellement", "international", "grand compte",
                                 "à relancer"};
constexpr const char* kNotes[] = {
    "Préfère être rappelé le mardi matin.", "Le budget sera voté le mois prochain.",
    "Compare avec deux autres offres.", "Demande une référence dans le même secteur.",
    "La décision passe par la direction générale."};

std::string KeyText(const DealKey& key, const Season& season) {
  return absl::StrCat("sample/", key.seed, "/", key.deals, "/", season.until_us(), "/", key.index);
}

events::v1::Date DateOf(int64_t time_us) {
  const absl::CivilDay day = absl::ToCivilDay(absl::FromUnixMicros(time_us), absl::UTCTimeZone());
  events::v1::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

// Tells the story step by step; each method is one thing that happens. `now_us_` only rises.
class Story {
 public:
  Story(const DealKey& key, const Season& season, bool club)
      : key_(key),
        season_(season),
        model_(club ? ClubModel() : SalesModel()),
        club_(club),
        text_(KeyText(key, season)),
        random_(absl::StrCat(text_, "/story")),
        builder_(text_) {}

  SampleChain Tell() {
    Open();
    for (int i = 0; i < kStageEventsMax; ++i) {
      if (random_.Chance(kForgottenShare) || !Wait(StageDays()) || !LeaveStage()) break;
    }
    return std::move(builder_).Take();
  }

 private:
  const SampleMember& owner() const { return Member(owner_); }
  const StageModel& stage() const { return model_.stages[stage_]; }
  double StageDays() { return random_.LogNormal(stage().dwell_days, kDwellSigma); }

  // Lets time pass; false if the year ends before.
  bool Wait(double days) {
    const int64_t passed = static_cast<int64_t>(days * 86'400) * kSecondMicros;
    now_us_ = season_.OfficeTime(now_us_ + std::max<int64_t>(passed, kMinuteMicros), random_);
    return now_us_ < season_.until_us();
  }

  template <typename Request>
  void Do(Request request) {
    request.set_deal_id(deal_id_);
    builder_.Add(owner().actor, now_us_, std::move(request));
  }

  void Open() {
    const double share =
        (static_cast<double>(key_.index) + random_.Uniform()) / static_cast<double>(key_.deals);
    now_us_ = season_.OpeningAt(share, random_);
    deal_id_ = base::FormatId("deal", base::DeriveUuid7(now_us_, text_));
    owner_ = model_.first_member + random_.Index(model_.member_count);
    source_ = random_.Index(model_.sources.size());
    product_ = model_.first_product + random_.Index(model_.product_count);
    v1::OpenDealRequest open;
    open.set_pipeline(model_.name);
    open.set_owner(owner().name);
    open.set_source(model_.sources[source_]);
    open.set_product(Product(product_).name);
    if (club_) {
      AddSinger(open);
    } else {
      AddCustomer(open);
    }
    if (random_.Chance(0.45)) SetAmount(*open.mutable_amount(), ListAmount());
    if (random_.Chance(0.40)) SetDecision(*open.mutable_expected_close_date());
    if (random_.Chance(0.22)) open.add_tags(kTags[random_.Index(std::size(kTags))]);
    Do(std::move(open));
  }

  void AddCustomer(v1::OpenDealRequest& open) {
    const size_t organization = random_.Index(OrganizationCount(key_.deals));
    open.set_organization_id(OrganizationId(organization));
    open.set_title(absl::StrCat(Product(product_).name, " – ", OrganizationName(organization)));
    auto* link = open.add_contacts();
    link->set_contact_id(ContactId(organization * kContactsPerOrganization +
                                   random_.Index(kContactsPerOrganization)));
    link->set_role("décideur");
  }

  // The singer is a contact of the deal's own, made just before it.
  void AddSinger(v1::OpenDealRequest& open) {
    const std::string contact_id =
        base::FormatId("contact", base::DeriveUuid7(now_us_, absl::StrCat(text_, "/singer")));
    v1::CreateContactRequest singer =
        SingerRequest(contact_id, contact_id.substr(contact_id.size() - 10), random_);
    open.set_title(absl::StrCat(Product(product_).name, " – ", singer.display_name()));
    open.add_contacts()->set_contact_id(contact_id);
    builder_.Add(owner().actor, now_us_, std::move(singer));
  }

  // What happens when a visit to a stage ends; false if nothing happens after it.
  bool LeaveStage() {
    if (random_.Chance(LossChance())) return Lose();
    if (random_.Chance(0.03)) DragByMistake();
    const size_t last = model_.stages.size() - 1;
    if (stage_ == last || (stage_ + 1 == last && random_.Chance(0.10))) return Win();
    if (stage_ > 0 && random_.Chance(0.06)) {
      MoveTo(stage_ - 1);
    } else {
      MoveTo(random_.Chance(0.10) ? std::min(stage_ + 2, last) : stage_ + 1);
    }
    WorkOnIt();
    return true;
  }

  // People and sources differ, so that groups of a KPI do, too.
  double LossChance() const {
    const double source = source_ == 1 ? 0.65 : source_ == 5 ? 1.35 : 1.0;
    return std::min(stage().loss * owner().loss_factor * source, 0.9);
  }

  void MoveTo(size_t stage) {
    v1::MoveDealRequest move;
    move.set_to_stage(model_.stages[stage].label);
    Do(std::move(move));
    stage_ = stage;
  }

  // A card dropped on the wrong column, and put back some minutes later.
  void DragByMistake() {
    const size_t wrong = stage_ == 0 ? model_.stages.size() - 1 : stage_ - 1;
    v1::MoveDealRequest move;
    move.set_to_stage(model_.stages[wrong].label);
    Do(std::move(move));
    now_us_ += static_cast<int64_t>(random_.Between(1, 8)) * kMinuteMicros;
    if (now_us_ >= season_.until_us()) now_us_ = season_.until_us() - 1;
    Do(v1::UndoDealMoveRequest());
    now_us_ = std::min(now_us_ + kMinuteMicros, season_.until_us() - 1);
  }

  // What comes with a new stage: an amount, a date, a call, a note, another owner.
  void WorkOnIt() {
    if (stage_ >= model_.priced_stage && (amount_ == 0 || random_.Chance(0.25))) ChangeAmount();
    if (random_.Chance(0.15)) ChangeDecision();
    if (random_.Chance(0.15)) PlanCall();
    if (random_.Chance(0.10)) WriteNote();
    if (random_.Chance(0.05)) AddTag();
    if (random_.Chance(0.03)) ChangeOwner();
  }

  int64_t ListAmount() {
    const double amount =
        static_cast<double>(Product(product_).list_price) * random_.LogNormal(1.0, 0.45);
    return std::max<int64_t>(std::llround(amount / kAmountStep), 1) * kAmountStep;
  }

  void SetAmount(v1::Money& money, int64_t units) {
    amount_ = units;
    money.set_currency_code(key_.currency_code);
    money.set_units(units);
  }

  void SetDecision(events::v1::Date& date) {
    date = DateOf(now_us_ + static_cast<int64_t>(random_.LogNormal(35, 0.5)) * kDayMicros);
  }

  void ChangeAmount() {
    v1::UpdateDealRequest update;
    update.mutable_update_mask()->add_paths("amount");
    const double factor = random_.Between(0.80, 1.15);
    SetAmount(*update.mutable_amount(),
              amount_ == 0
                  ? ListAmount()
                  : std::max<int64_t>(
                        std::llround(static_cast<double>(amount_) * factor / kAmountStep), 1) *
                        kAmountStep);
    Do(std::move(update));
  }

  void ChangeDecision() {
    v1::UpdateDealRequest update;
    update.mutable_update_mask()->add_paths("expected_close_date");
    SetDecision(*update.mutable_expected_close_date());
    Do(std::move(update));
  }

  void ChangeOwner() {
    const size_t next = model_.first_member + random_.Index(model_.member_count);
    if (next == owner_) return;
    v1::UpdateDealRequest update;
    update.mutable_update_mask()->add_paths("owner");
    update.set_owner(Member(next).name);
    Do(std::move(update));
    owner_ = next;
  }

  void AddTag() {
    v1::TagDealRequest tag;
    tag.add_tags(kTags[random_.Index(std::size(kTags))]);
    Do(std::move(tag));
  }

  void WriteNote() {
    v1::WriteNoteRequest note;
    note.set_note_id(base::FormatId(
        "note", base::DeriveUuid7(now_us_, absl::StrCat(text_, "/note/", notes_++))));
    note.set_body(kNotes[random_.Index(std::size(kNotes))]);
    Do(std::move(note));
  }

  // Planned now, done some days later (or never).
  void PlanCall() {
    v1::ScheduleActivityRequest call;
    const std::string id = base::FormatId(
        "activity", base::DeriveUuid7(now_us_, absl::StrCat(text_, "/call/", calls_++)));
    const int64_t due_us = season_.OfficeTime(
        now_us_ + static_cast<int64_t>(random_.Between(1, 5)) * kDayMicros, random_);
    call.set_activity_id(id);
    call.set_kind(v1::Activity::CALL);
    call.set_title("Appel de suivi");
    call.set_owner(owner().name);
    *call.mutable_due_time() = ToTimestamp(due_us);
    Do(std::move(call));
    if (due_us >= season_.until_us() || !random_.Chance(0.8)) return;
    v1::CompleteActivityRequest done;
    done.set_activity_id(id);
    done.set_outcome("échange positif");
    builder_.Add(owner().actor, due_us, std::move(done));
    // The deal goes on after the call, so that the chain stays in order of time.
    now_us_ = due_us;
  }

  bool Win() {
    v1::WinDealRequest win;
    if (amount_ == 0) SetAmount(*win.mutable_amount(), ListAmount());
    Do(std::move(win));
    if (random_.Chance(0.01)) return Reopen(1, events::v1::REOPEN_MODE_CORRECTION, stage_);
    if (random_.Chance(0.05)) {
      return Reopen(random_.LogNormal(110, 0.4), events::v1::REOPEN_MODE_NEW_CYCLE, 0);
    }
    return false;
  }

  bool Lose() {
    v1::LoseDealRequest lose;
    lose.set_reason(kLossReasons[random_.Index(std::size(kLossReasons))]);
    Do(std::move(lose));
    if (!random_.Chance(0.07)) return false;
    return Reopen(random_.LogNormal(30, 0.6), events::v1::REOPEN_MODE_RESUME, stage_);
  }

  bool Reopen(double days, events::v1::ReopenMode mode, size_t stage) {
    if (!Wait(days)) return false;
    v1::ReopenDealRequest reopen;
    reopen.set_mode(mode);
    Do(std::move(reopen));
    stage_ = stage;
    return true;
  }

  // Constant after construction.
  const DealKey& key_;
  const Season& season_;
  const PipelineModel& model_;
  const bool club_;
  const std::string text_;
  // The story so far.
  Random random_;
  ChainBuilder builder_;
  std::string deal_id_;
  int64_t now_us_ = 0;
  size_t stage_ = 0;
  size_t owner_ = 0;
  size_t source_ = 0;
  size_t product_ = 0;
  int64_t amount_ = 0;
  int notes_ = 0;
  int calls_ = 0;
};

}  // namespace

bool IsClubDeal(const DealKey& key) {
  return Random(absl::StrCat("sample/", key.seed, "/", key.deals, "/club/", key.index))
      .Chance(kClubShare);
}

SampleChain DealJourney(const DealKey& key, const Season& season) {
  return Story(key, season, IsClubDeal(key)).Tell();
}

}  // namespace dealog::cli
