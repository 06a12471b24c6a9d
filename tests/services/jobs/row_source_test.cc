// Method: the sample's files with one thing spoilt. A fault of a file fails Open and names it; a
// fault of a row is that row's alone, and the rows after it come out whole.

#include "services/jobs/row_source.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/jobs/spool.h"
#include "services/jobs/values.h"
#include "tests/services/jobs/files.h"
#include "tests/services/jobs/sample.h"

namespace dealog::jobs {
namespace {

using testing::Files;
using ::testing::HasSubstr;

const Mapping& ClubMapping() {
  static const auto* mapping = new Mapping(*ParseMapping(testing::kClubMapping));
  return *mapping;
}

class RowSourceTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<RowSource>> Open(const Files& files) {
    for (const auto& [name, bytes] : files) folder_.Write(SpoolFileName(name), bytes);
    return RowSource::Open(ClubMapping(), folder_.path(), ClubMapping().reference_at_us);
  }
  std::vector<ImportRow> Rows(const Files& files) {
    source_ = *Open(files);
    std::vector<ImportRow> rows;
    for (ImportRow row; *source_->Next(row);) rows.push_back(row);
    return rows;
  }
  // The row of deals that has this text, among good ones: its fault, as "REASON: message".
  std::string Fault(const std::string& line) {
    Files files = testing::ClubFiles();
    files["deals.csv"] = testing::kDealsHeader + line + "\nD9,m1,Solo,,Trial,2020-02-03,,,\n";
    const std::vector<ImportRow> rows = Rows(files);
    EXPECT_EQ(rows.back().key, "D9");
    EXPECT_FALSE(rows.back().fault);
    const ImportRow& row = rows.at(rows.size() - 2);
    EXPECT_EQ(row.line, 2);
    return row.fault ? absl::StrCat(row.fault->reason, ": ", row.fault->message) : "";
  }
  std::string FileFault(const std::string& file, const std::string& bytes) {
    Files files = testing::ClubFiles();
    files[file] = bytes;
    const auto source = Open(files);
    if (source.ok()) return "opened";
    EXPECT_EQ(base::ReasonOf(source.status()), "IMPORT_INVALID");
    return std::string(source.status().message());
  }

  testing::Folder folder_;
  std::unique_ptr<RowSource> source_;
};

TEST_F(RowSourceTest, ReadsRowsInTheOrderOfRoles) {
  const std::vector<ImportRow> rows = Rows(testing::ClubFiles());
  ASSERT_EQ(rows.size(), 11u);
  EXPECT_EQ(rows[0].role, Role::kMembers);
  EXPECT_EQ(rows[2].role, Role::kProducts);
  EXPECT_EQ(rows[3].money->nanos(), 500'000'000);
  EXPECT_EQ(rows[4].attributes[1].text(), "public");
  EXPECT_EQ(rows[4].attributes[0].number(), 900);
  EXPECT_EQ(rows[5].attributes[0].value_case(), events::v1::Attribute::VALUE_NOT_SET);
  for (const ImportRow& row : rows) EXPECT_FALSE(row.fault) << row.key;
}

TEST_F(RowSourceTest, ReadsTheCourseOfDeals) {
  const std::vector<ImportRow> rows = Rows(testing::ClubFiles());
  const DealCourse& won = rows[7].course;
  EXPECT_EQ(won.stage, "Enrolled") << "a spelling of the mapping";
  EXPECT_EQ(won.opening_stage, "Trial");
  EXPECT_EQ(InstantText(won.opened_at_us), "2020-02-01 00:00 UTC");
  EXPECT_EQ(InstantText(won.closed_at_us), "2020-03-01 00:00 UTC");
  const DealCourse& undated = rows[10].course;
  EXPECT_FALSE(undated.dated);
  EXPECT_EQ(undated.opening_stage, "Prospect");
  EXPECT_EQ(undated.opened_at_us, ClubMapping().reference_at_us);
}

TEST_F(RowSourceTest, ReplacesSpellingsAndCountsThem) {
  const std::vector<ImportRow> rows = Rows(testing::ClubFiles());
  EXPECT_EQ(rows[7].value(Field::kProduct), "Chœur");
  const auto replaced = source_->Replacements();
  ASSERT_EQ(replaced.size(), 1u);
  EXPECT_EQ(replaced[0].column(), "product");
  EXPECT_EQ(replaced[0].from(), "Choeur");
  EXPECT_EQ(replaced[0].row_count(), 2);
}

TEST_F(RowSourceTest, AcceptsAByteOrderMarkAndCrLf) {
  Files files = testing::ClubFiles();
  files["members.csv"] = "\xEF\xBB\xBFid,name,team\r\nm1,Ada,North\r\n";
  EXPECT_EQ(Rows(files)[0].value(Field::kTeam), "North");
}

TEST_F(RowSourceTest, RefusesFaultsOfAFile) {
  EXPECT_THAT(FileFault("members.csv", ""), HasSubstr("members.csv: expected a header"));
  EXPECT_THAT(FileFault("members.csv", "id,name\n"),
              HasSubstr("members.csv, column team: is missing"));
  EXPECT_THAT(FileFault("members.csv", "id,name,team,extra\n"),
              HasSubstr("members.csv, column extra: is not in the mapping"));
  EXPECT_THAT(FileFault("members.csv", "id,name,team,team\n"), HasSubstr("occurs twice"));
  EXPECT_THAT(FileFault("members.csv", "id,name,\"team\n"),
              HasSubstr("header: column 3: the quote"));
  EXPECT_THAT(FileFault("members.csv",
                        "id,name,t\xE9"
                        "am\n"),
              HasSubstr("expected UTF-8"));
  EXPECT_THAT(FileFault("members.csv", "\xFF\xFEi"), HasSubstr("UTF-16"));
  EXPECT_THAT(FileFault("members.csv", std::string("i\0d\0,\0", 6)), HasSubstr("as UTF-16 has"));
}

TEST_F(RowSourceTest, RefusesAMissingFile) {
  Files files = testing::ClubFiles();
  files.erase("people.csv");
  EXPECT_THAT(std::string(Open(files).status().message()),
              HasSubstr("people.csv: the mapping names this file, but it was not sent"));
}

TEST_F(RowSourceTest, RejectsRowsOfTheWrongShape) {
  EXPECT_THAT(Fault("D1,m1,Solo"), HasSubstr("ROW_TRUNCATED: expected 9 columns, found 3"));
  EXPECT_THAT(Fault("D1,m1,Solo,,Trial,2020-02-03,,,,x"), HasSubstr("ROW_TOO_WIDE"));
  EXPECT_THAT(Fault("\"D1,m1,Solo,,Trial,2020-02-03,,,"), HasSubstr("QUOTE_UNTERMINATED"));
  EXPECT_THAT(Fault("D1,m1,S\xF6lo,,Trial,2020-02-03,,,"), HasSubstr("ENCODING_INVALID"));
  EXPECT_THAT(Fault(",m1,Solo,,Trial,2020-02-03,,,"), HasSubstr("KEY_MISSING: ref:"));
  EXPECT_THAT(Fault(std::string(300, 'k') + ",m1,Solo,,Trial,2020-02-03,,,"),
              HasSubstr("KEY_MISSING: ref: expected the row's key of 1 to 256 bytes"));
}

TEST_F(RowSourceTest, RejectsBadValues) {
  EXPECT_THAT(Fault("D1,m1,Solo,,Nowhere,2020-02-03,,,"),
              HasSubstr("STAGE_NOT_FOUND: stage: expected one of Prospect, Trial, Enrolled, Lost, "
                        "found \"Nowhere\""));
  EXPECT_THAT(Fault("D1,m1,Solo,,Trial,2017-02-30,,,"),
              HasSubstr("DATE_INVALID: opened: there is no day \"2017-02-30\""));
  EXPECT_THAT(Fault("D1,m1,Solo,,Lost,2020-02-03,03/01/2020,,"), HasSubstr("DATE_INVALID: closed"));
  EXPECT_THAT(Fault("D1,m1,Solo,,Inscrit,2020-02-03,2020-03-01,12x,"),
              HasSubstr("NUMBER_INVALID: amount"));
  EXPECT_THAT(Fault("D1,m1,Solo,,Inscrit,2020-02-03,2020-03-01,-1,"),
              HasSubstr("AMOUNT_NEGATIVE: amount"));
}

TEST_F(RowSourceTest, RejectsCoursesThatContradictThemselves) {
  EXPECT_THAT(Fault("D1,m1,Solo,,Inscrit,2020-02-03,,120,"), HasSubstr("DATE_MISSING: closed"));
  EXPECT_THAT(Fault("D1,m1,Solo,,Lost,2020-02-03,,,"), HasSubstr("DATE_MISSING: closed"));
  EXPECT_THAT(Fault("D1,m1,Solo,,Inscrit,2020-02-03,2020-02-02,120,"),
              HasSubstr("CLOSE_BEFORE_OPEN: closed: closed on 2020-02-02 00:00 UTC, before it was "
                        "opened on 2020-02-03 00:00 UTC"));
  EXPECT_THAT(Fault("D1,m1,Solo,,Trial,2020-02-03,2020-02-04,,"),
              HasSubstr("DATE_CONTRADICTS: closed"));
  EXPECT_THAT(Fault("D1,m1,Solo,,Trial,,,,"), HasSubstr("DATE_CONTRADICTS: opened"));
  EXPECT_THAT(Fault("D1,m1,Solo,,Prospect,2020-02-03,,,"), HasSubstr("DATE_CONTRADICTS: opened"));
}

TEST_F(RowSourceTest, RejectsTheSecondRowOfAKey) {
  Files files = testing::ClubFiles();
  files["members.csv"] += "m1,Again,North\nm3,Cy,\n";
  const std::vector<ImportRow> rows = Rows(files);
  EXPECT_FALSE(rows[0].fault);
  ASSERT_TRUE(rows[2].fault);
  EXPECT_EQ(rows[2].fault->reason, "KEY_DUPLICATE");
  EXPECT_THAT(rows[2].fault->message, HasSubstr("\"m1\" is the key of line 2 already"));
  EXPECT_FALSE(rows[3].fault);
}

TEST_F(RowSourceTest, AKeyMayOccurInTwoFiles) {
  Files files = testing::ClubFiles();
  files["people.csv"] = "id,name,email,school\nm1,Cy,,\n";
  for (const ImportRow& row : Rows(files)) EXPECT_FALSE(row.fault) << row.key;
}

}  // namespace
}  // namespace dealog::jobs
