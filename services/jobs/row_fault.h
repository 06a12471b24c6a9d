#pragma once

// Why one row was rejected; ends in the job's report. Reasons: docs/formats/mapping.md.

#include <optional>
#include <string>

namespace dealog::jobs {

struct RowFault {
  std::string reason;   // UPPER_SNAKE.
  std::string message;  // What was expected, what was found.
};
// nullopt: nothing wrong.
using MaybeFault = std::optional<RowFault>;

}  // namespace dealog::jobs
