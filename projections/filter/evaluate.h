#pragma once

// Evaluation of a checked tree. Filter::Matches does it row by row; who keeps values in columns or
// dictionaries evaluates each comparison once per distinct value with Compares.

#include "projections/filter/filter.h"

namespace dealog::filter {

// True if the comparison `node` (kind kCompare) holds for `value`; false for an unset one.
bool Compares(const Node& node, const Value& value);

// True if the tree holds for the row.
bool Holds(const Node& node, const Row& row);

}  // namespace dealog::filter
