#include "projections/filter/checker.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/filter/literal.h"

namespace dealog::filter {
namespace {

// The field of that name; a family's member is the rest of the name.
const Field* FindField(const Schema& schema, std::string_view name) {
  const Field* family = nullptr;
  for (const Field& field : schema) {
    if (!field.family && field.name == name) return &field;
    if (field.family && name.size() > field.name.size() && name.starts_with(field.name)) {
      family = &field;
    }
  }
  return family;
}

std::string KnownFields(const Schema& schema) {
  std::string known;
  for (const Field& field : schema) {
    if (field.alias) continue;
    absl::StrAppend(&known, known.empty() ? "" : ", ", field.name, field.family ? "<name>" : "");
  }
  return known;
}

Node::Op ToOp(std::string_view op) {
  if (op == "=") return Node::Op::kEqual;
  if (op == "!=") return Node::Op::kNotEqual;
  if (op == "<") return Node::Op::kLess;
  if (op == "<=") return Node::Op::kLessEqual;
  if (op == ">") return Node::Op::kGreater;
  if (op == ">=") return Node::Op::kGreaterEqual;
  return Node::Op::kHas;
}

// What operators a type has, for the error; empty if it has this one.
std::string_view MissingOperator(FieldType type, Node::Op op) {
  const bool equality = op == Node::Op::kEqual || op == Node::Op::kNotEqual;
  switch (type) {
    case FieldType::kText:
      return {};
    case FieldType::kTextList:
      return op == Node::Op::kHas ? std::string_view() : "a list has only ':'";
    case FieldType::kBool:
      return equality ? std::string_view() : "true or false has only = and !=, and ':*'";
    case FieldType::kNumber:
    case FieldType::kDate:
    case FieldType::kTime:
      return op == Node::Op::kHas ? "it has =, !=, <, <=, >, >=, and ':*'" : std::string_view();
  }
  return {};
}

class Checker {
 public:
  Checker(std::string_view text, const Schema& schema, const CompileOptions& options)
      : text_(text), schema_(schema), options_(options) {}

  // NOLINTNEXTLINE(misc-no-recursion): the parser bounded the depth.
  absl::StatusOr<Node> Check(const Syntax& syntax) const {
    if (syntax.kind == Node::Kind::kCompare) return CheckComparison(syntax);
    Node node;
    node.kind = syntax.kind;
    for (const Syntax& child : syntax.children) {
      ASSIGN_OR_RETURN(Node checked, Check(child));
      node.children.push_back(std::move(checked));
    }
    return node;
  }

 private:
  absl::StatusOr<Node> CheckComparison(const Syntax& syntax) const {
    const Field* field = FindField(schema_, syntax.field);
    if (field == nullptr) {
      return ErrorAt(text_, syntax.field_offset,
                     absl::StrCat("unknown field ", base::View(syntax.field),
                                  "; known are: ", KnownFields(schema_)));
    }
    Node node;
    node.kind = Node::Kind::kCompare;
    node.field_id = field->id;
    node.type = field->type;
    if (field->family) node.member = syntax.field.substr(field->name.size());
    node.op = ToOp(syntax.op);
    const Literal& literal = syntax.literal;
    if (node.op == Node::Op::kHas && literal.text == "*" && !literal.quoted) {
      node.op = Node::Op::kIsSet;
      return node;
    }
    if (const std::string_view has = MissingOperator(field->type, node.op); !has.empty()) {
      return ErrorAt(text_, syntax.op_offset,
                     absl::StrCat("operator ", base::View(syntax.op), " does not fit ",
                                  base::View(syntax.field), "; ", base::View(has)));
    }
    node.text = literal.text;
    RETURN_IF_ERROR(CheckLiteral(syntax, *field, node));
    return node;
  }

  absl::Status CheckLiteral(const Syntax& syntax, const Field& field, Node& node) const {
    const Literal& literal = syntax.literal;
    switch (field.type) {
      case FieldType::kText:
      case FieldType::kTextList:
        if (field.family && !literal.quoted) SetNumber(ParseNumber(literal.text), node);
        if (literal.text.empty()) {
          return Mismatch(syntax, "some text; to ask whether the field is set, write ':*'");
        }
        return absl::OkStatus();
      case FieldType::kNumber:
        if (!literal.quoted && SetNumber(ParseNumber(literal.text), node)) return absl::OkStatus();
        return Mismatch(syntax, "a number such as 1000 or -2.5");
      case FieldType::kDate:
        if (SetInstant(ParseDate(literal.text), node)) return absl::OkStatus();
        return Mismatch(syntax, "a date of the calendar as YYYY-MM-DD");
      case FieldType::kTime:
        if (SetInstant(ParseInstant(literal.text, options_.time_zone), node)) {
          return absl::OkStatus();
        }
        return Mismatch(syntax, "a date as YYYY-MM-DD or a time as YYYY-MM-DDThh:mm:ssZ");
      case FieldType::kBool: {
        const std::optional<bool> value = ParseBool(literal.text);
        if (!value || literal.quoted) return Mismatch(syntax, "true or false");
        node.number = *value ? 1 : 0;
        return absl::OkStatus();
      }
    }
    return absl::OkStatus();
  }

  static bool SetNumber(std::optional<double> number, Node& node) {
    node.is_number = number.has_value();
    node.number = number.value_or(0);
    return node.is_number;
  }

  static bool SetInstant(std::optional<int64_t> instant, Node& node) {
    node.instant = instant.value_or(0);
    return instant.has_value();
  }

  absl::Status Mismatch(const Syntax& syntax, std::string_view expected) const {
    const Literal& literal = syntax.literal;
    const char* quote = literal.quoted ? "\"" : "'";
    return ErrorAt(text_, literal.offset,
                   absl::StrCat("expected ", base::View(expected), " for ",
                                base::View(syntax.field), ", found ", quote, literal.text, quote));
  }

  std::string_view text_;
  const Schema& schema_;
  const CompileOptions& options_;
};

}  // namespace

absl::StatusOr<Node> Check(std::string_view text, const Syntax& syntax, const Schema& schema,
                           const CompileOptions& options) {
  return Checker(text, schema, options).Check(syntax);
}

}  // namespace dealog::filter
