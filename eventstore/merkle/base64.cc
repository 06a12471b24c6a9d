#include "eventstore/merkle/base64.h"

#include "absl/strings/escaping.h"

namespace dealog::eventstore {

std::string ToBase64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  // absl takes blanks, missing padding and stray bits; the way back tells them.
  if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes) ||
      ToBase64(bytes) != text) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace dealog::eventstore
