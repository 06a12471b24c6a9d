#pragma once

// A sequencer over a memory log that survives reopening, a clock that stands still, and a small
// vocabulary of commands made of deal events, so that these tests depend on no business rule.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/secret.h"
#include "eventstore/memory/memory_log.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/states/deal.h"
#include "services/commands/sequencer.h"
#include "services/commands/state_loader.h"
#include "services/commands/submit.h"
#include "tests/support/hooked_log.h"
#include "tests/support/manual_clock.h"

namespace dealog::commands {

inline const eventstore::TenantId kAcme{"acme"};
inline const base::Secret kSecret("0123456789abcdef0123456789abcdef");

// A command that was submitted: its result, once there is one.
class Ticket {
 public:
  void Set(absl::StatusOr<CommandResult> result) {
    base::MutexLock lock(mu_);
    result_ = std::move(result);
    changed_.NotifyAll();
  }
  absl::StatusOr<CommandResult> Wait() {
    base::MutexLock lock(mu_);
    while (!result_.has_value()) changed_.Wait(mu_);
    return *result_;
  }
  bool done() {
    base::MutexLock lock(mu_);
    return result_.has_value();
  }

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  std::optional<absl::StatusOr<CommandResult>> result_;
};

// What a command showed of the deal.
struct Shown {
  std::vector<std::string> tags;
  uint64_t revision = 0;
};

inline DescribeFunction ShowTags(Shown& shown) {
  return [&shown](const domain::AggregateState& state) {
    shown.tags = dynamic_cast<const domain::DealState&>(state).tags.Keys();
    shown.revision = state.revision;
  };
}

inline domain::PendingEvent Opened(const std::string& deal) {
  domain::PendingEvent pending{.stream = {"deal", deal}};
  auto& opened = *pending.event.mutable_deal()->mutable_deal_opened();
  opened.set_pipeline_id("pipeline_1");
  opened.set_stage_id("stage_1");
  return pending;
}

inline domain::PendingEvent Tagged(const std::string& deal, const std::string& tag) {
  domain::PendingEvent pending{.stream = {"deal", deal}};
  pending.event.mutable_deal()->mutable_deal_tagged()->add_tags(tag);
  return pending;
}

// Opens a deal; refused as ID_EXISTS if it is there.
inline DecideFunction OpenDeal(const std::string& deal) {
  return [deal](const domain::CommandMeta&,
                domain::StateReader& states) -> absl::StatusOr<domain::Decision> {
    const auto state = states.Find({"deal", deal});
    if (!state.ok()) return state.status();
    if ((*state)->revision > 0) {
      return base::Error(absl::StatusCode::kAlreadyExists, "ID_EXISTS", "the deal exists");
    }
    return domain::Decision{.subject = {"deal", deal}, .events = {Opened(deal)}};
  };
}

// Tags a deal: refused as DEAL_NOT_FOUND if it is not there; no effect if it has the tag.
inline DecideFunction TagDeal(const std::string& deal, const std::string& tag) {
  return [deal, tag](const domain::CommandMeta& meta,
                     domain::StateReader& states) -> absl::StatusOr<domain::Decision> {
    const auto found = states.Find({"deal", deal});
    if (!found.ok()) return found.status();
    if ((*found)->revision == 0) {
      return base::Error(absl::StatusCode::kNotFound, "DEAL_NOT_FOUND", "no such deal");
    }
    if (!meta.etag.empty() && meta.etag != absl::StrCat((*found)->revision)) {
      return base::Error(absl::StatusCode::kAborted, "REVISION_CONFLICT", "another revision");
    }
    domain::Decision decision{.subject = {"deal", deal}};
    if (!dynamic_cast<const domain::DealState&>(**found).tags.Has(tag)) {
      decision.events.push_back(Tagged(deal, tag));
    }
    return decision;
  };
}

// Takes a unique key for a deal; refused as NAME_TAKEN if it is another's.
inline DecideFunction Claim(const std::string& deal, const std::string& value) {
  return [deal, value](const domain::CommandMeta&,
                       domain::StateReader& states) -> absl::StatusOr<domain::Decision> {
    const auto owner = states.FindUnique("deal.name", value);
    if (!owner.ok()) return owner.status();
    if (owner->has_value() && **owner != deal) {
      return base::Error(absl::StatusCode::kAlreadyExists, "NAME_TAKEN", **owner);
    }
    return domain::Decision{.subject = {"deal", deal},
                            .events = {Tagged(deal, value)},
                            .claims = {{"deal.name", value, {"deal", deal}}}};
  };
}

class SequencerFixture : public ::testing::Test {
 protected:
  SequencerFixture() { Open(); }
  ~SequencerFixture() override {
    gate_.Open();
    sequencer_.reset();
  }

  // Opens log and sequencer, again after Close.
  void Open() {
    log_ = std::make_unique<testing::HookedLog>(
        eventstore::MakeMemoryLog({.disk = disk_, .clock = &clock_}));
    sequencer_ = MakeSequencer(*log_, eventstore::PartitionId{0}, clock_, options_);
  }
  void Close() {
    sequencer_.reset();
    log_.reset();
  }
  void Reopen() {
    Close();
    Open();
  }
  void CreateTenant(const eventstore::TenantId& tenant = kAcme) {
    CommandContext context = Context("/test/CreateTenant");
    context.tenant = tenant;
    context.creates_tenant = true;
    ASSERT_TRUE(Execute(*sequencer_, context, OpenDeal("founding")).ok());
  }

  CommandContext Context(const std::string& method = "/test/Method") {
    return {.tenant = kAcme, .origin = {.principal = "user:ada"}, .method = method};
  }
  // A context that is idempotent under `request_id`; `body` stands for the request.
  CommandContext Idempotent(const std::string& request_id, const std::string& body = "body") {
    CommandContext context = Context();
    context.request_id = request_id;
    context.fingerprint = body + std::string(32 - body.size(), ' ');
    return context;
  }
  absl::StatusOr<CommandResult> Run(DecideFunction decide) {
    return Execute(*sequencer_, Context(), std::move(decide));
  }
  absl::StatusOr<CommandResult> Run(CommandContext context, DecideFunction decide) {
    return Execute(*sequencer_, std::move(context), std::move(decide));
  }
  std::unique_ptr<Ticket> Submit(CommandContext context, DecideFunction decide,
                                 DescribeFunction describe = {}, size_t bytes = 0) {
    auto ticket = std::make_unique<Ticket>();
    sequencer_->Submit(std::make_unique<LambdaCommand>(
        std::move(context), std::move(decide), std::move(describe),
        [raw = ticket.get()](absl::StatusOr<CommandResult> result) { raw->Set(std::move(result)); },
        bytes));
    return ticket;
  }
  // Makes the sequencer stop inside Append: what is submitted from now on waits for the next batch.
  std::unique_ptr<Ticket> HoldInAppend() {
    gate_.Shut();
    log_->before_append = [this](testing::HookedLog::Commits) {
      gate_.Pass();
      return absl::OkStatus();
    };
    auto ticket = Submit(Context(), OpenDeal(absl::StrCat("held_", ++held_)));
    gate_.AwaitVisitor();
    return ticket;
  }
  void Release() { gate_.Open(); }

  uint64_t HeadPosition() { return log_->Head(kAcme)->position.value; }
  std::vector<std::string> TagsInLog(const std::string& deal) {
    const auto state = FoldStream(*log_, kAcme, {"deal", deal});
    return dynamic_cast<const domain::DealState&>(**state).tags.Keys();
  }

  testing::ManualClock clock_;
  std::shared_ptr<eventstore::MemoryDisk> disk_ = std::make_shared<eventstore::MemoryDisk>(1);
  SequencerOptions options_{.unique_key_secret = kSecret};
  std::unique_ptr<testing::HookedLog> log_;
  std::unique_ptr<Sequencer> sequencer_;
  testing::Gate gate_;
  int held_ = 0;
};

}  // namespace dealog::commands
