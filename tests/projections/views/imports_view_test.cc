// Method: events in, answers out, before and after a reload from rows.

#include "projections/views/imports_view.h"

#include <string>

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/states/limits.h"
#include "projections/views/queries.h"
#include "tests/support/folded_views.h"

namespace dealog::projections {
namespace {

class ImportsViewTest : public testing::Test {
 protected:
  void Begin(const std::string& id) {
    events::v1::Event event;
    event.mutable_import()->mutable_import_started()->set_mapping_name("maven-crm");
    event.mutable_import()->mutable_import_started()->set_row_count(10);
    views_.Fold("import", id, event);
  }
  void Progress(const std::string& id, int64_t written, int64_t done, int rejected = 0) {
    events::v1::Event event;
    auto& progressed = *event.mutable_import()->mutable_import_progressed();
    progressed.set_rows_done(done);
    progressed.set_rows_imported(done - rejected);
    progressed.set_rows_unchanged(1);
    progressed.set_rows_rejected(rejected);
    progressed.set_events_written(written);
    for (int i = 0; i < rejected; ++i) progressed.add_rejected()->set_line(i + 2);
    views_.Fold("import", id, event);
  }

  FoldedViews views_{{ImportsViewDefinition()}};
};

TEST_F(ImportsViewTest, RunsAndCompletes) {
  Begin("import_1");
  EXPECT_EQ(GetImport(views_, "import_1")->state(), v1::Import::RUNNING);
  EXPECT_FALSE(GetImport(views_, "import_1")->has_end_time());
  Progress("import_1", 3, 4, 1);
  views_.Reload();
  Progress("import_1", 5, 10, 0);
  events::v1::Event completed;
  auto& replaced = *completed.mutable_import()->mutable_import_completed()->add_replacements();
  replaced.set_column("product");
  replaced.set_from("GTXPro");
  replaced.set_to("GTX Pro");
  replaced.set_row_count(1480);
  views_.Fold("import", "import_1", completed);
  for (int round = 0; round < 2; ++round) {
    const auto import = GetImport(views_, "import_1");
    ASSERT_TRUE(import.ok()) << import.status();
    EXPECT_EQ(import->state(), v1::Import::COMPLETED);
    EXPECT_EQ(import->mapping_name(), "maven-crm");
    EXPECT_EQ(import->row_count(), 10);
    EXPECT_EQ(import->rows_done(), 10);
    EXPECT_EQ(import->rows_imported(), 10);
    EXPECT_EQ(import->rows_unchanged(), 1);
    EXPECT_EQ(import->rows_rejected(), 0);
    ASSERT_EQ(import->rejected_size(), 1);
    EXPECT_EQ(import->rejected(0).line(), 2);
    EXPECT_EQ(import->events_written(), 5);
    ASSERT_EQ(import->replacements_size(), 1);
    EXPECT_EQ(import->replacements(0), "product: GTXPro -> GTX Pro (1,480 rows)");
    EXPECT_GT(import->end_time().seconds(), import->start_time().seconds());
    views_.Reload();
  }
}

TEST_F(ImportsViewTest, EventsOfOthersLeaveItAlone) {
  Begin("import_1");
  events::v1::Event deal;
  deal.mutable_deal()->mutable_deal_won();
  views_.Fold("deal", "deal_1", deal);
  EXPECT_EQ(GetImport(views_, "import_1")->events_written(), 0);
}

TEST_F(ImportsViewTest, FailureKeepsItsMessage) {
  Begin("import_1");
  events::v1::Event failed;
  failed.mutable_import()->mutable_import_failed()->set_message("cancelled by user:test");
  views_.Fold("import", "import_1", failed);
  EXPECT_EQ(GetImport(views_, "import_1")->state(), v1::Import::FAILED);
  EXPECT_EQ(GetImport(views_, "import_1")->error(), "cancelled by user:test");
}

TEST_F(ImportsViewTest, ShowsTheFirstRejectedRowsOnly) {
  Begin("import_1");
  Progress("import_1", 0, 900, 900);
  Progress("import_1", 0, 1'100, 200);
  EXPECT_EQ(GetImport(views_, "import_1")->rejected_size(),
            static_cast<int>(states::kRejectedRowsKeptMax));
  EXPECT_EQ(GetImport(views_, "import_1")->rejected(999).line(), 101);
}

TEST_F(ImportsViewTest, ListsNewestFirst) {
  Begin("import_b");
  Begin("import_c");
  Begin("import_a");
  const auto page = ListImports(views_, {.size = 2});
  ASSERT_EQ(page->items.size(), 2u);
  EXPECT_EQ(page->items[0].import_id(), "import_a");
  EXPECT_EQ(page->items[1].import_id(), "import_c");
  EXPECT_EQ(ListImports(views_, {.size = 2, .after = page->next})->items[0].import_id(),
            "import_b");
}

TEST_F(ImportsViewTest, UnknownImportIsNotFound) {
  EXPECT_EQ(base::ReasonOf(GetImport(views_, "import_x").status()), "IMPORT_NOT_FOUND");
}

TEST_F(ImportsViewTest, DamagedRowIsDataLoss) {
  EXPECT_EQ(ImportsView().LoadRow("import_x", "\xff\xff").code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace dealog::projections
