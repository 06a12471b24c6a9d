#include "eventstore/base/unknown_fields.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/string_view.h"

namespace dealog::base {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

// As deep as protobuf itself parses.
constexpr int kDepthMax = 100;

// Steps over a value; false at the end of what can be read.
bool Skip(google::protobuf::io::CodedInputStream& in, uint32_t tag) {
  uint64_t number = 0;
  switch (WireFormatLite::GetTagWireType(tag)) {
    case WireFormatLite::WIRETYPE_VARINT:
      return in.ReadVarint64(&number);
    case WireFormatLite::WIRETYPE_FIXED64:
      return in.Skip(8);
    case WireFormatLite::WIRETYPE_FIXED32:
      return in.Skip(4);
    case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
      uint32_t size = 0;
      return in.ReadVarint32(&size) && in.Skip(static_cast<int>(size));
    }
    case WireFormatLite::WIRETYPE_START_GROUP:
    case WireFormatLite::WIRETYPE_END_GROUP:
      return WireFormatLite::SkipField(&in, tag);
  }
  return false;
}

}  // namespace

UnknownFields::UnknownFields(const google::protobuf::Descriptor& root)
    : root_(root), top_(TableOf(root)) {}

const UnknownFields::Table* UnknownFields::TableOf(const google::protobuf::Descriptor& type) {
  std::unique_ptr<Table>& slot = tables_[&type];
  if (slot != nullptr) return slot.get();
  slot = std::make_unique<Table>();
  Table* const table = slot.get();  // Stays where it is; `slot` may move while others are made.
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool holds_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    table->inner[static_cast<uint32_t>(field.number())] =
        holds_message ? TableOf(*field.message_type()) : nullptr;
  }
  return table;
}

std::vector<std::string> UnknownFields::Find(std::string_view message) const {
  std::vector<std::string> found;
  FindIn(*top_, message, "", 0, found);
  return found;
}

void UnknownFields::FindIn(const Table& table, std::string_view message, const std::string& path,
                           int depth, std::vector<std::string>& found) const {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()),
                                            static_cast<int>(message.size()));
  while (const uint32_t tag = in.ReadTag()) {
    const auto number = static_cast<uint32_t>(WireFormatLite::GetTagFieldNumber(tag));
    const auto known = table.inner.find(number);
    const bool enters =
        known != table.inner.end() && known->second != nullptr &&
        WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED &&
        depth < kDepthMax;
    if (known == table.inner.end()) found.push_back(absl::StrCat(path, number));
    if (!enters) {
      if (!Skip(in, tag)) return;
      continue;
    }
    uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return;
    const auto begin = static_cast<size_t>(in.CurrentPosition());
    if (!in.Skip(static_cast<int>(size))) return;
    // The path's text is made for what is unknown only: mostly nothing is.
    const size_t before = found.size();
    FindIn(*known->second, message.substr(begin, size), "", depth + 1, found);
    for (size_t i = before; i < found.size(); ++i) {
      found[i] = absl::StrCat(path, number, ".", found[i]);
    }
  }
}

bool UnknownFields::Knows(std::string_view path) const {
  const google::protobuf::Descriptor* type = &root_;
  for (const absl::string_view part : absl::StrSplit(View(path), '.')) {
    int number = 0;
    if (type == nullptr || !absl::SimpleAtoi(part, &number)) return false;
    const FieldDescriptor* const field = type->FindFieldByNumber(number);
    if (field == nullptr) return false;
    type = field->message_type();
  }
  return true;
}

}  // namespace dealog::base
