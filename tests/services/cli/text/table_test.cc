// Method: tables written to a string and compared whole; widths of characters that take two columns
// or none; data that tries to drive the terminal.

#include "services/cli/text/table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "services/cli/text/text_width.h"

namespace dealog::cli {
namespace {

std::string Written(const Table& table, bool color = false) {
  std::ostringstream out;
  table.Write(out, color);
  return out.str();
}

TEST(Table, AlignsByDisplayWidth) {
  Table table({{"STAGE"}, {"DEALS", Align::kRight}, {"NOTE"}});
  table.AddRow({"Négociation", "7", "a"});
  table.AddRow({"成約", "4,238"});
  EXPECT_EQ(Written(table),
            "STAGE        DEALS  NOTE\n"
            "Négociation      7  a\n"
            "成約         4,238\n");
}

TEST(Table, LeavesEmptyColumnsOut) {
  Table table({{"A"}, {"EMPTY"}, {"B"}});
  table.AddRow({"1", "", "2"});
  EXPECT_EQ(Written(table), "A  B\n1  2\n");
}

TEST(Table, CutsLongTextAndColoursTheTitles) {
  Table table({{"A", Align::kLeft, 4}});
  table.AddRow({"abcdef"});
  EXPECT_EQ(Written(table, /*color=*/true), "\x1b[1mA\x1b[0m\nabc…\n");
}

TEST(Table, KeepsDataFromDrivingTheTerminal) {
  Table table({{"A"}});
  table.AddRow({"x\x1b[31my\nz\u202E"});
  EXPECT_EQ(Written(table), "A\nx\uFFFD[31my z\uFFFD\n");
}

TEST(TextWidth, CountsColumns) {
  EXPECT_EQ(DisplayWidth(""), 0u);
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("é"), 1u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);
  EXPECT_EQ(DisplayWidth("漢字"), 4u);
}

TEST(TextWidth, TruncatesAtColumnsNotBytes) {
  EXPECT_EQ(Truncate("abcdef", 6), "abcdef");
  EXPECT_EQ(Truncate("abcdef", 3), "ab…");
  EXPECT_EQ(Truncate("漢字漢字", 4), "漢…");
  EXPECT_EQ(Truncate("abc", 0), "");
}

TEST(TextWidth, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(Printable("a\xff"), "a\uFFFD");
  EXPECT_EQ(Printable("tab\tline\r\n"), "tab line  ");
}

}  // namespace
}  // namespace dealog::cli
