#pragma once

// Texts in error messages.

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"

namespace dealog::projections {

// absl's packaged string_view is a type of its own.
inline absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

// `text` in quotes, printable, cut when long.
std::string Quoted(std::string_view text);

// "a, b, c", sorted; the first ones and a count where there are many; "none" where there is none.
std::string ListOfNames(std::vector<std::string> names);

}  // namespace dealog::projections
