#pragma once

// Text on a terminal: how many columns it takes, and how to keep data from driving the terminal.

#include <cstddef>
#include <string>
#include <string_view>

namespace dealog::cli {

// Columns that UTF-8 `text` takes: wide East Asian characters two, combining marks none.
size_t DisplayWidth(std::string_view text);

// `text` with control characters and bytes that are no UTF-8 replaced, so that a title from the log
// can neither break a table nor send escape sequences to the reader's terminal.
std::string Printable(std::string_view text);

// `text` cut to at most `columns`, with "…" as its last character where something was cut.
std::string Truncate(std::string_view text, size_t columns);

}  // namespace dealog::cli
