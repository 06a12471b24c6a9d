#pragma once

// Cuts a filter's text into tokens. What a run of characters means depends on its place (a "-"
// before a term negates, within a literal it is a sign or part of a date), so the parser says
// which kind of token it wants next.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "projections/filter/text.h"

namespace dealog::filter {

// A token between literals.
struct Token {
  enum class Kind { kEnd, kOpen, kClose, kMinus, kOperator, kWord, kOther };
  Kind kind = Kind::kEnd;
  std::string_view text;
  Offset offset = 0;
};

// What stands to the right of an operator.
struct Literal {
  std::string text;  // Without quotes and escapes.
  bool quoted = false;
  Offset offset = 0;
};

// Thread safety: none needed. The text must outlive it and its tokens.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  // The next token, left in place.
  Token Peek();
  // The next token, consumed.
  Token Next();
  // The literal that must come next.
  absl::StatusOr<Literal> NextLiteral();
  std::string_view text() const { return text_; }

 private:
  void SkipSpace();
  absl::StatusOr<Literal> NextQuoted();
  size_t WordSize() const;

  std::string_view text_;
  Offset at_ = 0;
};

// How a token is named in an error: "end of the filter" or its text in quotes.
std::string Describe(const Token& token);

}  // namespace dealog::filter
