#pragma once

// DEALOG_CHECK(condition) << "why"; for our own bugs: always on, prints and aborts.
// Errors of the world are absl::Status, never a check.

#include <sstream>

namespace dealog::base {

// Collects the message and aborts in its destructor. Not for direct use.
class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition);
  [[noreturn]] ~CheckFailure();
  std::ostream& stream() { return stream_; }

 private:
  std::ostringstream stream_;
};

}  // namespace dealog::base

#define DEALOG_CHECK(condition)       \
  switch (0)                          \
  default:                            \
    if (static_cast<bool>(condition)) \
      [[likely]];                     \
    else                              \
      ::dealog::base::CheckFailure(__FILE__, __LINE__, #condition).stream()

#define DEALOG_CHECK_OK(expression)                                                  \
  do {                                                                               \
    const auto& dealog_checked = (expression);                                       \
    DEALOG_CHECK(dealog_checked.ok()) << ::dealog::base::StatusText(dealog_checked); \
  } while (false)

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dealog::base {
inline std::string StatusText(const absl::Status& status) { return status.ToString(); }
template <typename T>
std::string StatusText(const absl::StatusOr<T>& result) {
  return result.status().ToString();
}
}  // namespace dealog::base
