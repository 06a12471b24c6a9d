#include "eventstore/merkle/base64.h"

#include "absl/strings/escaping.h"
#include "eventstore/base/string_view.h"

namespace dealog::eventstore {

std::string ToBase64(std::string_view bytes) { return absl::Base64Escape(base::View(bytes)); }

std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  // absl takes blanks, missing padding and stray bits; the way back tells them.
  if (!absl::Base64Unescape(base::View(text), &bytes) || ToBase64(bytes) != text) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace dealog::eventstore
