#include "eventstore/base/cores.h"

#include <unistd.h>

#include <algorithm>

namespace dealog::base {

size_t CoreCount() { return static_cast<size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN))); }

}  // namespace dealog::base
