#pragma once

// The one filter language: an AIP-160 subset, parsed once, checked against a schema, evaluated per
// row. Grammar and examples: docs/howto/filters.md.
//
//   ASSIGN_OR_RETURN(Filter filter, Filter::Compile("owner = \"Ada\" AND amount > 1000", schema,
//   {})); if (filter.Matches(row)) ...
//
//   expression = term { ("AND" | "OR") term }    AND binds tighter; NOT or "-" negates
//   term       = field op literal | field ":" literal | "(" expression ")"
//   op         = "=" | "!=" | "<" | "<=" | ">" | ">="
//   literal    = "text" | 'text' | bare-word | number | 2017-03-01 | 2017-03-01T00:00:00Z | true |
//   false `field:*` is true where the field is set; `tags:"x"` where the list has x; `title:"x"`
//   where the text contains x (case-insensitive).

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dealog::filter {

inline constexpr size_t kFilterBytesMax = 8192;
inline constexpr int kFilterDepthMax = 32;

enum class FieldType { kText, kNumber, kDate, kTime, kBool, kTextList };

// A value of a row's field; unset = the row has none. Dates are days since 1970-01-01, times µs.
struct Value {
  bool set = false;
  std::string_view text;                   // kText.
  std::string_view label;                  // kText that is an id: its display name.
  double number = 0;                       // kNumber, kBool (0 or 1).
  int64_t instant = 0;                     // kDate, kTime.
  std::span<const std::string_view> list;  // kTextList; set iff not empty.

  static Value Unset() { return {}; }
  static Value Text(std::string_view text) { return {.set = !text.empty(), .text = text}; }
  // An id and the display name that people know it by: a literal that is either matches, and order
  // is that of the names. Without a name, the id alone.
  static Value Reference(std::string_view id, std::string_view label) {
    return {.set = !id.empty(), .text = id, .label = label};
  }
  static Value Number(double number) { return {.set = true, .number = number}; }
  static Value Instant(int64_t instant) { return {.set = true, .instant = instant}; }
  static Value List(std::span<const std::string_view> list) {
    return {.set = !list.empty(), .list = list};
  }
};

// The fields that a filter may name. A name may be a family: "organization." admits
// organization.<anything>, as text (or number where the literal is one).
struct Field {
  std::string name;
  FieldType type = FieldType::kText;
  int id = 0;           // Handed to Row::Get.
  bool family = false;  // `name` ends in "." and is a prefix.
  bool alias = false;   // Another name of a field above: errors do not list it.
};
using Schema = std::vector<Field>;

// One row, as the evaluator asks for it.
class Row {
 public:
  virtual ~Row() = default;
  // `member` is what follows a family's prefix, else empty. What it points to must live until the
  // next call of Get.
  virtual Value Get(int field_id, std::string_view member) const = 0;
};

// The checked tree, for those who compile it further (columns, push-down).
struct Node {
  enum class Kind { kTrue, kAnd, kOr, kNot, kCompare };
  enum class Op { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kHas, kIsSet };
  Kind kind = Kind::kTrue;
  std::vector<Node> children;  // kAnd, kOr: 2 or more; kNot: 1.
  // kCompare only:
  int field_id = 0;
  FieldType type = FieldType::kText;
  std::string member;
  Op op = Op::kEqual;
  std::string text;     // The literal, as text (always set but for kIsSet).
  double number = 0;    // kNumber, kBool; families: set where `is_number`.
  int64_t instant = 0;  // kDate: days since 1970; kTime: µs since 1970 UTC.
  bool is_number = false;
};

struct CompileOptions {
  absl::TimeZone time_zone = absl::UTCTimeZone();  // Where a bare date of a kTime field begins.
};

// Thread safety: const methods from many threads. A comparison with an unset value is false, also
// `!=`; so is NOT of nothing else than that: NOT inverts the result.
class Filter {
 public:
  // Matches everything.
  Filter() = default;
  // INVALID_ARGUMENT / FILTER_INVALID with the column (from 1) in message and metadata "column".
  static absl::StatusOr<Filter> Compile(std::string_view text, const Schema& schema,
                                        const CompileOptions& options);
  bool Matches(const Row& row) const;
  bool MatchesAll() const { return root_.kind == Node::Kind::kTrue; }
  const Node& root() const { return root_; }

 private:
  Node root_;
};

}  // namespace dealog::filter
