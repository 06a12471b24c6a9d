// Method: files are written byte by byte as a test needs them, and read to the end; every fault is
// followed by a good record, which must come out whole.

#include "services/jobs/csv_reader.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/jobs/limits.h"
#include "tests/services/jobs/files.h"

namespace dealog::jobs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<CsvRecord> ReadAll(const std::string& bytes, char delimiter = ',') {
  const testing::Folder folder;
  folder.Write("a.csv", bytes);
  auto reader = CsvReader::Open(folder.path() + "/a.csv", delimiter);
  EXPECT_TRUE(reader.ok()) << reader.status();
  std::vector<CsvRecord> records;
  for (CsvRecord record; *(*reader)->Next(record);) records.push_back(record);
  return records;
}

std::string ReasonAt(const std::vector<CsvRecord>& records, size_t i) {
  return records.at(i).fault ? records[i].fault->reason : "";
}

TEST(CsvReader, ReadsBothLineEndsAndCountsLines) {
  const auto records = ReadAll("a,b\r\n1,2\n\n3,\r\n");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_THAT(records[1].fields, ElementsAre("1", "2"));
  EXPECT_THAT(records[2].fields, ElementsAre("3", ""));
  EXPECT_EQ(records[2].line, 4);
}

TEST(CsvReader, ReadsTheLastLineWithoutAnEnd) {
  EXPECT_THAT(ReadAll("a,b\n1,2").back().fields, ElementsAre("1", "2"));
}

TEST(CsvReader, ReadsQuotedFields) {
  const auto records = ReadAll("\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\"\nnext,x,y\n");
  EXPECT_THAT(records[0].fields, ElementsAre("a,b", "say \"hi\"", "two\nlines"));
  EXPECT_FALSE(records[0].fault);
  EXPECT_EQ(records[1].line, 3);
}

TEST(CsvReader, KeepsAQuoteInsideAPlainField) {
  EXPECT_THAT(ReadAll("5\" pipe,b\n")[0].fields, ElementsAre("5\" pipe", "b"));
}

TEST(CsvReader, TakesAnotherDelimiter) {
  EXPECT_THAT(ReadAll("a,b;c\n", ';')[0].fields, ElementsAre("a,b", "c"));
}

TEST(CsvReader, StripsTheByteOrderMark) {
  EXPECT_THAT(ReadAll("\xEF\xBB\xBF"
                      "a,b\n")[0]
                  .fields,
              ElementsAre("a", "b"));
}

TEST(CsvReader, RefusesUtf16) {
  const testing::Folder folder;
  folder.Write("a.csv", std::string("\xFF\xFE"
                                    "a\0",
                                    4));
  const auto reader = CsvReader::Open(folder.path() + "/a.csv", ',');
  EXPECT_EQ(base::ReasonOf(reader.status()), "IMPORT_INVALID");
  EXPECT_THAT(std::string(reader.status().message()), HasSubstr("UTF-16"));
}

TEST(CsvReader, HasNoRecordsInAnEmptyFile) { EXPECT_TRUE(ReadAll("").empty()); }

TEST(CsvReader, AnOpenQuoteSpoilsItsOwnLineOnly) {
  const auto records = ReadAll("a,b\n\"open,1\n2,3\n4,5\n");
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(ReasonAt(records, 1), "QUOTE_UNTERMINATED");
  EXPECT_EQ(records[1].line, 2);
  EXPECT_THAT(records[2].fields, ElementsAre("2", "3"));
  EXPECT_EQ(records[2].line, 3);
  EXPECT_EQ(records[3].line, 4);
}

TEST(CsvReader, AnOpenQuoteIsNotFollowedForEver) {
  std::string bytes = "\"open\n";
  for (size_t i = 0; i < 3 * kRowLinesMax; ++i) absl::StrAppend(&bytes, i, "\n");
  bytes += "closed\"\n";
  const auto records = ReadAll(bytes);
  EXPECT_EQ(ReasonAt(records, 0), "QUOTE_UNTERMINATED");
  EXPECT_EQ(records.size(), 3 * kRowLinesMax + 2);
  EXPECT_THAT(records[1].fields, ElementsAre("0"));
}

TEST(CsvReader, RejectsTextAfterAClosingQuote) {
  const auto records = ReadAll("\"a\"b,c\n1,2\n");
  EXPECT_EQ(ReasonAt(records, 0), "QUOTE_MISPLACED");
  EXPECT_THAT(records[1].fields, ElementsAre("1", "2"));
}

TEST(CsvReader, RejectsWrongEncodingAndSaysWhere) {
  const auto records = ReadAll("caf\xE9,1\nok,2\n");
  EXPECT_EQ(ReasonAt(records, 0), "ENCODING_INVALID");
  EXPECT_THAT(records[0].fault->message, HasSubstr("0xe9 at byte 4"));
  EXPECT_EQ(ReasonAt(records, 1), "");
}

TEST(CsvReader, RejectsALineThatIsTooLong) {
  const auto records = ReadAll(std::string(kRowBytesMax + 1, 'x') + "\nok\n");
  EXPECT_EQ(ReasonAt(records, 0), "ROW_TOO_LONG");
  EXPECT_THAT(records[1].fields, ElementsAre("ok"));
}

TEST(CsvReader, RejectsLinesThatAreTooLongTogether) {
  const std::string half(kRowBytesMax / 2 + 1, 'x');
  const auto records = ReadAll("\"" + half + "\n" + half + "\"\nok\n");
  EXPECT_EQ(ReasonAt(records, 0), "ROW_TOO_LONG");
  EXPECT_THAT(records.back().fields, ElementsAre("ok"));
}

}  // namespace
}  // namespace dealog::jobs
