// Method: the sample mapping parses as written; each refusal is the sample with one thing spoilt,
// and must name the line and column of what was spoilt.

#include "services/jobs/mapping.h"

#include "absl/strings/str_replace.h"
#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/jobs/values.h"
#include "tests/services/jobs/files.h"
#include "tests/services/jobs/sample.h"

namespace dealog::jobs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The message for the sample with `from` replaced by `to`.
std::string Refusal(const std::string& from, const std::string& to) {
  const std::string spoilt = absl::StrReplaceAll(testing::kClubMapping, {{from, to}});
  EXPECT_NE(spoilt, testing::kClubMapping) << "nothing was spoilt: " << from;
  const auto mapping = ParseMapping(spoilt);
  if (mapping.ok()) return "parsed";
  EXPECT_EQ(base::ReasonOf(mapping.status()), "IMPORT_INVALID");
  return std::string(mapping.status().message());
}

TEST(ParseMapping, ReadsTheSample) {
  const auto mapping = ParseMapping(testing::kClubMapping);
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  EXPECT_EQ(mapping->name, "club");
  EXPECT_EQ(InstantText(mapping->reference_at_us), "2020-01-01 00:00 UTC");
  EXPECT_TRUE(mapping->suppress_workflows);
  EXPECT_FALSE(mapping->enforce_rules);
  ASSERT_EQ(mapping->files.size(), kRoleCount);
  EXPECT_EQ(mapping->files.front().role, Role::kMembers);
  EXPECT_EQ(mapping->files.back().role, Role::kDeals);
  EXPECT_EQ(mapping->pipeline->stages_size(), 4);
  EXPECT_DOUBLE_EQ(mapping->pipeline->stages(1).probability(), 0.5);
  const FileMapping& schools = *mapping->FindRole(Role::kOrganizations);
  ASSERT_EQ(schools.attributes.size(), 2u);
  EXPECT_EQ(schools.attributes[0].key, "pupils");
  EXPECT_TRUE(schools.attributes[0].is_number);
  EXPECT_EQ(schools.attributes[1].column, "kind");
  EXPECT_THAT(schools.ignored, ElementsAre("remark"));
  const FileMapping& deals = *mapping->FindRole(Role::kDeals);
  EXPECT_EQ(deals.column(Field::kMoney), "amount");
  ASSERT_EQ(deals.replacements.size(), 1u);
  EXPECT_EQ(deals.replacements[0].to, "Chœur");
  EXPECT_EQ(mapping->deals.opens_in, "Trial");
  EXPECT_FALSE(mapping->deals.amount_at_opening);
}

TEST(ParseMapping, ReadsTheShippedMapping) {
  const std::string path = "deploy/mappings/maven-crm.toml";
  const auto mapping = ParseMapping(testing::ReadFile(path));
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  EXPECT_EQ(mapping->name, "maven-crm");
  EXPECT_EQ(InstantText(mapping->reference_at_us), "2016-10-01 00:00 UTC");
}

TEST(ParseMapping, RefusesWhatIsNoToml) {
  EXPECT_THAT(Refusal("name = \"club\"", "name = club"), HasSubstr("mapping line 1, column"));
  EXPECT_THAT(Refusal("[members.fields]", "[members.fields"), HasSubstr("no valid TOML"));
  EXPECT_THAT(Refusal("[members.fields]", "[!members.fields]"), HasSubstr("no valid TOML"));
}

TEST(ParseMapping, RefusesBadHeads) {
  EXPECT_THAT(Refusal("name = \"club\"", "name = \"Club!\""), HasSubstr("line 1, column 8: name:"));
  EXPECT_THAT(Refusal("reference_at = 2020-01-01", ""), HasSubstr("reference_at: is missing"));
  EXPECT_THAT(Refusal("reference_at = 2020-01-01", "reference_at = \"2020-01-01\""),
              HasSubstr("line 2, column 16: reference_at: expected a date without quotes"));
  EXPECT_THAT(
      Refusal("reference_at = 2020-01-01", "reference_at = 2020-01-01\ntime_zone = \"Mars\""),
      HasSubstr("line 3, column 13: time_zone: expected an IANA zone"));
  EXPECT_THAT(Refusal("reference_at = 2020-01-01", "reference_at = 2020-01-01\ndelimiter = \"x\""),
              HasSubstr("delimiter: expected one character"));
  EXPECT_THAT(Refusal("name = \"club\"", "name = \"club\"\nenforce_rules = 1"),
              HasSubstr("enforce_rules: expected true or false"));
}

TEST(ParseMapping, RefusesUnknownKeys) {
  EXPECT_THAT(Refusal("name = \"club\"", "name = \"club\"\nnmae = \"x\""),
              HasSubstr("line 2, column 1: nmae: unknown key"));
  EXPECT_THAT(Refusal("team = \"team\"", "taem = \"team\""),
              HasSubstr("members.fields.taem: unknown key"));
  EXPECT_THAT(Refusal("type = \"number\"", "typ = \"number\""), HasSubstr("unknown key"));
}

TEST(ParseMapping, RefusesBadPipelines) {
  EXPECT_THAT(Refusal("kind = \"LOST\"", "kind = \"GONE\""),
              HasSubstr("expected OPEN, WON or LOST"));
  EXPECT_THAT(Refusal("kind = \"LOST\"", "kind = \"WON\""), HasSubstr("of kind LOST"));
  EXPECT_THAT(Refusal("{ label = \"Trial\", kind = \"OPEN\", probability = 0.5 }",
                      "{ label = \"Prospect\", kind = \"OPEN\" }"),
              HasSubstr("line 8, column"));
  EXPECT_THAT(Refusal("kind = \"LOST\"", "kind = \"LOST\", probability = \"x\""),
              HasSubstr("probability: expected a number"));
  EXPECT_THAT(Refusal("stages = [", "stages = 3 #"), HasSubstr("mapping line"));
}

TEST(ParseMapping, RefusesBadFiles) {
  EXPECT_THAT(Refusal("file = \"members.csv\"", ""), HasSubstr("members.file: is missing"));
  EXPECT_THAT(Refusal("file = \"members.csv\"", "file = \"../members.csv\""),
              HasSubstr("without folders"));
  EXPECT_THAT(Refusal("file = \"products.csv\"", "file = \"members.csv\""),
              HasSubstr("is mapped twice"));
  EXPECT_THAT(Refusal("key = \"ref\"", ""), HasSubstr("deals.key: is missing"));
  EXPECT_THAT(Refusal("display_name = \"name\"\nteam", "team"),
              HasSubstr("members.fields.display_name: is missing"));
  EXPECT_THAT(Refusal("ignore = [\"remark\"]", "ignore = [1]"), HasSubstr("a list of texts"));
  EXPECT_THAT(Refusal("pupils = {", "\"Pu pils\" = {"), HasSubstr("expected an attribute key"));
  EXPECT_THAT(Refusal("type = \"number\"", "type = \"date\""),
              HasSubstr("expected text or number, found \"date\""));
}

TEST(ParseMapping, RefusesBadDeals) {
  EXPECT_THAT(Refusal("opens_in = \"Trial\"", "opens_in = \"Lost\""),
              HasSubstr("expected a stage of kind OPEN of [pipeline], found \"Lost\""));
  EXPECT_THAT(Refusal("\"Inscrit\" = \"Enrolled\"", "\"Inscrit\" = \"Nowhere\""),
              HasSubstr("has no stage \"Nowhere\""));
  EXPECT_THAT(Refusal("currency = \"EUR\"\nset_at", "currency = \"EURO\"\nset_at"),
              HasSubstr("expected an ISO 4217 code"));
  EXPECT_THAT(Refusal("set_at = \"won\"", "set_at = \"soon\""), HasSubstr("won or opening"));
  EXPECT_THAT(Refusal("[deals.dates]\nopened_at = \"opened\"\nclosed_at = \"closed\"\n", ""),
              HasSubstr("deals.dates: the table is missing"));
  EXPECT_THAT(Refusal("[deals.replace.product]", "[deals.replace.prodct]"),
              HasSubstr("no field or attribute reads this column"));
}

TEST(ParseMapping, RefusesDealsWithoutAPipeline) {
  EXPECT_THAT(Refusal("[pipeline]\nname", "[unknown]\nname"), HasSubstr("deals need a [pipeline]"));
}

TEST(ParseMapping, RefusesAMappingOfNothing) {
  const auto mapping = ParseMapping("name = \"x\"\nreference_at = 2020-01-01\n");
  EXPECT_THAT(std::string(mapping.status().message()), HasSubstr("expected at least one of"));
}

}  // namespace
}  // namespace dealog::jobs
