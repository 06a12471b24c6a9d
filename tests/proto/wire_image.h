#pragma once

// What of the .proto files decides over bytes: numbers, types, labels, oneofs, enum values and
// methods. Names of fields, of messages that something refers to, and of enum values do not.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace dealog::wire {

struct Field {
  std::string type;     // "int64", or the full name of a message or an enum.
  bool refers = false;  // `type` is such a name.
  std::string label;    // "repeated", "optional", or "" (present if it is not the default).
  int oneof = 0;        // The least number among its oneof's fields; 0 = in none.
};
struct Rpc {
  std::string request;
  std::string response;
  bool client_streams = false;
  bool server_streams = false;
};
// All by full name.
struct Image {
  std::map<std::string, std::map<int, Field>> messages;
  std::map<std::string, std::vector<int>> enums;
  std::map<std::string, Rpc> rpcs;
};

// Everything that the files and what they import define within packages "dealog.".
Image ImageOf(const std::vector<const google::protobuf::FileDescriptor*>& files);
// As text, one line a field, value or method; and back. The test fails for text that is no image.
std::string ToText(const Image& image);
Image FromText(std::string_view text);

// What a client or a folder of `old` would read differently, a sentence each. Fields, values,
// messages and methods may be added; a message may get another name where whatever refers to it
// leads to its equal.
std::vector<std::string> Breaks(const Image& old, const Image& now);

}  // namespace dealog::wire
