#include "projections/filter/text.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"

namespace dealog::filter {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Bytes of the character that starts with `lead`; 0 if none may.
size_t CharacterSize(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

// Overlong forms, surrogates and what lies past U+10FFFF are told by the second byte alone.
bool SecondByteFits(unsigned char lead, unsigned char second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0;
    case 0xED:
      return second < 0xA0;
    case 0xF0:
      return second >= 0x90;
    case 0xF4:
      return second < 0x90;
    default:
      return true;
  }
}

bool IsControl(unsigned char c) {
  return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

}  // namespace

absl::Status ErrorAt(std::string_view filter, Offset offset, std::string_view message) {
  const std::string_view before = filter.substr(0, std::min(offset, filter.size()));
  const auto column =
      1 + std::count_if(before.begin(), before.end(), [](char c) { return !IsContinuation(c); });
  const std::string text = absl::StrCat("filter, column ", column, ": ", base::View(message));
  return base::Error(absl::StatusCode::kInvalidArgument, "FILTER_INVALID", text)
      .With("column", std::to_string(column))
      .Field("filter", text);
}

std::optional<Offset> FindMalformed(std::string_view text) {
  for (Offset at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const size_t size = CharacterSize(lead);
    if (size == 0 || IsControl(lead) || at + size > text.size()) return at;
    for (size_t i = 1; i < size; ++i) {
      if (!IsContinuation(text[at + i])) return at;
    }
    if (size > 1 && !SecondByteFits(lead, static_cast<unsigned char>(text[at + 1]))) return at;
    at += size;
  }
  return std::nullopt;
}

bool ContainsIgnoringCase(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return Lower(a) == Lower(b); }) != text.end() ||
         part.empty();
}

}  // namespace dealog::filter
