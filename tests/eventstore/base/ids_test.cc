// States by example what ids promise: order, form, determinism.
#include "eventstore/base/ids.h"

#include <gtest/gtest.h>

namespace dealog::base {
namespace {

TEST(Ids, SortByTheTimeTheyWereMade) {
  EXPECT_LT(FormatId("deal", MakeUuid7(1'000'000)), FormatId("deal", MakeUuid7(2'000'000)));
}

TEST(Ids, FormatsTheExampleOfTheTypeIdSpecification) {
  // github.com/jetpack-io/typeid, spec/valid.yml, "valid-alphabet" and "valid-uuidv7".
  const Uuid uuid = {0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b,
                     0xbc, 0xce, 0xb3, 0x02, 0x09, 0x9a, 0x80, 0x57};
  EXPECT_EQ(FormatId("prefix", uuid), "prefix_01h455vb4pex5vsknk084sn02q");
}

TEST(Ids, DerivedIdsAreAFunctionOfTheirSeed) {
  EXPECT_EQ(DeriveUuid7(5, "a"), DeriveUuid7(5, "a"));
  EXPECT_NE(DeriveUuid7(5, "a"), DeriveUuid7(5, "b"));
}

TEST(Ids, RecognisesTheirOwnForm) {
  const std::string id = FormatId("deal", MakeUuid7(1));
  EXPECT_TRUE(IsId("deal", id));
  EXPECT_FALSE(IsId("contact", id));
  EXPECT_FALSE(IsId("deal", id + "0"));
  EXPECT_FALSE(IsId("deal", "deal_81h455vb4pex5vsknk084sn02q"));  // More than 128 bits.
  EXPECT_FALSE(IsId("deal", "deal_01h455vb4pex5vsknk084sn02u"));  // u is no digit.
  EXPECT_EQ(IdPrefix(id), "deal");
}

}  // namespace
}  // namespace dealog::base
