// Method: the line for given numbers; a bar that is not visible writes nothing.

#include "services/cli/text/progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace dealog::cli {
namespace {

TEST(ProgressLine, ShowsShareRateAndEta) {
  EXPECT_EQ(ProgressLine(4400, 8800, 2, "rows"),
            "[############............]  50 %  4,400 / 8,800 rows  2,200/s  ETA 2 s");
  EXPECT_EQ(ProgressLine(0, 8800, 0, "rows"),
            "[........................]   0 %  0 / 8,800 rows  0/s  ETA -");
  EXPECT_EQ(ProgressLine(10, 10, 1, "rows"),
            "[########################] 100 %  10 / 10 rows  10/s  ETA 0 s");
}

TEST(ProgressLine, HasNoShareWithoutATotal) {
  EXPECT_EQ(ProgressLine(4400, 0, 2, "events"), "4,400 events  2,200/s");
}

TEST(ProgressBar, DrawsOnlyWhereItIsVisible) {
  std::ostringstream hidden;
  std::ostringstream visible;
  {
    ProgressBar none(hidden, /*visible=*/false, "rows");
    none.Update(1, 2);
    ProgressBar bar(visible, /*visible=*/true, "rows");
    bar.Update(1, 2);
    bar.Update(2, 2);  // Too soon to draw again.
  }
  EXPECT_EQ(hidden.str(), "");
  EXPECT_NE(visible.str().find("1 / 2 rows"), std::string::npos);
  EXPECT_EQ(visible.str().find("2 / 2 rows"), std::string::npos);
  EXPECT_EQ(visible.str().substr(visible.str().size() - 4), "\r\x1b[K");
}

}  // namespace
}  // namespace dealog::cli
