#pragma once

// Texts in error messages.

#include <string>
#include <string_view>
#include <vector>

namespace dealog::projections {

// `text` in quotes, printable, cut when long.
std::string Quoted(std::string_view text);

// "a, b, c", sorted; the first ones and a count where there are many; "none" where there is none.
std::string ListOfNames(std::vector<std::string> names);

}  // namespace dealog::projections
