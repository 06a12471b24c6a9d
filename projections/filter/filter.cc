#include "projections/filter/filter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "projections/filter/checker.h"
#include "projections/filter/evaluate.h"
#include "projections/filter/parser.h"
#include "projections/filter/text.h"

namespace dealog::filter {

absl::StatusOr<Filter> Filter::Compile(std::string_view text, const Schema& schema,
                                       const CompileOptions& options) {
  if (const std::optional<Offset> malformed = FindMalformed(text.substr(0, kFilterBytesMax + 4));
      malformed && *malformed < kFilterBytesMax) {
    return ErrorAt(text, *malformed, "expected UTF-8 text, found a byte that is none");
  }
  if (text.size() > kFilterBytesMax) {
    return ErrorAt(
        text, kFilterBytesMax,
        absl::StrCat("expected at most ", kFilterBytesMax, " bytes, found ", text.size()));
  }
  ASSIGN_OR_RETURN(const Syntax syntax, Parse(text));
  Filter filter;
  ASSIGN_OR_RETURN(filter.root_, Check(text, syntax, schema, options));
  return filter;
}

bool Filter::Matches(const Row& row) const { return Holds(root_, row); }

}  // namespace dealog::filter
