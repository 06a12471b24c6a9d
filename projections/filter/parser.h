#pragma once

// Text to syntax tree, before fields and types are known.
//
//   filter     = [ expression ]
//   expression = conjunct { "OR" conjunct }
//   conjunct   = factor { "AND" factor }
//   factor     = { "NOT" | "-" } ( "(" expression ")" | field operator literal )

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/filter/filter.h"
#include "projections/filter/lexer.h"

namespace dealog::filter {

struct Syntax {
  Node::Kind kind = Node::Kind::kTrue;
  std::vector<Syntax> children;
  // kCompare only:
  std::string_view field;
  Offset field_offset = 0;
  std::string_view op;
  Offset op_offset = 0;
  Literal literal;
};

// FILTER_INVALID with the column. The tree points into `text`.
absl::StatusOr<Syntax> Parse(std::string_view text);

}  // namespace dealog::filter
