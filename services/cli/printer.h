#pragma once

// Where a command's answer goes: stdout as a table or as JSON, notes and errors to stderr.

#include <google/protobuf/message.h>

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "services/cli/globals.h"
#include "services/cli/text/table.h"

namespace dealog::cli {

// `message` as protobuf JSON: camelCase names, enums by name, primitive fields also where they are
// their default (an unset `optional` field is left out). `pretty`: on several lines.
std::string ToJson(const google::protobuf::Message& message, bool pretty = true);

// Thread safety: none.
class Printer {
 public:
  Printer(const Globals& globals, std::ostream& out, std::ostream& err)
      : globals_(globals), out_(out), err_(err) {}

  bool json() const { return globals_.json; }
  bool color() const { return globals_.color; }
  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }

  // The one JSON document of a command.
  void Json(const google::protobuf::Message& message);
  // One line of a stream of JSON documents, flushed.
  void JsonLine(const google::protobuf::Message& message);
  void Show(const Table& table) { table.Write(out_, globals_.color); }
  // "label: value" on stdout; nothing if the value is empty.
  void Field(const std::string& label, const std::string& value);
  void Line(const std::string& text);
  // For people only, on stderr: a hint, the next page's token.
  void Note(const std::string& text);

 private:
  const Globals& globals_;
  std::ostream& out_;
  std::ostream& err_;
};

}  // namespace dealog::cli
