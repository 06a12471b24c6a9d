#pragma once

// Status macros. Example:
//   RETURN_IF_ERROR(store.Flush());
//   ASSIGN_OR_RETURN(const Head head, log.Head(tenant));

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define DEALOG_CONCAT_INNER(a, b) a##b
#define DEALOG_CONCAT(a, b) DEALOG_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression)                                                             \
  do {                                                                                          \
    if (::absl::Status dealog_status = (expression); !dealog_status.ok()) return dealog_status; \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  DEALOG_ASSIGN_OR_RETURN(DEALOG_CONCAT(dealog_result_, __LINE__), declaration, expression)

#define DEALOG_ASSIGN_OR_RETURN(result, declaration, expression) \
  auto result = (expression);                                    \
  if (!result.ok()) return std::move(result).status();           \
  declaration = *std::move(result)
