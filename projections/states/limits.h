#pragma once

// What states keep at most.

#include <cstddef>

namespace dealog::states {

// Rejected rows that an import's state keeps; later ones are only counted.
inline constexpr size_t kRejectedRowsKeptMax = 1000;

// The descriptors of a stream type.
inline constexpr size_t kDescriptorSetBytesMax = 256 << 10;

}  // namespace dealog::states
