#include "services/domain/decider.h"

namespace dealog::domain {

std::string CommandMeta::NewId(std::string_view prefix, int n) const {
  if (n == 0) return base::FormatId(prefix, id_seed);
  int64_t milliseconds = 0;  // The seed's own time, so that all ids of a command sort together.
  for (int i = 0; i < 6; ++i) milliseconds = milliseconds * 256 + id_seed[i];
  return base::FormatId(
      prefix, base::DeriveUuid7(milliseconds * 1000, base::UuidBytes(id_seed) + std::to_string(n)));
}

}  // namespace dealog::domain
