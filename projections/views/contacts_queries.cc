// Questions about contacts: GetContact, ListContacts.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/contact_fields.h"
#include "projections/states/describe.h"
#include "projections/views/contacts_view.h"
#include "projections/views/queries.h"
#include "projections/views/state_list.h"
#include "projections/views/texts.h"

namespace dealog::projections {

absl::StatusOr<v1::Contact> GetContact(const TenantViews& views, std::string_view contact_id) {
  ASSIGN_OR_RETURN(const ContactsView* view, views.Get<ContactsView>(kContactsView));
  const states::ContactState* contact = view->contacts().Find(contact_id);
  if (contact == nullptr) {
    return base::Error(absl::StatusCode::kNotFound, "CONTACT_NOT_FOUND",
                       absl::StrCat("expected a contact's id, found ", Quoted(contact_id),
                                    ", which no contact has"));
  }
  return states::ToContact(*contact);
}

absl::StatusOr<Page<v1::Contact>> ListContacts(const TenantViews& views, const ListQuery& query) {
  ASSIGN_OR_RETURN(const ContactsView* view,
                   ViewToList<ContactsView>(views, kContactsView, &ContactsView::contacts));
  ASSIGN_OR_RETURN(auto list, MakeStateList(views, query, states::ContactFields()));
  list.OfferAll(view->contacts());
  return list.Finish(
      [](const states::ContactState* contact) { return states::ToContact(*contact); });
}

}  // namespace dealog::projections
