#pragma once

// Base64 after RFC 4648, section 4, with padding; strict: every byte string has one text.

#include <optional>
#include <string>
#include <string_view>

namespace dealog::eventstore {

std::string ToBase64(std::string_view bytes);
// nullopt unless `text` is what ToBase64 makes of some bytes.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace dealog::eventstore
