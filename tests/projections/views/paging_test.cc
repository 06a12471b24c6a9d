// Method: every page size over shuffled rows must give the sorted list, once each, both ways; order
// texts and cursors that are none must be refused by name.

#include "projections/views/paging.h"

#include "projections/states/contact_fields.h"

#include <random>
#include <string>
#include <vector>

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dealog::projections {
namespace {

using ::testing::HasSubstr;

struct Row {
  int64_t number;
  std::string text;
  std::string id;
};

std::vector<Row> ShuffledRows() {
  std::vector<Row> rows;
  for (int i = 0; i < 37; ++i) {
    // Ties in number and text; negative numbers; texts that are prefixes of each other.
    rows.push_back({i % 5 - 2, std::string(static_cast<size_t>(i % 3), 'a'), std::to_string(i)});
  }
  std::shuffle(rows.begin(), rows.end(), std::mt19937(3));
  return rows;
}

OrderKey KeyOf(const Row& row) { return {.number = row.number, .text = row.text, .id = row.id}; }

std::vector<std::string> AllPages(const std::vector<Row>& rows, size_t size, bool descending) {
  std::vector<std::string> ids;
  PageRequest request{.size = size};
  do {
    auto builder = PageBuilder<const Row*>::Make(request, descending);
    EXPECT_TRUE(builder.ok());
    for (const Row& row : rows) builder->Offer(KeyOf(row), &row);
    const Page<std::string> page = builder->Finish([](const Row* row) { return row->id; });
    EXPECT_LE(page.items.size(), size);
    EXPECT_FALSE(page.items.empty());
    ids.insert(ids.end(), page.items.begin(), page.items.end());
    request.after = page.next;
  } while (!request.after.empty());
  return ids;
}

TEST(PageBuilder, PagesOfEverySizeGiveTheSortedList) {
  const std::vector<Row> rows = ShuffledRows();
  std::vector<Row> sorted = rows;
  std::sort(sorted.begin(), sorted.end(),
            [](const Row& a, const Row& b) { return KeyOf(a) < KeyOf(b); });
  for (const bool descending : {false, true}) {
    std::vector<std::string> expected;
    for (const Row& row : sorted) expected.push_back(row.id);
    if (descending) std::reverse(expected.begin(), expected.end());
    for (size_t size = 1; size <= rows.size() + 1; ++size) {
      EXPECT_EQ(AllPages(rows, size, descending), expected) << size;
    }
  }
}

TEST(PageBuilder, NoRows) {
  auto builder = PageBuilder<int>::Make({}, false);
  const Page<int> page = builder->Finish([](int item) { return item; });
  EXPECT_TRUE(page.items.empty());
  EXPECT_TRUE(page.next.empty());
}

TEST(PageBuilder, RefusesForeignCursor) {
  for (const std::string& cursor :
       {std::string("x"), std::string(11, '\0'), std::string(12, '\7')}) {
    const absl::Status status = PageBuilder<int>::Make({.after = cursor}, false).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(base::ReasonOf(status), "PAGE_TOKEN_INVALID");
  }
}

TEST(Cursor, RoundTrips) {
  const OrderKey key{.number = -7, .text = std::string_view("a\0b", 3), .id = "deal_1"};
  const std::string cursor = EncodeCursor(key);
  EXPECT_EQ(*DecodeCursor(cursor), key);
}

TEST(ParseOrderBy, Accepts) {
  const auto fields = states::ContactFields();
  EXPECT_EQ(ParseOrderBy("", fields)->field->name, "contact_id");
  EXPECT_EQ(ParseOrderBy("display_name", fields)->field->name, "display_name");
  EXPECT_EQ(ParseOrderBy("id", fields)->field->name, "contact_id");
  EXPECT_FALSE(ParseOrderBy("display_name asc", fields)->descending);
  EXPECT_TRUE(ParseOrderBy("display_name desc", fields)->descending);
}

TEST(ParseOrderBy, RefusesAndNamesWhatIsAllowed) {
  for (const std::string text : {"display_nam", "display_name down", "display_name desc ",
                                 "display_name,id", " display_name", "desc", "phone"}) {
    const absl::Status status = ParseOrderBy(text, states::ContactFields()).status();
    EXPECT_EQ(base::ReasonOf(status), "FIELD_INVALID") << text;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("expected one of contact_id, display_name, create_time"))
        << text;
  }
}

}  // namespace
}  // namespace dealog::projections
