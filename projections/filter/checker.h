#pragma once

// Syntax tree to checked tree: fields, operators and literals must fit each other.

#include "absl/status/statusor.h"
#include "projections/filter/filter.h"
#include "projections/filter/parser.h"

namespace dealog::filter {

// FILTER_INVALID with the column in `text`, which `syntax` was parsed from.
absl::StatusOr<Node> Check(std::string_view text, const Syntax& syntax, const Schema& schema,
                           const CompileOptions& options);

}  // namespace dealog::filter
