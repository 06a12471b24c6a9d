#pragma once

// The fields of a contact: what they are called and what may be done with them.

#include <span>

#include "projections/states/contact.h"
#include "projections/states/fields.h"

namespace dealog::states {

using ContactFieldRow = FieldRow<ContactState>;
std::span<const ContactFieldRow> ContactFields();

}  // namespace dealog::states
