// Method: folds an import job's events and reads the counters.

#include "projections/states/import.h"

#include <gtest/gtest.h>

#include "tests/projections/states/fold.h"

namespace dealog::states {
namespace {

constexpr char kStarted[] =
    "import { import_started { mapping_name: 'maven' input_sha256: 'abc' row_count: 3000 } }";

TEST(ImportState, CountsAndKeepsTheFirstRejectedRows) {
  ImportState job("import_1");
  Fold(job, kStarted);
  for (int i = 1; i <= 3; ++i) {
    std::string event =
        "import { import_progressed { rows_done: " + std::to_string(i * 1000) +
        " rows_imported: 1 rows_unchanged: 2 rows_rejected: " + std::to_string(i * 400);
    for (int row = 0; row < 400; ++row) {
      event += " rejected { line: " + std::to_string(i * 1000 + row) + " }";
    }
    Fold(job, event + " } }");
  }
  EXPECT_EQ(job.state, v1::Import::RUNNING);
  EXPECT_EQ(job.rows_done, 3000);
  EXPECT_EQ(job.rows_rejected, 1200);
  ASSERT_EQ(job.rejected.size(), 1000u);
  EXPECT_EQ(job.rejected.back().line(), 3199);
  Fold(job, "import { import_completed {} }");
  EXPECT_EQ(job.state, v1::Import::COMPLETED);
  EXPECT_EQ(job.ended_at_us, Minute(4));
}

TEST(ImportState, SaysWhyItFailed) {
  ImportState job("import_1");
  Fold(job, kStarted);
  Fold(job, "import { import_failed { message: 'disk full' } }");
  EXPECT_EQ(job.state, v1::Import::FAILED);
  EXPECT_EQ(job.error, "disk full");
}

}  // namespace
}  // namespace dealog::states
