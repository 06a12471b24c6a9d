#include "services/rpc/validate.h"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The fields of a message type that have something to check; found once per type.
using CheckedFields = std::vector<const FieldDescriptor*>;

const CheckedFields& FieldsOf(const Descriptor& type) {
  thread_local std::map<const Descriptor*, CheckedFields> known;
  const auto [place, is_new] = known.try_emplace(&type);
  if (is_new) {
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor* field = type.field(i);
      const bool checked = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE ||
                           field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM ||
                           field->type() == FieldDescriptor::TYPE_STRING;
      if (checked) place->second.push_back(field);
    }
  }
  return place->second;
}

// The path of a field, made only once something is wrong with it.
struct Path {
  const Path* parent = nullptr;
  const FieldDescriptor* field = nullptr;
  int index = -1;  // Of a repeated field.

  std::string ToString() const {
    std::string text = parent == nullptr ? "" : parent->ToString();
    if (field == nullptr) return text;
    absl::StrAppend(&text, text.empty() ? "" : ".", field->name());
    if (index >= 0) absl::StrAppend(&text, "[", index, "]");
    return text;
  }
};

bool IsControl(unsigned char c) {
  return (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
}

absl::Status CheckText(const Path& path, const std::string& text) {
  const auto bad = std::find_if(text.begin(), text.end(), [](char c) { return IsControl(c); });
  if (bad == text.end()) return absl::OkStatus();
  return base::InvalidField(
      path.ToString(), absl::StrCat("expected text without control characters, found U+",
                                    absl::Hex(static_cast<unsigned char>(*bad), absl::kZeroPad4),
                                    " at byte ", bad - text.begin()));
}

absl::Status CheckEnum(const Path& path, int value) {
  if (path.field->enum_type()->FindValueByNumber(value) != nullptr) return absl::OkStatus();
  return base::InvalidField(
      path.ToString(), absl::StrCat("expected a value of ", path.field->enum_type()->full_name(),
                                    ", found ", value));
}

absl::Status CheckMessage(const Path& path, const Message& message, int depth);

absl::Status CheckValue(const Path& path, const Message& message, int depth) {
  const Reflection& reflection = *message.GetReflection();
  std::string scratch;
  const bool repeated = path.index >= 0;
  switch (path.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      return CheckEnum(path, repeated
                                 ? reflection.GetRepeatedEnumValue(message, path.field, path.index)
                                 : reflection.GetEnumValue(message, path.field));
    case FieldDescriptor::CPPTYPE_STRING:
      return CheckText(path, repeated
                                 ? reflection.GetRepeatedStringReference(message, path.field,
                                                                         path.index, &scratch)
                                 : reflection.GetStringReference(message, path.field, &scratch));
    default:
      return CheckMessage(path,
                          repeated ? reflection.GetRepeatedMessage(message, path.field, path.index)
                                   : reflection.GetMessage(message, path.field),
                          depth + 1);
  }
}

absl::Status CheckMessage(const Path& path, const Message& message, int depth) {
  if (depth > kRequestDepthMax) {
    return base::InvalidField(path.ToString(), absl::StrCat("expected at most ", kRequestDepthMax,
                                                            " nested messages, found more"));
  }
  const Reflection& reflection = *message.GetReflection();
  const auto& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) {
    const std::string where = path.ToString();
    return base::InvalidField(
        where.empty() ? "request" : where,
        absl::StrCat("expected fields of ", message.GetDescriptor()->full_name(),
                     ", found unknown field number ", unknown.field(0).number(),
                     "; is the client newer than the server?"));
  }
  for (const FieldDescriptor* field : FieldsOf(*message.GetDescriptor())) {
    if (!field->is_repeated()) {
      if (!field->has_presence() || reflection.HasField(message, field)) {
        RETURN_IF_ERROR(CheckValue({&path, field}, message, depth));
      }
      continue;
    }
    const int size = reflection.FieldSize(message, field);
    for (int i = 0; i < size; ++i) {
      RETURN_IF_ERROR(CheckValue({&path, field, i}, message, depth));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateRequest(const Message& request) { return CheckMessage({}, request, 0); }

}  // namespace dealog::rpc
