#include "projections/filter/lexer.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/string_view.h"

namespace dealog::filter {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

bool EndsBareLiteral(char c) {
  return IsSpace(c) || c == '(' || c == ')' || c == '"' || c == '\'' || c == '=' || c == '<' ||
         c == '>' || c == '!' || c == ',';
}

size_t OperatorSize(std::string_view rest) {
  if (rest.starts_with("!=") || rest.starts_with("<=") || rest.starts_with(">=")) return 2;
  if (rest[0] == '=' || rest[0] == '<' || rest[0] == '>' || rest[0] == ':') return 1;
  return 0;
}

// Bytes of the character at the start of valid UTF-8 text.
size_t CharacterSize(std::string_view rest) {
  size_t size = 1;
  while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xC0) == 0x80) ++size;
  return size;
}

}  // namespace

void Lexer::SkipSpace() {
  while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
}

size_t Lexer::WordSize() const {
  size_t size = 0;
  while (at_ + size < text_.size() && IsWord(text_[at_ + size])) ++size;
  return size;
}

Token Lexer::Peek() {
  SkipSpace();
  if (at_ == text_.size()) return {.kind = Token::Kind::kEnd, .offset = at_};
  const std::string_view rest = text_.substr(at_);
  const auto token = [&](Token::Kind kind, size_t size) {
    return Token{.kind = kind, .text = rest.substr(0, size), .offset = at_};
  };
  if (rest[0] == '(') return token(Token::Kind::kOpen, 1);
  if (rest[0] == ')') return token(Token::Kind::kClose, 1);
  if (rest[0] == '-') return token(Token::Kind::kMinus, 1);
  if (const size_t size = OperatorSize(rest); size > 0) return token(Token::Kind::kOperator, size);
  if (const size_t size = WordSize(); size > 0) return token(Token::Kind::kWord, size);
  return token(Token::Kind::kOther, CharacterSize(rest));
}

Token Lexer::Next() {
  const Token token = Peek();
  at_ += token.text.size();
  return token;
}

absl::StatusOr<Literal> Lexer::NextLiteral() {
  SkipSpace();
  if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) return NextQuoted();
  Offset end = at_;
  while (end < text_.size() && !EndsBareLiteral(text_[end])) ++end;
  if (end == at_) {
    return ErrorAt(text_, at_, absl::StrCat("expected a value, found ", Describe(Peek())));
  }
  const std::string_view text = text_.substr(at_, end - at_);
  if (text == "AND" || text == "OR" || text == "NOT") {
    const absl::string_view word(text.data(), text.size());
    return ErrorAt(text_, at_,
                   absl::StrCat("expected a value, found the keyword ", word, "; write \"", word,
                                "\" if you mean the text"));
  }
  Literal literal{.text = std::string(text), .quoted = false, .offset = at_};
  at_ = end;
  return literal;
}

absl::StatusOr<Literal> Lexer::NextQuoted() {
  Literal literal{.text = {}, .quoted = true, .offset = at_};
  const char quote = text_[at_];
  for (Offset at = at_ + 1; at < text_.size(); ++at) {
    if (text_[at] == quote) {
      at_ = at + 1;
      return literal;
    }
    if (text_[at] == '\\') {
      ++at;
      if (at == text_.size()) break;
      if (text_[at] != '\\' && text_[at] != '"' && text_[at] != '\'') {
        return ErrorAt(text_, at - 1, "expected \\\\, \\\" or \\' after a backslash");
      }
    }
    literal.text += text_[at];
  }
  return ErrorAt(text_, literal.offset, "the quote that opens here is never closed");
}

std::string Describe(const Token& token) {
  if (token.kind == Token::Kind::kEnd) return "the end of the filter";
  return absl::StrCat("'", base::View(token.text), "'");
}

}  // namespace dealog::filter
