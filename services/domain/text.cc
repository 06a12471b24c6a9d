#include "services/domain/text.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "services/domain/limits.h"

namespace dealog::domain {
namespace {

// What one pass over a text finds.
struct Scan {
  bool valid = true;
  bool blank = true;
  size_t chars = 0;
  UChar32 control = -1;      // The first control character that the rule forbids.
  size_t control_index = 0;  // Its place, in characters from 0.
};

Scan ScanText(std::string_view text, bool multiline) {
  Scan scan;
  const int32_t size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    UChar32 c = 0;
    U8_NEXT(text.data(), i, size, c);
    if (c < 0) {
      scan.valid = false;
      return scan;
    }
    const bool allowed = multiline && (c == '\n' || c == '\t');
    if (scan.control < 0 && !allowed && u_charType(c) == U_CONTROL_CHAR) {
      scan.control = c;
      scan.control_index = scan.chars;
    }
    if (!u_isUWhiteSpace(c)) scan.blank = false;
    ++scan.chars;
  }
  return scan;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// NFKC case folding; for ASCII that is lower case.
std::string Fold(std::string_view text) {
  std::string folded;
  if (IsAscii(text)) {
    folded.assign(text);
    for (char& c : folded) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return folded;
  }
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* folder = icu::Normalizer2::getNFKCCasefoldInstance(error);
  DEALOG_CHECK(U_SUCCESS(error)) << "ICU lacks its normalisation data: " << u_errorName(error);
  const auto source = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  const icu::UnicodeString result = folder->normalize(source, error);
  if (U_FAILURE(error)) return std::string(text);
  result.toUTF8String(folded);
  return folded;
}

// Trims, and makes one space of every run of white space.
std::string Collapse(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool gap = false;
  const int32_t size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    const int32_t start = i;
    UChar32 c = 0;
    U8_NEXT(text.data(), i, size, c);
    if (c >= 0 && u_isUWhiteSpace(c)) {
      gap = !out.empty();
      continue;
    }
    if (gap) out.push_back(' ');
    gap = false;
    out.append(text.substr(start, i - start));
  }
  return out;
}

// Made once: opening it reads ICU's tables.
const UIDNA* Idna() {
  static const UIDNA* const idna = [] {
    UErrorCode error = U_ZERO_ERROR;
    const UIDNA* opened = uidna_openUTS46(
        UIDNA_USE_STD3_RULES | UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI, &error);
    DEALOG_CHECK(U_SUCCESS(error)) << "ICU lacks its IDNA data: " << u_errorName(error);
    return opened;
  }();
  return idna;
}

}  // namespace

absl::Status CheckText(std::string_view field, std::string_view text, const TextRule& rule) {
  const Scan scan = ScanText(text, rule.multiline);
  if (!scan.valid) return base::InvalidField(field, "expected valid UTF-8, found other bytes");
  if (scan.control >= 0) {
    return base::InvalidField(
        field, absl::StrCat("expected no control characters, found U+",
                            absl::Hex(static_cast<uint32_t>(scan.control), absl::kZeroPad4),
                            " at character ", scan.control_index + 1));
  }
  if (rule.required && scan.blank) {
    return base::InvalidField(field, "expected text, found nothing or only white space");
  }
  if (scan.chars > rule.chars_max) {
    return base::InvalidField(field, absl::StrCat("expected at most ", rule.chars_max,
                                                  " characters, found ", scan.chars));
  }
  if (text.size() > rule.bytes_max) {
    return base::InvalidField(
        field, absl::StrCat("expected at most ", rule.bytes_max, " bytes, found ", text.size()));
  }
  return absl::OkStatus();
}

std::optional<size_t> CountCharacters(std::string_view text) {
  const Scan scan = ScanText(text, /*multiline=*/true);
  if (!scan.valid) return std::nullopt;
  return scan.chars;
}

std::string NormalizeName(std::string_view text) { return Collapse(Fold(text)); }

std::optional<std::string> NormalizeDomain(std::string_view text) {
  std::string domain = NormalizeName(text);
  if (domain.ends_with('.')) domain.pop_back();
  if (domain.empty() || domain.size() > kDomainBytesMax) return std::nullopt;
  std::array<char, 512> ascii;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  UErrorCode error = U_ZERO_ERROR;
  const int32_t size =
      uidna_nameToASCII_UTF8(Idna(), domain.data(), static_cast<int32_t>(domain.size()),
                             ascii.data(), static_cast<int32_t>(ascii.size()), &info, &error);
  if (U_FAILURE(error) || info.errors != 0 || size > static_cast<int32_t>(kDomainBytesMax)) {
    return std::nullopt;
  }
  std::string normal(ascii.data(), static_cast<size_t>(size));
  if (normal.find('.') == std::string::npos) return std::nullopt;
  return normal;
}

std::optional<std::string> NormalizeEmail(std::string_view text) {
  const std::string address = NormalizeName(text);
  const size_t at = address.rfind('@');
  if (at == std::string::npos || at == 0) return std::nullopt;
  const std::string local = address.substr(0, at);
  // Quoted local parts exist in the standard and nowhere else; refusing them keeps out mistakes.
  if (local.find_first_of(" @,;:<>()[]\\\"") != std::string::npos || local.starts_with('.') ||
      local.ends_with('.') || local.find("..") != std::string::npos) {
    return std::nullopt;
  }
  const std::optional<std::string> domain = NormalizeDomain(address.substr(at + 1));
  if (!domain) return std::nullopt;
  std::string normal = local + "@" + *domain;
  if (normal.size() > kEmailBytesMax) return std::nullopt;
  return normal;
}

}  // namespace dealog::domain
