#pragma once

// Text: what a field may hold, and the normal forms under which keys are unique.
//
//   RETURN_IF_ERROR(CheckText("title", request.title(), {.chars_max = kTitleCharsMax}));
//   const std::string key = NormalizeName(" Ada  Lovelace ");   // "ada lovelace"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace dealog::domain {

// What a text field may hold. Always: valid UTF-8 without control characters.
struct TextRule {
  bool required = false;  // True: not empty, and not only white space.
  size_t chars_max = SIZE_MAX;
  size_t bytes_max = SIZE_MAX;
  bool multiline = false;  // True: \n and \t are allowed.
};

// INVALID_ARGUMENT / FIELD_INVALID naming `field` unless `text` keeps the rule.
absl::Status CheckText(std::string_view field, std::string_view text, const TextRule& rule);

// Number of code points; nullopt if `text` is not valid UTF-8.
std::optional<size_t> CountCharacters(std::string_view text);

// Unicode NFKC case folding, white space trimmed and collapsed: what makes display names, labels
// and reasons equal. Invalid UTF-8 is kept as it is.
std::string NormalizeName(std::string_view text);

// NormalizeName with the domain in ASCII (IDNA); nullopt if it is no address of the form
// local@domain of at most kEmailBytesMax bytes.
std::optional<std::string> NormalizeEmail(std::string_view text);

// Lower-case ASCII (IDNA) without a final dot, for example "example.org"; nullopt if it is no
// domain of at least two labels.
std::optional<std::string> NormalizeDomain(std::string_view text);

}  // namespace dealog::domain
