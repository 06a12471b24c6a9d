#pragma once

// What one_truth_test.cc drives: a tenant in memory that commands change, its views, and the
// comparison of what is read with the reply and with a fold from nothing.

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "projections/states/describe.h"
#include "projections/states/event_types.h"
#include "projections/states/import.h"
#include "projections/states/stream_type.h"
#include "projections/states/stream_types.h"
#include "projections/states/tenant.h"
#include "projections/states/workflow.h"
#include "projections/views/catalog_view.h"
#include "projections/views/organizations_view.h"
#include "projections/views/queries.h"
#include "tests/support/all_answers.h"
#include "tests/support/domain_spec.h"
#include "tests/support/folded_tenant.h"

namespace dealog::projections {

using domain::ExpandIds;
using testing::FoldedTenant;
using testing::LoggedEvent;
using testing::RowMap;

inline constexpr PageRequest kAll{.size = 1000};

// A tenant that commands change, and its views.
class World {
 public:
  explicit World(uint32_t seed) : random_(seed), views_(std::make_unique<FoldedTenant>()) {}

  uint32_t Pick(uint32_t count) { return static_cast<uint32_t>(random_() % count); }
  bool OneIn(uint32_t count) { return Pick(count) == 0; }
  // "deal#2": one of `count` of a kind.
  std::string One(const char* prefix, uint32_t count) {
    return absl::StrCat(prefix, "#", 1 + Pick(count));
  }

  // A command, which may be refused. Half of them say that it happened earlier.
  template <typename Request>
  void Try(const std::string& text) {
    Prepare();
    spec_.When<Request>(text);
    Land();
  }
  template <typename Decide>
  void TryDecided(Decide decide) {
    Prepare();
    spec_.WhenDecided(decide);
    Land();
  }
  // An event that no decider of the domain leads to.
  void Happen(const std::string& stream, const std::string& text) {
    const std::string id = ExpandIds(stream);
    Happen({std::string(states::StreamTypeOfId(id)), id},
           domain::FromText<events::v1::Event>(text));
  }
  // Any stream goes on with an event of a newer release: of a kind, or of a union, that no build
  // has.
  void BeOvertaken() {
    auto stream = log_.begin();
    std::advance(stream, Pick(static_cast<uint32_t>(log_.size())));
    events::v1::Event event;
    google::protobuf::Message* newer = &event;
    const events::v1::Event& known = stream->second.front().event;
    if (OneIn(2)) {
      newer = event.GetReflection()->MutableMessage(
          &event, known.GetReflection()->GetOneofFieldDescriptor(
                      known, known.GetDescriptor()->oneof_decl(0)));
    }
    newer->GetReflection()->MutableUnknownFields(newer)->AddVarint(4000, 1);
    Happen({stream->first.first, stream->first.second}, event);
  }
  domain::Spec& spec() { return spec_; }
  const std::set<std::string>& kinds() const { return kinds_; }

 private:
  void Happen(const states::StreamRef& stream, const events::v1::Event& event) {
    spec_.GivenEvent(stream, event);
    ++minute_;
    Fold(stream, event, spec_.ran().occurred_at_us, true);
    CheckTouched();
  }
  void Prepare() {
    if (OneIn(2)) {
      // Minutes, so that some fall on the same instant.
      spec_.OccurredAt(static_cast<int>(minute_) - static_cast<int>(Pick(40)));
    }
    if (OneIn(3)) spec_.Override("agreed by phone");
  }
  void Land() {
    ++minute_;
    if (!spec_.result().ok()) return;
    const std::vector<domain::PendingEvent> events = spec_.result()->events;
    for (const domain::PendingEvent& pending : events) {
      const int64_t occurred =
          pending.occurred_at_us != 0 ? pending.occurred_at_us : spec_.ran().occurred_at_us;
      Fold(pending.stream, pending.event, occurred, &pending == &events.back());
    }
    CheckTouched();
  }
  void Fold(const states::StreamRef& stream, const events::v1::Event& event, int64_t occurred_us,
            bool settles) {
    LoggedEvent& logged = log_[{stream.type, stream.id}].emplace_back();
    logged.event = event;
    logged.header.set_tenant("acme");
    logged.header.mutable_stream()->set_type(stream.type);
    logged.header.mutable_stream()->set_id(stream.id);
    logged.header.set_position(++position_);
    logged.header.set_revision(log_[{stream.type, stream.id}].size());
    logged.header.set_recorded_at_us(spec_.ran().now_us);
    logged.header.set_occurred_at_us(occurred_us);
    logged.header.mutable_actor()->set_principal(spec_.ran().principal);
    views_->Fold(logged, settles);
    kinds_.emplace(states::EventTypeName(event));
    touched_.insert({stream.type, stream.id});
  }
  void Restart() {
    for (auto& [view, rows] : views_->FlushRows()) {
      for (auto& [key, value] : rows.rows) stored_[view].rows[key] = value;
    }
    auto fresh = std::make_unique<FoldedTenant>();
    fresh->LoadRows(stored_, *views_);
    views_ = std::move(fresh);
  }

  // The stream's events within a horizon, folded from nothing; its first one always.
  std::unique_ptr<states::AggregateState> Refold(const std::pair<std::string, std::string>& stream,
                                                 const Horizon& horizon = {}) {
    auto state = states::MakeState(stream.first, stream.second);
    for (const LoggedEvent& logged : log_[stream]) {
      const auto& header = logged.header;
      if (header.revision() > 1 && !horizon.Includes(header.position(), header.occurred_at_us())) {
        continue;
      }
      state->Apply(logged.event, {.revision = header.revision(),
                                  .position = header.position(),
                                  .recorded_at_us = header.recorded_at_us(),
                                  .occurred_at_us = header.occurred_at_us(),
                                  .principal = header.actor().principal()});
    }
    return state;
  }

  template <typename Message>
  void Same(const Message& reply, const Message& folded, const absl::StatusOr<Message>& read) {
    ASSERT_TRUE(read.ok()) << read.status();
    google::protobuf::util::MessageDifferencer differencer;
    std::string difference;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(folded, reply)) << "reply: " << difference;
    difference.clear();
    EXPECT_TRUE(differencer.Compare(folded, *read)) << "read: " << difference;
  }
  template <typename Message>
  static absl::StatusOr<Message> InPage(const absl::StatusOr<Page<Message>>& page,
                                        const std::string& id,
                                        const std::string& (Message::*id_of)() const) {
    if (!page.ok()) return page.status();
    for (const Message& message : page->items) {
      if ((message.*id_of)() == id) return message;
    }
    return absl::NotFoundError(id);
  }
  template <typename State, typename Message, typename Read>
  void Check(const std::pair<std::string, std::string>& stream, Message (*describe)(const State&),
             Read read) {
    const auto live = spec_.reader().Find({stream.first, stream.second});
    ASSERT_TRUE(live.ok());
    const auto folded = Refold(stream);
    // Positions are the log's: a decider does not know them.
    Message reply = describe(static_cast<const State&>(**live));
    Message from_nothing = describe(static_cast<const State&>(*folded));
    if constexpr (std::is_same_v<Message, v1::WorkflowInstance>) reply = from_nothing;
    Same<Message>(reply, from_nothing, read());
  }

  // Copies of the views answer as the views did, whatever happens afterwards and for how long.
  void CheckCopies() {
    const auto answers = [](const testing::CopiedTenant& of, const TenantViews& views) {
      testing::AnswerText text;
      testing::AnswersBesidesDeals(views, of.position().value / 2, text);
      return text.text();
    };
    if (copies_.size() < 3 || OneIn(2)) {
      testing::CopiedTenant copy = views_->Copy();
      std::string now = answers(copy, copy);
      EXPECT_EQ(now, answers(copy, *views_));
      copies_.emplace_back(std::move(copy), std::move(now));
      return;
    }
    const auto old = copies_.begin() + Pick(static_cast<uint32_t>(copies_.size()));
    EXPECT_EQ(answers(old->first, old->first), old->second);
    copies_.erase(old);
  }
  void CheckTouched() {
    if (OneIn(6)) Restart();
    if (OneIn(40)) CheckCopies();
    const std::set<std::pair<std::string, std::string>> touched = std::move(touched_);
    touched_.clear();
    for (const auto& stream : touched) {
      SCOPED_TRACE(stream.first + "/" + stream.second);
      CheckStream(stream);
      if (!::testing::Test::HasFailure()) continue;
      for (const LoggedEvent& logged : log_[stream]) {
        ADD_FAILURE() << "revision " << logged.header.revision() << " occurred "
                      << logged.header.occurred_at_us() / 1'000'000 << ": "
                      << logged.event.ShortDebugString();
      }
    }
  }
  void CheckStream(const std::pair<std::string, std::string>& stream);
  void CheckPast(const std::pair<std::string, std::string>& stream);
  absl::StatusOr<v1::Deal> DealWithoutLabels(const std::string& id) {
    auto deal = GetDeal(*views_, id, {}, views_->recorded_at_us());
    if (!deal.ok()) return deal;
    deal->clear_stage();
    deal->clear_owner();
    deal->clear_organization();
    deal->clear_product();
    return deal;
  }

  std::mt19937_64 random_;
  domain::Spec spec_;
  int64_t minute_ = 0;  // Of the next command.
  std::unique_ptr<FoldedTenant> views_;
  std::map<std::string, RowMap> stored_;
  std::vector<std::pair<testing::CopiedTenant, std::string>> copies_;  // And what they answered.
  std::map<std::pair<std::string, std::string>, std::vector<LoggedEvent>> log_;
  std::set<std::pair<std::string, std::string>> touched_;
  std::set<std::string> kinds_;
  uint64_t position_ = 0;
};

inline void World::CheckStream(const std::pair<std::string, std::string>& stream) {
  const auto& [type, id] = stream;
  FoldedTenant& views = *views_;
  if (type == states::kTenantStream) {
    Check(stream, states::ToTenant, [&] { return GetTenant(views); });
  } else if (type == states::kPipelineStream) {
    Check(stream, states::ToPipeline, [&] { return GetPipeline(views, id, {}); });
    CheckPast(stream);
  } else if (type == states::kDealStream) {
    Check(stream, states::ToDeal, [&] { return DealWithoutLabels(id); });
  } else if (type == states::kContactStream) {
    Check(stream, states::ToContact, [&] { return GetContact(views, id); });
  } else if (type == states::kOrganizationStream) {
    Check(stream, states::ToOrganization, [&] { return GetOrganization(views, id); });
    CheckPast(stream);
  } else if (type == states::kActivityStream) {
    Check(stream, states::ToActivity, [&] { return GetActivity(views, id); });
  } else if (type == states::kNoteStream) {
    Check(stream, states::ToNote,
          [&] { return InPage(ListNotes(views, "", "", kAll), id, &v1::Note::note_id); });
  } else if (type == states::kMemberStream) {
    Check(stream, states::ToMember,
          [&] { return InPage(ListMembers(views, kAll), id, &v1::Member::member_id); });
    CheckPast(stream);
  } else if (type == states::kProductStream) {
    Check(stream, states::ToProduct,
          [&] { return InPage(ListProducts(views, kAll), id, &v1::Product::product_id); });
  } else if (type == states::kWorkflowStream) {
    Check(stream, states::ToWorkflow, [&] { return GetWorkflow(views, id); });
  } else if (type == states::kWorkflowInstanceStream) {
    Check(stream, states::ToWorkflowInstance, [&] {
      return InPage(ListWorkflowInstances(views, "", "", kAll), id,
                    &v1::WorkflowInstance::instance_id);
    });
  } else if (type == states::kImportStream) {
    Check(stream, states::ToImport, [&] { return GetImport(views, id); });
  } else {
    ASSERT_EQ(type, states::kStreamTypeStream) << "a stream type that nothing compares";
    const auto describe = +[](const states::StreamTypeState& state) {
      return states::ToStreamType(state, /*with_descriptors=*/true);
    };
    // No view has them: they are read from their streams.
    Check(stream, describe, [&]() -> absl::StatusOr<v1::StreamType> {
      return describe(static_cast<const states::StreamTypeState&>(*Refold(stream)));
    });
  }
}

// What is shown of a past is the fold of the events within the horizon.
inline void World::CheckPast(const std::pair<std::string, std::string>& stream) {
  const auto& [type, id] = stream;
  const LoggedEvent& some = log_[stream][Pick(static_cast<uint32_t>(log_[stream].size()))];
  Horizon horizon;
  horizon.known_position = std::max(log_[stream].front().header.position(),
                                    uint64_t{1} + Pick(static_cast<uint32_t>(position_)));
  horizon.as_of_us = some.header.occurred_at_us() + (OneIn(2) ? 1 : 0);
  const auto folded = Refold(stream, horizon);
  if (type == states::kPipelineStream) {
    const AsKnown when{.as_of_us = horizon.as_of_us,
                       .known_position = eventstore::Position{horizon.known_position}};
    const v1::Pipeline expected =
        states::ToPipeline(static_cast<const states::PipelineState&>(*folded));
    Same<v1::Pipeline>(expected, expected, GetPipeline(*views_, id, when));
    return;
  }
  const auto same = [&](const Timeline<std::string>& timeline, const std::string& expected) {
    // Cleared, or not yet set: which of the two is timeline_test's question.
    if (expected.empty()) return;
    const std::string* shown = timeline.Latest(horizon);
    ASSERT_NE(shown, nullptr);
    EXPECT_EQ(*shown, expected);
  };
  if (type == states::kMemberStream) {
    const auto& state = static_cast<const states::MemberState&>(*folded);
    const MemberRecord& record = *(*views_->Get<CatalogView>(kCatalogView))->Member(id);
    same(record.name, state.display_name.value);
    same(record.team, state.team.value);
    same(record.region, state.region.value);
    return;
  }
  const auto& state = static_cast<const states::OrganizationState&>(*folded);
  const OrganizationRecord& record =
      *(*views_->Get<OrganizationsView>(kOrganizationsView))->Find(id);
  same(record.name, state.display_name.value);
  state.attributes.ForEach([&](const std::string& key, const events::v1::Attribute& attribute) {
    const AttributeValue* shown = record.Attribute(key, kNever, horizon);
    ASSERT_NE(shown, nullptr);
    EXPECT_EQ(AttributeText(*shown), attribute.text());
  });
}

}  // namespace dealog::projections
