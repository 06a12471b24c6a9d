#pragma once

// Contacts: people. The normalised e-mail address is unique per tenant (key contact.email).

#include <string>
#include <string_view>

#include "dealog/v1/contacts.pb.h"
#include "projections/states/contact.h"
#include "services/domain/decider.h"
#include "services/domain/values.h"

namespace dealog::domain {

absl::StatusOr<Decision> Decide(const v1::CreateContactRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UpsertContactRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UpdateContactRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::TagContactRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UntagContactRequest& request, const CommandMeta& meta,
                                StateReader& reader);

}  // namespace dealog::domain
