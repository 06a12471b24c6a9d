#pragma once

// Contacts. Row: contact id -> dealog.v1.Contact.

#include "dealog/v1/contacts.pb.h"
#include "projections/projection.h"
#include "projections/views/message_table.h"

namespace dealog::projections {

inline constexpr std::string_view kContactsView = "contacts";

// Thread safety: as ViewState.
class ContactsView final : public ViewState {
 public:
  absl::Status Fold(const FoldedEvent& event) override;
  void FlushRows(RowSink& sink) override { contacts_.FlushRows(sink); }
  absl::Status LoadRow(std::string_view key, std::string_view value) override {
    return contacts_.LoadRow(key, value).status();
  }
  size_t RowCount() const override { return contacts_.size(); }

  const MessageTable<v1::Contact>& contacts() const { return contacts_; }

 private:
  MessageTable<v1::Contact> contacts_;
};

ViewDefinition ContactsViewDefinition();

}  // namespace dealog::projections
