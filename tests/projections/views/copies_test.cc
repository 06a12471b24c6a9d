// Method: a view's copy answers as the view did when it was copied, whatever is folded afterwards:
// random events of every view, copies taken on the way, each asked everything at once and again at
// the end. (one_truth_test does so over events of every kind.) Then readers copy under a shared
// lock and ask without one, while a writer folds; run under ThreadSanitizer as well.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"
#include "projections/views/contacts_view.h"
#include "projections/views/deals_view.h"
#include "projections/views/registry.h"
#include "tests/support/all_answers.h"
#include "tests/support/folded_tenant.h"
#include "tests/support/random_deals.h"

namespace dealog::projections {
namespace {

using testing::AnswersAboutDeals;
using testing::AnswersBesidesDeals;
using testing::AnswerText;
using testing::CopiedTenant;
using testing::FoldedTenant;
using testing::LoggedEvent;
using testing::RandomDeals;

std::vector<LoggedEvent> RandomLog() {
  RandomDeals random({.deals = 60, .seed = 5, .active = 20, .catalogue_changes = 0.2});
  std::vector<LoggedEvent> log;
  random.Generate([&log](const LoggedEvent& event) { log.push_back(event); });
  return log;
}

std::string Answers(const TenantViews& views, const CopiedTenant& copy) {
  AnswerText answers;
  AnswersBesidesDeals(views, copy.position().value / 2, answers);
  AnswersAboutDeals(views, copy.position().value / 2, answers);
  return answers.text();
}

TEST(Copies, EveryViewCanBeCopied) {
  for (const ViewDefinition& definition : AllViews()) {
    const std::unique_ptr<ViewState> state = definition.make_state();
    const std::shared_ptr<const ViewState> copy = state->Copy();
    ASSERT_NE(copy, nullptr) << definition.name;
    EXPECT_EQ(typeid(*copy), typeid(*state)) << definition.name;
  }
}

TEST(Copies, AnswerAsTheViewsDidWhateverIsFoldedAfterwards) {
  struct Taken {
    CopiedTenant copy;
    std::string answers;
  };
  FoldedTenant tenant;
  std::vector<Taken> taken;
  size_t folded = 0;
  for (const LoggedEvent& event : RandomLog()) {
    tenant.Fold(event);
    if (++folded % 61 != 0) continue;
    CopiedTenant copy = tenant.Copy();
    std::string answers = Answers(copy, copy);
    EXPECT_EQ(answers, Answers(tenant, copy)) << "at " << folded;
    if (taken.size() > 5) taken.erase(taken.begin() + 2);  // The first ones stay to the end.
    taken.push_back({std::move(copy), std::move(answers)});
  }
  ASSERT_GT(taken.size(), 5u);
  for (const Taken& each : taken) {
    EXPECT_EQ(Answers(each.copy, each.copy), each.answers) << each.copy.position().value;
  }
}

TEST(Copies, HaveNoRowsThatWaitForAFlush) {
  ContactsView view;
  LoggedEvent logged;
  logged.header.mutable_stream()->set_type("contact");
  logged.header.mutable_stream()->set_id("contact_1");
  logged.header.set_revision(1);
  logged.header.set_position(1);
  logged.event.mutable_contact()->mutable_contact_created()->set_display_name("Ada");
  ASSERT_TRUE(view.Fold({.header = logged.header, .event = logged.event}).ok());
  ContactsView copy(view);
  EXPECT_EQ(copy.RowCount(), 1u);
  EXPECT_EQ(copy.ApproximateBytes(), view.ApproximateBytes());
  testing::RowMap rows;
  copy.FlushRows(rows);
  EXPECT_EQ(rows.rows.size(), 0u);
  view.FlushRows(rows);
  EXPECT_EQ(rows.rows.size(), 1u);
}

TEST(Copies, AreReadWithoutALockWhileTheViewsFold) {
  base::SharedMutex mu;
  FoldedTenant tenant;
  std::atomic<bool> stop = false;
  std::atomic<int> copies = 0;
  std::atomic<int> changed = 0;
  std::vector<std::unique_ptr<base::Worker>> readers;
  for (int i = 0; i < 2; ++i) {
    readers.push_back(std::make_unique<base::Worker>("reader", [&] {
      while (!stop) {
        const CopiedTenant copy = [&] {
          const base::ReaderLock lock(mu);
          return tenant.Copy();
        }();
        const std::string answers = Answers(copy, copy);
        if (Answers(copy, copy) != answers) ++changed;
        ++copies;
      }
    }));
  }
  for (const LoggedEvent& event : RandomLog()) {
    const int before = copies;
    {
      const base::WriterLock lock(mu);
      tenant.Fold(event);
    }
    // So that some are taken at every stage of the log.
    while (copies == before && event.header.position() % 16 == 0) std::this_thread::yield();
  }
  stop = true;
  readers.clear();
  EXPECT_EQ(changed, 0);
}

}  // namespace
}  // namespace dealog::projections
