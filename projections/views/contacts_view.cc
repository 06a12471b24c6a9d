#include "projections/views/contacts_view.h"

#include <memory>

namespace dealog::projections {

ViewDefinition ContactsViewDefinition() {
  return {.name = kContactsView, .version = 2, .make_state = [] {
            return std::make_unique<ContactsView>();
          }};
}

}  // namespace dealog::projections
