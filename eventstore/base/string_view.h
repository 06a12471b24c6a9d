#pragma once

// The packaged absl has a string_view of its own, which std::string_view does not convert to:
// absl's functions (StrCat, SimpleAtoi, look-ups in its maps) take what View makes of one.
//
//   absl::StrCat("no view is named ", base::View(name));

#include <string_view>

#include "absl/strings/string_view.h"

namespace dealog::base {

// The same bytes; nothing is copied. Thread safety: none needed, a value.
constexpr absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace dealog::base
