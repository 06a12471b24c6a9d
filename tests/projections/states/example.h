#pragma once

// Example messages, by reflection.

#include <google/protobuf/message.h>

#include <string>

namespace dealog::states {

// Sets every field to a value that is no default, the first of each oneof. Examples of other
// variants have other texts and numbers.
inline void FillExample(google::protobuf::Message& message, int variant = 0) {
  using google::protobuf::FieldDescriptor;
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    const std::string text = variant == 0 ? field->name() : field->name() + std::to_string(variant);
    if (field->real_containing_oneof() != nullptr &&
        field->real_containing_oneof()->field(0) != field) {
      continue;
    }
    if (field->is_repeated()) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        FillExample(*reflection->AddMessage(&message, field), variant);
      } else {
        reflection->AddString(&message, field, text);
      }
      continue;
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        FillExample(*reflection->MutableMessage(&message, field), variant);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        reflection->SetString(&message, field, text);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        reflection->SetEnumValue(&message, field, 1);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(&message, field, true);
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        reflection->SetDouble(&message, field, 0.5 + variant);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection->SetInt32(&message, field, field->number() + 1 + variant);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(&message, field, field->number() + 1000 + variant);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        reflection->SetUInt32(&message, field,
                              field->number() + 1U + static_cast<uint32_t>(variant));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        reflection->SetUInt64(&message, field,
                              field->number() + 1000U + static_cast<uint64_t>(variant));
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        reflection->SetFloat(&message, field, 0.5F + static_cast<float>(variant));
        break;
    }
  }
}

}  // namespace dealog::states
