#pragma once

// Contacts. Rows: as every StreamView.

#include "projections/states/contact.h"
#include "projections/states/stream_types.h"
#include "projections/views/reads.h"
#include "projections/views/state_view.h"

namespace dealog::projections {

// Thread safety: as ViewState.
class ContactsView final : public Copied<ContactsView, StateView<states::ContactState>> {
 public:
  ContactsView() : Copied({states::kContactStream}) {}

  const RecordMap<states::ContactState>& contacts() const { return table<states::ContactState>(); }
};

ViewDefinition ContactsViewDefinition();

}  // namespace dealog::projections
