#pragma once

// The text of a filter: its validity, columns and errors.

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace dealog::filter {

// A place in the filter's text, in bytes from 0.
using Offset = size_t;

// INVALID_ARGUMENT / FILTER_INVALID at a place. Columns count characters from 1, so that the caret
// of an editor lands on the right one.
absl::Status ErrorAt(std::string_view filter, Offset offset, std::string_view message);

// Where the text stops being valid UTF-8 without control characters; nullopt if it never does.
std::optional<Offset> FindMalformed(std::string_view text);

// True if `text` contains `part`, ASCII letters of either case being equal. Other characters are
// compared byte by byte.
bool ContainsIgnoringCase(std::string_view text, std::string_view part);

}  // namespace dealog::filter
