#include "tests/proto/wire_image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace dealog::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

constexpr std::string_view kPackages = "dealog.";

Field FieldOf(const FieldDescriptor& field) {
  Field out{.type = field.type_name()};
  if (field.message_type() != nullptr) out.type = field.message_type()->full_name();
  if (field.enum_type() != nullptr) out.type = field.enum_type()->full_name();
  out.refers = field.message_type() != nullptr || field.enum_type() != nullptr;
  if (field.is_repeated()) {
    out.label = "repeated";
  } else if (field.has_optional_keyword()) {
    out.label = "optional";
  }
  if (const auto* oneof = field.real_containing_oneof()) {
    out.oneof = oneof->field(0)->number();
    for (int i = 0; i < oneof->field_count(); ++i) {
      out.oneof = std::min(out.oneof, oneof->field(i)->number());
    }
  }
  return out;
}

void AddEnum(const EnumDescriptor& type, Image& image) {
  std::vector<int>& values = image.enums[type.full_name()];
  for (int i = 0; i < type.value_count(); ++i) values.push_back(type.value(i)->number());
  std::sort(values.begin(), values.end());
}

void AddMessage(const Descriptor& type, Image& image) {
  std::map<int, Field>& fields = image.messages[type.full_name()];
  for (int i = 0; i < type.field_count(); ++i) {
    fields[type.field(i)->number()] = FieldOf(*type.field(i));
  }
  for (int i = 0; i < type.nested_type_count(); ++i) AddMessage(*type.nested_type(i), image);
  for (int i = 0; i < type.enum_type_count(); ++i) AddEnum(*type.enum_type(i), image);
}

void AddFile(const FileDescriptor& file, std::set<const FileDescriptor*>& seen, Image& image) {
  if (!seen.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), seen, image);
  if (file.package().rfind(kPackages, 0) != 0) return;
  for (int i = 0; i < file.message_type_count(); ++i) AddMessage(*file.message_type(i), image);
  for (int i = 0; i < file.enum_type_count(); ++i) AddEnum(*file.enum_type(i), image);
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      const auto& method = *file.service(i)->method(j);
      image.rpcs[method.full_name()] = {.request = method.input_type()->full_name(),
                                        .response = method.output_type()->full_name(),
                                        .client_streams = method.client_streaming(),
                                        .server_streams = method.server_streaming()};
    }
  }
}

// Walks both images from what is found by name (methods, and messages that still bear their name)
// along the fields, and pairs the messages and enums that stand at the same places.
class Comparison {
 public:
  Comparison(const Image& old, const Image& now) : old_(old), now_(now) {}

  std::vector<std::string> Run() {
    for (const auto& [name, rpc] : old_.rpcs) CompareRpc(name, rpc);
    for (const auto& [name, fields] : old_.messages) {
      if (now_.messages.contains(name) && !paired_.contains(name)) Pair(name, name, name);
    }
    for (const auto& [name, values] : old_.enums) {
      if (now_.enums.contains(name) && !paired_.contains(name)) Pair(name, name, name);
    }
    for (const auto& [name, fields] : old_.messages) RequirePair(name);
    for (const auto& [name, values] : old_.enums) RequirePair(name);
    return std::move(breaks_);
  }

 private:
  template <typename... Part>
  void Tell(const Part&... part) {
    breaks_.push_back(absl::StrCat(part...));
  }

  void CompareRpc(const std::string& name, const Rpc& rpc) {
    const auto found = now_.rpcs.find(name);
    if (found == now_.rpcs.end()) return Tell("method ", name, " is gone");
    if (found->second.client_streams != rpc.client_streams ||
        found->second.server_streams != rpc.server_streams) {
      Tell("method ", name, " streams differently");
    }
    Pair(rpc.request, found->second.request, name);
    Pair(rpc.response, found->second.response, name);
  }

  // `where` refers to what was called `name` and is called `now`.
  void Pair(const std::string& name, const std::string& now, const std::string& where) {
    const auto [at, fresh] = paired_.emplace(name, now);
    if (!fresh) {
      if (at->second != now) Tell(where, " refers to ", now, ", not to ", at->second);
      return;
    }
    if (const auto message = old_.messages.find(name); message != old_.messages.end()) {
      const auto found = now_.messages.find(now);
      if (found == now_.messages.end()) return Tell("message ", name, " is gone");
      CompareMessage(name, message->second, found->second);
    } else if (const auto values = old_.enums.find(name); values != old_.enums.end()) {
      const auto found = now_.enums.find(now);
      if (found == now_.enums.end()) return Tell("enum ", name, " is gone");
      for (const int value : values->second) {
        if (std::count(found->second.begin(), found->second.end(), value) == 0) {
          Tell("enum ", name, " has lost its value ", value);
        }
      }
    } else if (name != now) {  // Of another package: nothing of it is known but its name.
      Tell(where, " refers to ", now, ", not to ", name);
    }
  }

  void CompareMessage(const std::string& name, const std::map<int, Field>& old,
                      const std::map<int, Field>& now) {
    // A oneof may have got fields: it is known by the least number among those that it had.
    std::map<int, int> oneofs;
    for (const auto& [number, field] : now) {
      if (field.oneof != 0 && old.contains(number)) oneofs.emplace(field.oneof, number);
    }
    for (const auto& [number, field] : old) {
      const std::string where = absl::StrCat(name, ", field ", number);
      const auto found = now.find(number);
      if (found == now.end()) {
        Tell(where, " is gone");
        continue;
      }
      const Field& other = found->second;
      if (other.label != field.label) {
        Tell(where, " was '", field.label, "', is '", other.label, "'");
      }
      const int oneof = other.oneof == 0 ? 0 : oneofs.at(other.oneof);
      if (oneof != field.oneof) Tell(where, " is in another oneof");
      if (field.refers && other.refers) {
        Pair(field.type, other.type, where);
      } else if (field.type != other.type) {
        Tell(where, " was ", field.type, ", is ", other.type);
      }
    }
  }

  void RequirePair(const std::string& name) {
    if (!paired_.contains(name)) Tell(name, " is gone");
  }

  const Image& old_;
  const Image& now_;
  std::map<std::string, std::string> paired_;  // Name then to name now.
  std::vector<std::string> breaks_;
};

}  // namespace

Image ImageOf(const std::vector<const FileDescriptor*>& files) {
  Image image;
  std::set<const FileDescriptor*> seen;
  for (const FileDescriptor* file : files) AddFile(*file, seen, image);
  return image;
}

std::string ToText(const Image& image) {
  std::string text;
  for (const auto& [name, fields] : image.messages) {
    absl::StrAppend(&text, "message ", name, "\n");
    for (const auto& [number, field] : fields) {
      absl::StrAppend(&text, "  ", number, " ", field.refers ? "=" : "", field.type);
      if (!field.label.empty()) absl::StrAppend(&text, " ", field.label);
      if (field.oneof != 0) absl::StrAppend(&text, " oneof ", field.oneof);
      absl::StrAppend(&text, "\n");
    }
  }
  for (const auto& [name, values] : image.enums) {
    absl::StrAppend(&text, "enum ", name);
    for (const int value : values) absl::StrAppend(&text, " ", value);
    absl::StrAppend(&text, "\n");
  }
  for (const auto& [name, rpc] : image.rpcs) {
    absl::StrAppend(&text, "rpc ", name, rpc.client_streams ? " stream " : " one ", rpc.request,
                    rpc.server_streams ? " stream " : " one ", rpc.response, "\n");
  }
  return text;
}

Image FromText(std::string_view text) {
  Image image;
  std::map<int, Field>* message = nullptr;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind;
    std::string name;
    words >> kind >> name;
    if (kind.empty() || kind[0] == '#') continue;
    if (kind == "message") {
      message = &image.messages[name];
    } else if (kind == "enum") {
      std::vector<int>& values = image.enums[name];
      for (int value; words >> value;) values.push_back(value);
    } else if (kind == "rpc") {
      Rpc rpc;
      std::string in;
      std::string out;
      words >> in >> rpc.request >> out >> rpc.response;
      rpc.client_streams = in == "stream";
      rpc.server_streams = out == "stream";
      image.rpcs[name] = rpc;
    } else if (message != nullptr && std::isdigit(static_cast<unsigned char>(kind[0]))) {
      Field& field = (*message)[std::stoi(kind)];
      field.refers = name[0] == '=';
      field.type = name.substr(field.refers ? 1 : 0);
      for (std::string word; words >> word;) {
        if (word == "oneof") {
          words >> field.oneof;
        } else {
          field.label = word;
        }
      }
    } else {
      ADD_FAILURE() << "no line of an image: " << line;
    }
  }
  return image;
}

std::vector<std::string> Breaks(const Image& old, const Image& now) {
  return Comparison(old, now).Run();
}

}  // namespace dealog::wire
