#pragma once

// A tenant with a pipeline, deals and workflows over a memory log that survives reopening. All ids
// and times are given, so that two runs of the same story write the same bytes.

#include <chrono>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/secret.h"
#include "eventstore/memory/memory_log.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "services/commands/state_loader.h"
#include "services/commands/submit.h"
#include "services/domain/activity.h"
#include "services/domain/catalog.h"
#include "services/domain/deal.h"
#include "services/domain/external.h"
#include "services/domain/pipeline.h"
#include "services/domain/stream_type.h"
#include "services/domain/tenant.h"
#include "services/domain/workflow.h"
#include "services/workflow/reactor.h"
#include "tests/support/hooked_log.h"
#include "tests/support/manual_clock.h"

namespace dealog::workflow {

inline const eventstore::TenantId kAcme{"acme"};
inline const base::Secret kSecret(std::string(32, 's'));

// "deal_00000000000000000000000007": an id of the right form that a test can choose.
inline std::string Id(const std::string& prefix, int number) {
  std::string digits = absl::StrCat(number);
  return absl::StrCat(prefix, "_", std::string(26 - digits.size(), '0'), digits);
}
inline std::string Deal(int number) { return Id("deal", number); }

// One event, as a story tells it.
struct Told {
  std::string type;
  std::string stream;
  std::string payload;
  std::string principal;
  bool operator==(const Told&) const = default;
};
inline void PrintTo(const Told& told, std::ostream* out) {
  *out << told.type << " on " << told.stream << " by " << told.principal;
}

class WorkflowFixture : public ::testing::Test {
 protected:
  WorkflowFixture() { OpenWorld(); }
  ~WorkflowFixture() override { CloseWorld(); }

  // Opens log and sequencers over what the disk holds.
  void OpenWorld() {
    log_ = std::make_unique<testing::HookedLog>(
        eventstore::MakeMemoryLog({.disk = disk_, .clock = &clock_}));
    sequencers_ = std::make_unique<commands::Sequencers>(
        *log_, clock_, commands::SequencerOptions{.unique_key_secret = kSecret});
  }
  void CloseWorld() {
    reactor_.reset();
    sequencers_.reset();
    log_.reset();
  }
  void StartReactor() {
    reactor_ = MakeReactor(
        *log_, *sequencers_,
        {.checkpoint = checkpoint_.get(), .on_error = [this](const absl::Status& status) {
           base::MutexLock lock(errors_mu_);
           errors_.push_back(status);
         }});
  }
  // Lets the reactor do all there is to do, then stops it.
  void React() {
    StartReactor();
    ASSERT_TRUE(reactor_->WaitCaughtUp(std::chrono::seconds(20)));
    reactor_->Stop();
  }

  template <typename Request>
  absl::StatusOr<commands::CommandResult> Do(const Request& request,
                                             eventstore::CommitOrigin origin = {}) {
    if (origin.principal.empty()) origin.principal = "user:ada";
    clock_.Advance(1'000'000);
    commands::CommandContext context{.tenant = tenant_, .origin = std::move(origin)};
    context.creates_tenant = std::is_same_v<Request, v1::CreateTenantRequest>;
    context.occurred_at_us = occurred_at_us_;
    return commands::Execute(*sequencers_, std::move(context),
                             [&](const domain::CommandMeta& meta, domain::StateReader& states) {
                               return domain::Decide(request, meta, states);
                             });
  }
  template <typename Request>
  absl::StatusOr<commands::CommandResult> DoText(const std::string& text,
                                                 eventstore::CommitOrigin origin = {}) {
    Request request;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
    return Do(request, std::move(origin));
  }

  // The tenant, the pipeline "Sales": Lead, Offer, Won, Lost.
  void Found(const eventstore::TenantId& tenant = kAcme) {
    tenant_ = tenant;
    ASSERT_TRUE(DoText<v1::CreateTenantRequest>(absl::StrCat("name: '", tenant.value, "'")).ok());
    const auto created = DoText<v1::CreatePipelineRequest>(
        absl::StrCat("pipeline_id: '", Id("pipeline", 1), "' display_name: 'Sales' ",
                     "stages { stage_id: '", Id("stage", 1), "' label: 'Lead' kind: OPEN } ",
                     "stages { stage_id: '", Id("stage", 2), "' label: 'Offer' kind: OPEN } ",
                     "stages { stage_id: '", Id("stage", 3), "' label: 'Won' kind: WON } ",
                     "stages { stage_id: '", Id("stage", 4), "' label: 'Lost' kind: LOST }"));
    ASSERT_TRUE(created.ok()) << created.status();
  }
  void OpenDeal(int number, const std::string& more = "",
                const eventstore::CommitOrigin& origin = {}) {
    const auto opened = DoText<v1::OpenDealRequest>(
        absl::StrCat("deal_id: '", Deal(number), "' pipeline: 'Sales' ", more), origin);
    ASSERT_TRUE(opened.ok()) << opened.status();
  }
  void Publish(int number, const std::string& definition) {
    const auto drafted = DoText<v1::CreateWorkflowDraftRequest>(
        absl::StrCat("workflow_id: '", Id("workflow", number), "' definition { display_name: 'w",
                     number, "' ", definition, " }"));
    ASSERT_TRUE(drafted.ok()) << drafted.status();
    const auto published = DoText<v1::PublishWorkflowRequest>(
        absl::StrCat("workflow: '", Id("workflow", number), "'"));
    ASSERT_TRUE(published.ok()) << published.status();
  }
  void Stop(int number) {
    ASSERT_TRUE(
        DoText<v1::StopWorkflowRequest>(absl::StrCat("workflow: '", Id("workflow", number), "'"))
            .ok());
  }
  absl::StatusOr<commands::CommandResult> Tag(int deal, const std::string& tag,
                                              const eventstore::CommitOrigin& origin = {}) {
    return DoText<v1::TagDealRequest>(absl::StrCat("deal_id: '", Deal(deal), "' tags: '", tag, "'"),
                                      origin);
  }

  // The tenant's log from `after` on.
  std::vector<Told> Story(uint64_t after = 0) {
    std::vector<Told> story;
    const auto page = log_->ReadTenant(tenant_, {.after = eventstore::Position{after}});
    for (const auto& item : page->events) {
      const auto parsed = commands::ParseEvent(item.view());
      story.push_back({.type = parsed->header.type(),
                       .stream = absl::StrCat(parsed->header.stream().type(), "/",
                                              parsed->header.stream().id()),
                       .payload = parsed->event.ShortDebugString(),
                       .principal = parsed->header.actor().principal()});
    }
    return story;
  }
  std::vector<std::string> TypesAfter(uint64_t after) {
    std::vector<std::string> types;
    for (const Told& told : Story(after)) types.push_back(told.type);
    return types;
  }
  storage::v1::EventHeader HeaderAt(uint64_t position) {
    const auto page =
        log_->ReadTenant(tenant_, {.after = eventstore::Position{position - 1}, .limit = 1});
    return commands::ParseEvent(page->events.at(0).view())->header;
  }
  uint64_t Head() { return log_->Head(tenant_)->position.value; }
  std::unique_ptr<domain::AggregateState> Fold(const std::string& type, const std::string& id) {
    return *commands::FoldStream(*log_, tenant_, {type, id});
  }
  std::vector<std::string> TagsOf(int deal) {
    return dynamic_cast<domain::DealState&>(*Fold("deal", Deal(deal))).tags.Keys();
  }
  // Instances in the order of their start.
  std::vector<domain::WorkflowInstanceState> Instances() {
    std::vector<domain::WorkflowInstanceState> instances;
    for (const Told& told : Story()) {
      if (told.type != "InstanceStarted") continue;
      const std::string id = told.stream.substr(told.stream.find('/') + 1);
      instances.push_back(
          dynamic_cast<domain::WorkflowInstanceState&>(*Fold("workflow_instance", id)));
    }
    return instances;
  }
  std::vector<absl::Status> Errors() {
    base::MutexLock lock(errors_mu_);
    return errors_;
  }

  testing::ManualClock clock_;
  std::shared_ptr<eventstore::MemoryDisk> disk_ = std::make_shared<eventstore::MemoryDisk>(1);
  std::unique_ptr<testing::HookedLog> log_;
  std::unique_ptr<commands::Sequencers> sequencers_;
  std::unique_ptr<ReactorCheckpoint> checkpoint_;
  std::unique_ptr<Reactor> reactor_;
  eventstore::TenantId tenant_ = kAcme;
  int64_t occurred_at_us_ = 0;
  base::Mutex errors_mu_;
  std::vector<absl::Status> errors_ ABSL_GUARDED_BY(errors_mu_);
};

}  // namespace dealog::workflow
