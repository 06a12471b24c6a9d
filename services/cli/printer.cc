#include "services/cli/printer.h"

#include <google/protobuf/util/json_util.h>

#include "eventstore/base/check.h"
#include "services/cli/text/text_width.h"

namespace dealog::cli {
namespace {

// Labels of a record line up at this column.
constexpr size_t kLabelWidth = 16;

}  // namespace

std::string ToJson(const google::protobuf::Message& message, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  DEALOG_CHECK(status.ok()) << status.ToString();
  return json;
}

void Printer::Json(const google::protobuf::Message& message) { out_ << ToJson(message); }

void Printer::JsonLine(const google::protobuf::Message& message) {
  out_ << ToJson(message, /*pretty=*/false) << '\n' << std::flush;
}

void Printer::Field(const std::string& label, const std::string& value) {
  if (value.empty()) return;
  const size_t width = DisplayWidth(label) + 1;
  out_ << label << ':' << std::string(width < kLabelWidth ? kLabelWidth - width : 1, ' ')
       << Printable(value) << '\n';
}

void Printer::Line(const std::string& text) { out_ << Printable(text) << '\n'; }

void Printer::Note(const std::string& text) { err_ << Printable(text) << '\n'; }

}  // namespace dealog::cli
