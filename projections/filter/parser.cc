#include "projections/filter/parser.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"

namespace dealog::filter {
namespace {

bool IsKeyword(const Token& token, std::string_view keyword) {
  return token.kind == Token::Kind::kWord && token.text == keyword;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  absl::StatusOr<Syntax> ParseAll() {
    if (lexer_.Peek().kind == Token::Kind::kEnd) return Syntax{};
    ASSIGN_OR_RETURN(Syntax root, ParseExpression(0));
    const Token rest = lexer_.Peek();
    if (rest.kind == Token::Kind::kClose) return Fail(rest, "no parenthesis is open here");
    if (rest.kind != Token::Kind::kEnd) {
      return Fail(rest, absl::StrCat("expected AND, OR or the end, found ", Describe(rest)));
    }
    return root;
  }

 private:
  absl::Status Fail(const Token& token, std::string_view message) const {
    return ErrorAt(lexer_.text(), token.offset, message);
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kFilterDepthMax.
  absl::StatusOr<Syntax> ParseExpression(int depth) {
    return ParseSeries("OR", Node::Kind::kOr, [&] {
      return ParseSeries("AND", Node::Kind::kAnd, [&] { return ParseFactor(depth); });
    });
  }

  // operand { keyword operand }; one operand alone stands for itself.
  template <typename Operand>
  absl::StatusOr<Syntax> ParseSeries(std::string_view keyword, Node::Kind kind, Operand operand) {
    ASSIGN_OR_RETURN(Syntax first, operand());
    if (!IsKeyword(lexer_.Peek(), keyword)) return first;
    Syntax series{.kind = kind};
    series.children.push_back(std::move(first));
    while (IsKeyword(lexer_.Peek(), keyword)) {
      lexer_.Next();
      ASSIGN_OR_RETURN(Syntax next, operand());
      series.children.push_back(std::move(next));
    }
    return series;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kFilterDepthMax.
  absl::StatusOr<Syntax> ParseFactor(int depth) {
    const Token token = lexer_.Next();
    const bool negated = token.kind == Token::Kind::kMinus || IsKeyword(token, "NOT");
    if (!negated && token.kind != Token::Kind::kOpen) return ParseComparison(token);
    if (depth == kFilterDepthMax) {
      return Fail(token, absl::StrCat("nested deeper than ", kFilterDepthMax,
                                      " parentheses and negations; write it flatter"));
    }
    if (negated) {
      ASSIGN_OR_RETURN(Syntax operand, ParseFactor(depth + 1));
      Syntax negation{.kind = Node::Kind::kNot};
      negation.children.push_back(std::move(operand));
      return negation;
    }
    ASSIGN_OR_RETURN(Syntax inner, ParseExpression(depth + 1));
    const Token close = lexer_.Next();
    if (close.kind != Token::Kind::kClose) {
      return Fail(close, absl::StrCat("expected AND, OR or ')', found ", Describe(close)));
    }
    return inner;
  }

  absl::StatusOr<Syntax> ParseComparison(const Token& field) {
    if (field.kind != Token::Kind::kWord || field.text == "AND" || field.text == "OR") {
      return Fail(field, absl::StrCat("expected a field, NOT or '(', found ", Describe(field)));
    }
    const Token op = lexer_.Next();
    if (op.kind != Token::Kind::kOperator) {
      return Fail(op, absl::StrCat("expected =, !=, <, <=, >, >= or : after the field ",
                                   base::View(field.text), ", found ", Describe(op)));
    }
    ASSIGN_OR_RETURN(Literal literal, lexer_.NextLiteral());
    return Syntax{.kind = Node::Kind::kCompare,
                  .field = field.text,
                  .field_offset = field.offset,
                  .op = op.text,
                  .op_offset = op.offset,
                  .literal = std::move(literal)};
  }

  Lexer lexer_;
};

}  // namespace

absl::StatusOr<Syntax> Parse(std::string_view text) { return Parser(text).ParseAll(); }

}  // namespace dealog::filter
