#include "projections/views/imports_view.h"

#include <memory>

namespace dealog::projections {

ViewDefinition ImportsViewDefinition() {
  return {.name = kImportsView, .version = 3, .make_state = [] {
            return std::make_unique<ImportsView>();
          }};
}

}  // namespace dealog::projections
