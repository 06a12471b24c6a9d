#pragma once

// Protobuf messages whose types are data: descriptors that a client registered, not code of ours.
//
//   ASSIGN_OR_RETURN(auto types, MessageTypes::Build(descriptor_set));
//   RETURN_IF_ERROR(types->Check("billing.v1.InvoiceSent", payload));
//   ASSIGN_OR_RETURN(std::string json, types->ToJson("billing.v1.InvoiceSent", payload));

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dealog::base {

// The message types of one google.protobuf.FileDescriptorSet. All failures are INVALID_ARGUMENT
// without details: the message says what was expected and found, the caller says where.
// Thread safety: yes. Ownership: of everything; shares nothing with the types that are code.
class MessageTypes {
 public:
  // `descriptor_set`: serialised, with every file that is imported. Fails if it does not parse, a
  // file is missing or one is not valid.
  static absl::StatusOr<std::unique_ptr<const MessageTypes>> Build(std::string_view descriptor_set);
  ~MessageTypes();
  MessageTypes(const MessageTypes&) = delete;
  MessageTypes& operator=(const MessageTypes&) = delete;

  // True if there is a message of that full name, for example "billing.v1.InvoiceSent".
  bool Has(std::string_view message) const;
  // OK if `bytes` are such a message: they parse, every required field is there, and no field is
  // unknown, however deep. (Nearly any bytes parse as unknown fields of any message.)
  absl::Status Check(std::string_view message, std::string_view bytes) const;
  // The message as JSON in protobuf's mapping, on one line, fields named as in the .proto file.
  absl::StatusOr<std::string> ToJson(std::string_view message, std::string_view bytes) const;
  // The other way, deterministic. Unknown names are refused.
  absl::StatusOr<std::string> FromJson(std::string_view message, std::string_view json) const;
  // True if the message has a field of that name that holds one text.
  bool HasText(std::string_view message, std::string_view field) const;
  // That field of a message; empty if it is not set, there is none, or the bytes do not parse.
  std::string Text(std::string_view message, std::string_view field, std::string_view bytes) const;
  // About how much memory it holds, bytes.
  size_t ApproximateBytes() const;

 private:
  struct Impl;
  explicit MessageTypes(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace dealog::base
