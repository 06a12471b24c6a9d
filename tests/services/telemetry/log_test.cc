// Method: records as lines, by example; what would break a reader of lines or of JSON is escaped.

#include "services/telemetry/log.h"

#include <gmock/gmock.h>

namespace dealog::telemetry {
namespace {

constexpr char kTime[] = "2017-03-01T00:00:00.000000Z";

TEST(FormatRecord, TextQuotesOnlyWhatIsNotOneWord) {
  EXPECT_EQ(FormatRecord(Format::kText, kTime, Level::kInfo, "stopped",
                         {{"calls", 12}, {"path", "/a b"}, {"empty", ""}}),
            "2017-03-01T00:00:00.000000Z info stopped calls=12 path=\"/a b\" empty=\"\"");
}

TEST(FormatRecord, NoValueCanBeginALineOfItsOwn) {
  const std::string line =
      FormatRecord(Format::kText, kTime, Level::kError, "x", {{"reason", "a\nb \"c\""}});
  EXPECT_EQ(line, "2017-03-01T00:00:00.000000Z error x reason=\"a\\u000ab \\\"c\\\"\"");
}

TEST(FormatRecord, JsonEscapesEveryValue) {
  EXPECT_EQ(FormatRecord(Format::kJson, kTime, Level::kWarning, "a\"b", {{"k\\", "\t"}}),
            "{\"time\":\"2017-03-01T00:00:00.000000Z\",\"level\":\"warning\",\"message\":\"a\\\"b\""
            ",\"k\\\\\":\"\\u0009\"}");
}

TEST(Log, DropsWhatIsBelowTheLevel) {
  InitLogging(Level::kWarning, Format::kText);
  testing::internal::CaptureStderr();
  Log(Level::kInfo, "quiet");
  Log(Level::kWarning, "loud");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_THAT(written, testing::HasSubstr("warning loud\n"));
  EXPECT_THAT(written, testing::Not(testing::HasSubstr("quiet")));
}

TEST(ParseLevel, NamesTheLevelsItKnows) {
  EXPECT_EQ(*ParseLevel("debug"), Level::kDebug);
  EXPECT_EQ(*ParseLevel("error"), Level::kError);
  EXPECT_THAT(ParseLevel("loud").status().message(), testing::HasSubstr("warning"));
}

}  // namespace
}  // namespace dealog::telemetry
