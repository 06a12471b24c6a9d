#include "services/cli/text/text_width.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <cstdint>

namespace dealog::cli {
namespace {

constexpr UChar32 kReplacement = 0xFFFD;

// Reads the character at `offset` and advances; kReplacement for bytes that are no UTF-8.
UChar32 NextCharacter(std::string_view text, size_t& offset) {
  UChar32 character = 0;
  auto position = static_cast<int32_t>(offset);
  U8_NEXT_OR_FFFD(reinterpret_cast<const uint8_t*>(text.data()), position,
                  static_cast<int32_t>(text.size()), character);
  offset = static_cast<size_t>(position);
  return character;
}

void Append(std::string& out, UChar32 character) {
  uint8_t bytes[U8_MAX_LENGTH];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, character);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

size_t CharacterWidth(UChar32 character) {
  switch (u_charType(character)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_FORMAT_CHAR:
    case U_CONTROL_CHAR:
      return 0;
    default:
      break;
  }
  const int width = u_getIntPropertyValue(character, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

// Direction overrides can make a line read as something else than it says.
bool DrivesTerminal(UChar32 character) {
  return u_charType(character) == U_CONTROL_CHAR || character == 0x2028 || character == 0x2029 ||
         (character >= 0x202A && character <= 0x202E) ||
         (character >= 0x2066 && character <= 0x2069);
}

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t offset = 0; offset < text.size();) {
    width += CharacterWidth(NextCharacter(text, offset));
  }
  return width;
}

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    const UChar32 character = NextCharacter(text, offset);
    if (character == '\n' || character == '\r' || character == '\t') {
      out += ' ';
    } else {
      Append(out, DrivesTerminal(character) ? kReplacement : character);
    }
  }
  return out;
}

std::string Truncate(std::string_view text, size_t columns) {
  if (DisplayWidth(text) <= columns) return std::string(text);
  std::string out;
  size_t width = 0;
  for (size_t offset = 0; offset < text.size();) {
    const size_t begin = offset;
    width += CharacterWidth(NextCharacter(text, offset));
    if (width + 1 > columns) break;
    out.append(text.substr(begin, offset - begin));
  }
  return columns == 0 ? "" : out + "…";
}

}  // namespace dealog::cli
