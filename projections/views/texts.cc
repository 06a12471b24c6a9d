#include "projections/views/texts.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/string_view.h"

namespace dealog::projections {
namespace {

constexpr size_t kQuotedBytesMax = 128;
constexpr size_t kNamesShownMax = 20;

}  // namespace

std::string Quoted(std::string_view text) {
  const bool cut = text.size() > kQuotedBytesMax;
  return absl::StrCat("\"", absl::Utf8SafeCEscape(base::View(text.substr(0, kQuotedBytesMax))),
                      cut ? "…" : "", "\"");
}

std::string ListOfNames(std::vector<std::string> names) {
  if (names.empty()) return "none";
  std::sort(names.begin(), names.end());
  const size_t shown = std::min(names.size(), kNamesShownMax);
  std::string list =
      absl::StrJoin(names.begin(), names.begin() + static_cast<ptrdiff_t>(shown), ", ");
  if (shown < names.size()) absl::StrAppend(&list, " and ", names.size() - shown, " more");
  return list;
}

}  // namespace dealog::projections
