#pragma once

// How many threads can run at the same time.

#include <cstddef>

namespace dealog::base {

// At least 1. Thread safety: yes.
size_t CoreCount();

}  // namespace dealog::base
