// Method: tables of accepted and refused filters with their columns, truth tables of the evaluator
// over one rich row and one empty row, and random text that must never crash.

#include "projections/filter/filter.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/filter/evaluate.h"

namespace dealog::filter {
namespace {

using ::testing::HasSubstr;

enum Id { kTitle = 1, kOwner, kAmount, kClose, kCreated, kOpen, kTags, kAttributes };

const Schema& TestSchema() {
  static const Schema schema = {
      {.name = "title", .type = FieldType::kText, .id = kTitle},
      {.name = "owner", .type = FieldType::kText, .id = kOwner},
      {.name = "amount", .type = FieldType::kNumber, .id = kAmount},
      {.name = "close_date", .type = FieldType::kDate, .id = kClose},
      {.name = "create_time", .type = FieldType::kTime, .id = kCreated},
      {.name = "open", .type = FieldType::kBool, .id = kOpen},
      {.name = "tags", .type = FieldType::kTextList, .id = kTags},
      {.name = "attributes.", .type = FieldType::kText, .id = kAttributes, .family = true},
  };
  return schema;
}

absl::StatusOr<Filter> Compile(std::string_view text, CompileOptions options = {}) {
  return Filter::Compile(text, TestSchema(), options);
}

// title "Großer Fürst DEAL", owner Ada, amount 1500.5, closes 2017-03-01, created
// 2017-03-01T00:00Z, open, tags vip and new, sector "retail", revenue 12.5.
class RichRow final : public Row {
 public:
  Value Get(int field_id, std::string_view member) const override {
    switch (field_id) {
      case kTitle:
        return Value::Text("Großer Fürst DEAL");
      case kOwner:
        return Value::Text("Ada");
      case kAmount:
        return Value::Number(1500.5);
      case kClose:
        return Value::Instant(17226);
      case kCreated:
        return Value::Instant(int64_t{17226} * 86'400'000'000);
      case kOpen:
        return Value::Number(1);
      case kTags:
        return Value::List(tags_);
      default:
        if (member == "sector") return Value::Text("retail");
        if (member == "code") return Value::Text("42");
        if (member == "revenue") return Value::Number(12.5);
        return Value::Unset();
    }
  }

 private:
  std::vector<std::string_view> tags_ = {"vip", "new"};
};

class EmptyRow final : public Row {
 public:
  Value Get(int, std::string_view) const override { return Value::Unset(); }
};

TEST(FilterEvaluate, RichRow) {
  const std::map<std::string, bool> table = {
      {"", true},
      {"  \t\n", true},
      {"owner = \"Ada\"", true},
      {"owner = 'Ada'", true},
      {"owner=Ada", true},
      {"owner = ada", false},
      {"owner != Bob", true},
      {"owner != Ada", false},
      {"owner < Bob", true},
      {"owner >= Bob", false},
      {"owner:ad", true},
      {"title:\"deal\"", true},
      {"title:FÜRST", false},  // Only ASCII letters fold.
      {"title:fürst", true},
      {"title:\"Großer\"", true},
      {"title:*", true},
      {"title:'*'", false},
      {"amount > 1000", true},
      {"amount>=1500.5", true},
      {"amount > 1500.5", false},
      {"amount < 2e3", true},
      {"amount <= -5", false},
      {"amount != 7", true},
      {"amount = 1500.5", true},
      {"amount:*", true},
      {"close_date = 2017-03-01", true},
      {"close_date = \"2017-03-01\"", true},
      {"close_date < 2017-03-01", false},
      {"close_date <= 2017-03-01", true},
      {"close_date > 2016-02-29", true},
      {"create_time >= 2017-03-01", true},
      {"create_time < 2017-03-01T00:00:00.000001Z", true},
      {"create_time = 2017-03-01T01:00:00+01:00", true},
      {"open = true", true},
      {"open != true", false},
      {"open = false", false},
      {"tags:vip", true},
      {"tags:\"old\"", false},
      {"tags:vi", false},
      {"tags:*", true},
      {"attributes.sector = retail", true},
      {"attributes.sector:TAIL", true},
      {"attributes.code = 42", true},
      {"attributes.revenue > 10", true},
      {"attributes.revenue = 12.5", true},
      {"attributes.revenue:12.5", true},
      {"attributes.revenue = \"12.5\"", false},
      {"attributes.revenue = many", false},
      {"attributes.revenue != many", true},
      {"attributes.nothing:*", false},
      {"NOT owner = Bob", true},
      {"-owner = Ada", false},
      {"-(owner = Bob)", true},
      {"NOT NOT owner = Ada", true},
      {"--owner = Ada", true},
      // AND binds tighter than OR.
      {"owner = Ada OR owner = Bob AND amount > 9999", true},
      {"(owner = Ada OR owner = Bob) AND amount > 9999", false},
      {"owner = Bob AND amount > 9999 OR open = true", true},
      {"NOT owner = Bob AND open = false", false},
      {"owner = Ada AND amount > 1 AND tags:new AND open = true", true},
      {"owner = Bob OR owner = Cid OR owner = Ada", true},
      {"((((owner = Ada))))", true},
  };
  const RichRow row;
  for (const auto& [text, expected] : table) {
    const auto filter = Compile(text);
    ASSERT_TRUE(filter.ok()) << text << ": " << filter.status();
    EXPECT_EQ(filter->Matches(row), expected) << text;
  }
}

TEST(FilterEvaluate, UnsetIsFalseAndNotInverts) {
  const EmptyRow row;
  for (const std::string comparison :
       {"owner = Ada", "owner != Ada", "owner:*", "amount < 5", "amount != 5", "tags:vip",
        "close_date >= 2017-01-01", "create_time < 2030-01-01", "open = false",
        "attributes.revenue > 1", "attributes.sector != retail"}) {
    EXPECT_FALSE(Compile(comparison)->Matches(row)) << comparison;
    EXPECT_TRUE(Compile("NOT " + comparison)->Matches(row)) << comparison;
  }
}

TEST(FilterEvaluate, AndOrNotTruthTable) {
  const RichRow row;
  for (const bool a : {false, true}) {
    for (const bool b : {false, true}) {
      const std::string left = a ? "open = true" : "open = false";
      const std::string right = b ? "owner = Ada" : "owner = Bob";
      EXPECT_EQ(Compile(left + " AND " + right)->Matches(row), a && b);
      EXPECT_EQ(Compile(left + " OR " + right)->Matches(row), a || b);
      EXPECT_EQ(Compile("NOT (" + left + " AND " + right + ")")->Matches(row), !(a && b));
      EXPECT_EQ(Compile("-" + left + " OR " + right)->Matches(row), !a || b);
    }
  }
}

TEST(FilterEvaluate, BareDateOfATimeBeginsInTheZone) {
  absl::TimeZone paris;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Paris", &paris));
  const auto filter = Compile("create_time >= 2017-03-01", {.time_zone = paris});
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->root().instant, int64_t{17226} * 86'400'000'000 - int64_t{3'600'000'000});
}

TEST(FilterCompile, EscapesInQuotes) {
  EXPECT_EQ(Compile(R"(owner = "a \"b\" \\ 'c'")")->root().text, R"(a "b" \ 'c')");
  EXPECT_EQ(Compile(R"(owner = 'a \'b\' "c"')")->root().text, R"(a 'b' "c")");
}

TEST(FilterCompile, SeriesAreFlat) {
  const auto filter = Compile("open = true OR open = true OR open = true");
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->root().kind, Node::Kind::kOr);
  EXPECT_EQ(filter->root().children.size(), 3u);
  EXPECT_FALSE(filter->MatchesAll());
  EXPECT_TRUE(Compile("")->MatchesAll());
}

struct Refusal {
  std::string text;
  int column;
  std::string message;
};

TEST(FilterCompile, RefusesWithColumn) {
  const std::vector<Refusal> table = {
      {"ownr = Ada", 1, "unknown field ownr; known are: title, owner, amount"},
      {"owner = Ada AND stage = x", 17, "unknown field stage"},
      {"attributes. = x", 1, "unknown field attributes."},
      {"title:\"ü\" AND stage = x", 15, "unknown field stage"},
      {"owner", 6, "expected =, !=, <, <=, >, >= or : after the field owner, found the end"},
      {"owner Ada", 7, "found 'Ada'"},
      {"owner ! Ada", 7, "found '!'"},
      {"owner =", 8, "expected a value, found the end of the filter"},
      {"owner = )", 9, "expected a value, found ')'"},
      {"owner == Ada", 8, "expected a value, found '='"},
      {"owner = AND", 9, "the keyword AND"},
      {"owner = \"Ada", 9, "never closed"},
      {"owner = \"Ada\\", 9, "never closed"},
      {"owner = \"a\\n\"", 11, "after a backslash"},
      {"owner = \"\"", 9, "expected some text"},
      {"owner = Ada amount > 5", 13, "expected AND, OR or the end, found 'amount'"},
      {"owner = Ada, amount > 5", 12, "expected AND, OR or the end, found ','"},
      {"owner = Ada AND", 16, "expected a field, NOT or '(', found the end of the filter"},
      {"AND owner = Ada", 1, "expected a field, NOT or '(', found 'AND'"},
      {"owner = Ada OR OR", 16, "found 'OR'"},
      {"(owner = Ada", 13, "expected AND, OR or ')', found the end of the filter"},
      {"owner = Ada)", 12, "no parenthesis is open"},
      {"()", 2, "found ')'"},
      {"NOT", 4, "found the end"},
      {"\"Ada\" = owner", 1, "expected a field"},
      {"€ = 5", 1, "found '€'"},
      {"amount > many", 10, "expected a number such as 1000 or -2.5 for amount, found 'many'"},
      {"amount > \"5\"", 10, "expected a number"},
      {"amount > 0x10", 10, "expected a number"},
      {"amount > nan", 10, "expected a number"},
      {"amount > inf", 10, "expected a number"},
      {"amount > 1e999", 10, "expected a number"},
      {"amount:5", 7, "operator : does not fit amount"},
      {"close_date = 2017-02-30", 14, "expected a date of the calendar"},
      {"close_date = 2017-13-01", 14, "expected a date"},
      {"close_date = 0000-01-01", 14, "expected a date"},
      {"close_date = 2017-2-1", 14, "expected a date"},
      {"close_date = 2017-03-01T00:00:00Z", 14, "expected a date"},
      {"close_date:2017-03-01", 11, "operator : does not fit"},
      {"create_time > 2017-02-29T00:00:00Z", 15, "expected a date as YYYY-MM-DD or a time"},
      {"create_time > 2017-03-01T25:00:00Z", 15, "expected a date"},
      {"create_time > 2017-03-01T00:00:00", 15, "expected a date"},
      {"create_time > infinite-future", 15, "expected a date"},
      {"open = yes", 8, "expected true or false for open, found 'yes'"},
      {"open < true", 6, "true or false has only"},
      {"tags = vip", 6, "a list has only ':'"},
      {"owner = \x01", 9, "expected UTF-8 text"},
      {"owner = a\xff", 10, "expected UTF-8 text"},
      {"owner = \xc0\x80", 9, "expected UTF-8 text"},
      {"owner = \xed\xa0\x80", 9, "expected UTF-8 text"},
      {"owner = \xc3", 9, "expected UTF-8 text"},
  };
  for (const Refusal& refusal : table) {
    const auto filter = Compile(refusal.text);
    ASSERT_FALSE(filter.ok()) << refusal.text;
    EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(base::ReasonOf(filter.status()), "FILTER_INVALID");
    const std::string message(filter.status().message());
    EXPECT_THAT(message, HasSubstr("filter, column " + std::to_string(refusal.column) + ": "))
        << refusal.text;
    EXPECT_THAT(message, HasSubstr(refusal.message)) << refusal.text;
  }
}

TEST(FilterCompile, CarriesColumnAsMetadata) {
  const absl::Status status = Compile("owner = Ada AND stage = x").status();
  std::string payloads;
  status.ForEachPayload(
      [&](absl::string_view, const absl::Cord& payload) { payloads += std::string(payload); });
  EXPECT_THAT(payloads, HasSubstr(std::string("column\x12\x02") + "17"));
}

TEST(FilterCompile, DepthLimit) {
  const auto nested = [](int depth, const std::string& open, const std::string& close) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += "open = true";
    for (int i = 0; i < depth; ++i) text += close;
    return text;
  };
  EXPECT_TRUE(Compile(nested(kFilterDepthMax, "(", ")")).ok());
  EXPECT_TRUE(Compile(nested(kFilterDepthMax, "NOT ", "")).ok());
  for (const auto& text :
       {nested(kFilterDepthMax + 1, "(", ")"), nested(4000, "(", ")"), nested(4000, "-", "")}) {
    EXPECT_THAT(std::string(Compile(text).status().message()),
                HasSubstr("column 33: nested deeper than 32"));
  }
}

TEST(FilterCompile, SizeLimit) {
  const std::string prefix = "owner = ";
  const std::string fits = prefix + std::string(kFilterBytesMax - prefix.size(), 'a');
  EXPECT_TRUE(Compile(fits).ok());
  EXPECT_THAT(std::string(Compile(fits + "a").status().message()),
              HasSubstr("expected at most 8192 bytes, found 8193"));
}

TEST(FilterCompile, RandomTextNeverCrashes) {
  const std::vector<std::string> pieces = {
      "owner", "amount", "tags", "close_date", "attributes.x", "=",    "!=",   "<", ":",   "*",
      "(",     ")",      "AND",  "OR",         "NOT",          "-",    "\"",   "'", "\\",  "5",
      "-1e9",  "true",   " ",    "2017-02-30", "2017-03-01",   "\xff", "\xc3", "ü", "Ada", "\t"};
  std::mt19937 random(7);
  const RichRow row;
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (unsigned n = random() % 12; n > 0; --n) {
      text += pieces[random() % pieces.size()];
      if (random() % 2 == 0) text += ' ';
    }
    const auto filter = Compile(text);
    if (filter.ok()) {
      ++accepted;
      filter->Matches(row);
    } else {
      EXPECT_EQ(base::ReasonOf(filter.status()), "FILTER_INVALID") << text;
    }
  }
  EXPECT_GT(accepted, 100);
}

class ReferenceRow final : public Row {
 public:
  explicit ReferenceRow(std::string_view id, std::string_view label)
      : value_(Value::Reference(id, label)) {}
  Value Get(int, std::string_view) const override { return value_; }

 private:
  const Value value_;
};

TEST(Reference, MatchesByIdAndByName) {
  const auto holds = [](std::string_view text, std::string_view id, std::string_view label) {
    return Compile(text)->Matches(ReferenceRow(id, label));
  };
  for (const char* matches : {"owner = Ada", "owner = member_2", "owner != Bob", "owner:ad",
                              "owner:MEMBER", "owner:*", "owner < B"}) {
    EXPECT_TRUE(holds(matches, "member_2", "Ada")) << matches;
  }
  for (const char* fails : {"owner = Bob", "owner != Ada", "owner != member_2", "owner > B"}) {
    EXPECT_FALSE(holds(fails, "member_2", "Ada")) << fails;
  }
  EXPECT_TRUE(holds("owner = member_2", "member_2", "")) << "A name that nobody knows.";
  EXPECT_TRUE(holds("owner > B", "member_2", ""));
  EXPECT_FALSE(holds("owner:*", "", ""));
  EXPECT_FALSE(holds("owner != Ada", "", ""));
}

TEST(Alias, IsAcceptedAndNotListed) {
  const Schema schema = {{.name = "owner", .type = FieldType::kText, .id = 1},
                         {.name = "owner_id", .type = FieldType::kText, .id = 2, .alias = true}};
  const auto filter = Filter::Compile("owner_id = x", schema, {});
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->root().field_id, 2);
  EXPECT_THAT(std::string(Filter::Compile("ownr = x", schema, {}).status().message()),
              testing::EndsWith("known are: owner"));
}

}  // namespace
}  // namespace dealog::filter
