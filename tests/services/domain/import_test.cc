// Method: folds an import job's events and reads the counters.

#include "services/domain/import.h"

#include <gtest/gtest.h>

#include "tests/support/domain_spec.h"

namespace dealog::domain {
namespace {

constexpr char kStarted[] =
    "import { import_started { mapping_name: 'maven' input_sha256: 'abc' row_count: 3000 } }";

TEST(ImportState, CountsAndKeepsTheFirstRejectedRows) {
  Spec spec;
  spec.GivenEvent("import#1", kStarted);
  for (int i = 1; i <= 3; ++i) {
    std::string event =
        "import { import_progressed { rows_done: " + std::to_string(i * 1000) +
        " rows_imported: 1 rows_unchanged: 2 rows_rejected: " + std::to_string(i * 400);
    for (int row = 0; row < 400; ++row) {
      event += " rejected { line: " + std::to_string(i * 1000 + row) + " }";
    }
    spec.GivenEvent("import#1", event + " } }");
  }
  const ImportState& job = spec.Of<ImportState>("import#1");
  EXPECT_EQ(job.state, v1::Import::RUNNING);
  EXPECT_EQ(job.rows_done, 3000);
  EXPECT_EQ(job.rows_rejected, 1200);
  ASSERT_EQ(job.rejected.size(), 1000u);
  EXPECT_EQ(job.rejected.back().line(), 3199);
  spec.GivenEvent("import#1", "import { import_completed {} }");
  EXPECT_EQ(job.state, v1::Import::COMPLETED);
  EXPECT_EQ(job.ended_at_us, SpecMinute(4));
}

TEST(ImportState, SaysWhyItFailed) {
  Spec spec;
  spec.GivenEvent("import#1", kStarted)
      .GivenEvent("import#1", "import { import_failed { message: 'disk full' } }");
  EXPECT_EQ(spec.Of<ImportState>("import#1").state, v1::Import::FAILED);
  EXPECT_EQ(spec.Of<ImportState>("import#1").error, "disk full");
}

}  // namespace
}  // namespace dealog::domain
