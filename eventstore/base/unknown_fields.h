#pragma once

// What a newer release wrote: the fields of a serialised message that this build does not have.
//
//   const UnknownFields finder(*events::v1::Event::descriptor());
//   for (const std::string& path : finder.Find(payload)) ...   // "1.17": field 17 inside field 1

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace dealog::base {

// Reads the bytes alone, by tables made once from the descriptors: cheap enough for every event.
// Thread safety: yes. Ownership: `root` must outlive it. Bytes that do not parse are followed as
// far as they do: whoever parses them says what is wrong.
class UnknownFields {
 public:
  explicit UnknownFields(const google::protobuf::Descriptor& root);

  // Field numbers from the outermost message inwards, one path per occurrence.
  std::vector<std::string> Find(std::string_view message) const;
  // True if this build has the field that the path names.
  bool Knows(std::string_view path) const;

 private:
  // What is known of a message type's fields.
  struct Table {
    absl::flat_hash_map<uint32_t, const Table*> inner;  // Null for what holds no message.
  };
  const Table* TableOf(const google::protobuf::Descriptor& type);
  void FindIn(const Table& table, std::string_view message, const std::string& path, int depth,
              std::vector<std::string>& found) const;

  const google::protobuf::Descriptor& root_;
  absl::flat_hash_map<const google::protobuf::Descriptor*, std::unique_ptr<Table>> tables_;
  const Table* top_;
};

}  // namespace dealog::base
