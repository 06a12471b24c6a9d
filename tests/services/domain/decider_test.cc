// Method: what a command brings along, asked twice.

#include "services/domain/decider.h"

#include <gtest/gtest.h>

#include "tests/support/domain_spec.h"

namespace dealog::domain {
namespace {

TEST(CommandMeta, IdsAreAFunctionOfTheSeed) {
  CommandMeta meta;
  meta.id_seed = base::MakeUuid7(SpecMinute(0));
  EXPECT_EQ(meta.NewId("deal"), meta.NewId("deal"));
  EXPECT_NE(meta.NewId("stage", 1), meta.NewId("stage", 2));
  EXPECT_NE(meta.NewId("stage", 1), meta.NewId("stage"));
  EXPECT_TRUE(base::IsId("stage", meta.NewId("stage", 7)));
  // All ids of a command have its time, so that they sort together.
  EXPECT_EQ(meta.NewId("a", 3).substr(0, 10), meta.NewId("a").substr(0, 10));
}

}  // namespace
}  // namespace dealog::domain
