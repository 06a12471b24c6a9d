// Questions about import jobs: GetImport, ListImports.

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "projections/views/imports_view.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"

namespace dealog::projections {

absl::StatusOr<v1::Import> GetImport(const TenantViews& views, std::string_view import_id) {
  ASSIGN_OR_RETURN(const ImportsView* view, views.Get<ImportsView>(kImportsView));
  const states::ImportState* import = view->imports().Find(import_id);
  if (import == nullptr) {
    return base::Error(absl::StatusCode::kNotFound, "IMPORT_NOT_FOUND",
                       absl::StrCat("expected an import's id, found ", Quoted(import_id),
                                    ", which no import has"));
  }
  return states::ToImport(*import);
}

absl::StatusOr<Page<v1::Import>> ListImports(const TenantViews& views, const PageRequest& page) {
  ASSIGN_OR_RETURN(const ImportsView* view, views.Get<ImportsView>(kImportsView));
  ASSIGN_OR_RETURN(auto builder,
                   PageBuilder<const states::ImportState*>::Make(page, /*descending=*/true));
  for (const auto& [id, import] : view->imports()) {
    builder.Offer({.number = import.started_at_us, .id = id}, &import);
  }
  return builder.Finish(
      [](const states::ImportState* import) { return states::ToImport(*import); });
}

}  // namespace dealog::projections
