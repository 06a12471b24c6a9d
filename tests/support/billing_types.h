#pragma once

// The events of a billing service, as it would register them: billing.v1.InvoiceSent
// {string number = 1; int64 amount_minor = 2; repeated Line lines = 3 {string text = 1}} and
// billing.v1.InvoicePaid {string deal_id = 1}.

#include <google/protobuf/descriptor.pb.h>

#include <string>

#include "absl/strings/escaping.h"
#include "dealog/events/v1/external.pb.h"

namespace dealog {

inline void AddBillingField(google::protobuf::DescriptorProto& message, const char* name,
                            google::protobuf::FieldDescriptorProto::Type type) {
  auto& field = *message.add_field();
  field.set_name(name);
  field.set_number(message.field_size());
  field.set_type(type);
  field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
}

// The file as protoc would describe it.
inline google::protobuf::FileDescriptorProto BillingFile() {
  using Field = google::protobuf::FieldDescriptorProto;
  google::protobuf::FileDescriptorProto file;
  file.set_name("billing/v1/billing.proto");
  file.set_package("billing.v1");
  file.set_syntax("proto3");
  auto& line = *file.add_message_type();
  line.set_name("Line");
  AddBillingField(line, "text", Field::TYPE_STRING);
  auto& sent = *file.add_message_type();
  sent.set_name("InvoiceSent");
  AddBillingField(sent, "number", Field::TYPE_STRING);
  AddBillingField(sent, "amount_minor", Field::TYPE_INT64);
  AddBillingField(sent, "lines", Field::TYPE_MESSAGE);
  sent.mutable_field(2)->set_label(Field::LABEL_REPEATED);
  sent.mutable_field(2)->set_type_name(".billing.v1.Line");
  auto& paid = *file.add_message_type();
  paid.set_name("InvoicePaid");
  AddBillingField(paid, "deal_id", Field::TYPE_STRING);
  return file;
}

// Serialised google.protobuf.FileDescriptorSet.
inline std::string BillingDescriptorSet() {
  google::protobuf::FileDescriptorSet set;
  *set.add_file() = BillingFile();
  return set.SerializeAsString();
}

// A serialised message whose field 1 is a text of less than 128 bytes, and nothing else.
inline std::string InvoiceSentBytes(const std::string& number) {
  std::string bytes = "\n";
  bytes.push_back(static_cast<char>(number.size()));
  return bytes + number;
}
inline std::string InvoicePaidBytes(const std::string& deal_id) {
  return InvoiceSentBytes(deal_id);
}

inline events::v1::StreamTypeDefinition BillingDefinition() {
  events::v1::StreamTypeDefinition definition;
  definition.set_description("Invoices");
  definition.set_owner("billing");
  definition.set_payload_type(events::v1::PAYLOAD_TYPE_PROTOBUF);
  definition.set_descriptor_set(BillingDescriptorSet());
  for (const char* name : {"InvoiceSent", "InvoicePaid"}) {
    auto& type = *definition.add_event_types();
    type.set_type(name);
    type.set_message(std::string("billing.v1.") + name);
  }
  return definition;
}

// One with opaque payloads and the event type SensorRead.
inline events::v1::StreamTypeDefinition OpaqueDefinition() {
  events::v1::StreamTypeDefinition definition;
  definition.set_owner("sensors");
  definition.set_payload_type(events::v1::PAYLOAD_TYPE_OPAQUE);
  definition.add_event_types()->set_type("SensorRead");
  return definition;
}

// Bytes as a literal of protobuf's text form.
inline std::string TextBytes(const std::string& bytes) { return "'" + absl::CEscape(bytes) + "'"; }

}  // namespace dealog
