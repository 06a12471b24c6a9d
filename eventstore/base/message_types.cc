#include "eventstore/base/message_types.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/json_util.h>

#include <climits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"

namespace dealog::base {
namespace {

using google::protobuf::Arena;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What descriptors and prototypes take in memory per byte of their serialised form, about.
constexpr size_t kBytesPerDescriptorByte = 12;

// Keeps the first of protobuf's complaints, and keeps them off the standard error stream.
class FirstError final : public google::protobuf::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const Message*, ErrorLocation,
                const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat(file, ": ", element, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Number of an unknown field in the message or below; 0 if there is none.
int UnknownField(const Message& message) {
  const auto& reflection = *message.GetReflection();
  const auto& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) return unknown.field(0).number();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const Message& inner = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                  : reflection.GetMessage(message, field);
      if (const int number = UnknownField(inner); number != 0) return number;
    }
  }
  return 0;
}

}  // namespace

struct MessageTypes::Impl {
  google::protobuf::SimpleDescriptorDatabase files;
  FirstError error;
  google::protobuf::DescriptorPool pool{&files, &error};
  // Makes prototypes at first use, under a lock of its own.
  google::protobuf::DynamicMessageFactory factory{&pool};
  size_t bytes = 0;

  absl::StatusOr<const Descriptor*> Find(std::string_view message) const {
    const Descriptor* type = pool.FindMessageTypeByName(std::string(message));
    if (type != nullptr) return type;
    return absl::InvalidArgumentError(
        absl::StrCat("expected a message of the descriptors, found \"", View(message), "\""));
  }

  // A field that holds one text; nullptr if there is none of that name.
  const FieldDescriptor* FindText(std::string_view message, std::string_view field) const {
    const Descriptor* type = pool.FindMessageTypeByName(std::string(message));
    if (type == nullptr) return nullptr;
    const FieldDescriptor* found = type->FindFieldByName(std::string(field));
    const bool text = found != nullptr && found->type() == FieldDescriptor::TYPE_STRING;
    return text && !found->is_repeated() ? found : nullptr;
  }

  // An empty message; the arena owns it.
  absl::StatusOr<Message*> New(std::string_view message, Arena& arena) {
    ASSIGN_OR_RETURN(const Descriptor* type, Find(message));
    return factory.GetPrototype(type)->New(&arena);
  }

  absl::StatusOr<Message*> Parse(std::string_view message, std::string_view bytes, Arena& arena) {
    ASSIGN_OR_RETURN(Message * parsed, New(message, arena));
    if (bytes.size() > INT_MAX ||
        !parsed->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return absl::InvalidArgumentError(absl::StrCat("expected a serialised ", View(message),
                                                     ", found ", bytes.size(),
                                                     " bytes that do not parse as one"));
    }
    return parsed;
  }
};

MessageTypes::MessageTypes(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MessageTypes::~MessageTypes() = default;

absl::StatusOr<std::unique_ptr<const MessageTypes>> MessageTypes::Build(
    std::string_view descriptor_set) {
  google::protobuf::FileDescriptorSet set;
  if (descriptor_set.size() > INT_MAX ||
      !set.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size())) ||
      set.file().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a serialised google.protobuf.FileDescriptorSet, for example of "
                     "`protoc --include_imports --descriptor_set_out`, found ",
                     descriptor_set.size(), " other bytes"));
  }
  auto impl = std::make_unique<Impl>();
  impl->bytes = descriptor_set.size() * kBytesPerDescriptorByte;
  for (const auto& file : set.file()) {
    if (!impl->files.Add(file)) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected files that define different things, found ", file.name(),
                       " to repeat some of another"));
    }
  }
  for (const auto& file : set.file()) {
    if (impl->pool.FindFileByName(file.name()) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "expected valid files with all their imports (protoc --include_imports), found ",
          impl->error.text()));
    }
  }
  return std::unique_ptr<const MessageTypes>(new MessageTypes(std::move(impl)));
}

bool MessageTypes::Has(std::string_view message) const { return impl_->Find(message).ok(); }

absl::Status MessageTypes::Check(std::string_view message, std::string_view bytes) const {
  Arena arena;
  ASSIGN_OR_RETURN(const Message* parsed, impl_->Parse(message, bytes, arena));
  if (!parsed->IsInitialized()) {
    return absl::InvalidArgumentError(absl::StrCat("expected every required field of ",
                                                   View(message), ", found none of ",
                                                   parsed->InitializationErrorString()));
  }
  if (const int number = UnknownField(*parsed); number != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a ", View(message), " as registered, found unknown field number ", number));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> MessageTypes::ToJson(std::string_view message,
                                                 std::string_view bytes) const {
  Arena arena;
  ASSIGN_OR_RETURN(const Message* parsed, impl_->Parse(message, bytes, arena));
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(*parsed, &json, options);
  if (status.ok()) return json;
  return absl::InvalidArgumentError(
      absl::StrCat("expected a ", View(message), " that can be JSON, found: ", status.ToString()));
}

absl::StatusOr<std::string> MessageTypes::FromJson(std::string_view message,
                                                   std::string_view json) const {
  Arena arena;
  ASSIGN_OR_RETURN(Message * parsed, impl_->New(message, arena));
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), parsed);
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", View(message), " as JSON, found: ", status.ToString()));
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    parsed->SerializePartialToCodedStream(&coded);
  }
  RETURN_IF_ERROR(Check(message, bytes));
  return bytes;
}

bool MessageTypes::HasText(std::string_view message, std::string_view field) const {
  return impl_->FindText(message, field) != nullptr;
}

std::string MessageTypes::Text(std::string_view message, std::string_view field,
                               std::string_view bytes) const {
  const FieldDescriptor* text = impl_->FindText(message, field);
  if (text == nullptr) return "";
  Arena arena;
  const absl::StatusOr<Message*> parsed = impl_->Parse(message, bytes, arena);
  return parsed.ok() ? (*parsed)->GetReflection()->GetString(**parsed, text) : "";
}

size_t MessageTypes::ApproximateBytes() const { return sizeof(Impl) + impl_->bytes; }

}  // namespace dealog::base
