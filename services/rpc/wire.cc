#include "services/rpc/wire.h"

#include <google/protobuf/stubs/logging.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "services/telemetry/log.h"

namespace dealog::rpc {
namespace {

// The text field that protobuf last found not to be UTF-8, on this thread. It tells nobody but its
// log: "String field 'dealog.v1.OpenDealRequest.title' contains invalid UTF-8 data when parsing …".
thread_local std::string invalid_text_field;

void OnProtobufLog(google::protobuf::LogLevel level, const char* file, int line,
                   const std::string& message) {
  constexpr std::string_view kPrefix = "String field '";
  const size_t begin = message.find(kPrefix);
  if (begin != std::string::npos) {
    const std::string_view rest = std::string_view(message).substr(begin + kPrefix.size());
    const std::string_view full_name = rest.substr(0, rest.find('\''));
    invalid_text_field = std::string(full_name.substr(full_name.rfind('.') + 1));
    return;
  }
  // Without the message: it might quote a field's value.
  if (level >= google::protobuf::LOGLEVEL_ERROR) {
    telemetry::Log(telemetry::Level::kWarning, "protobuf",
                   {{"file", file}, {"line", static_cast<int64_t>(line)}});
  }
}

}  // namespace

absl::Status ParseRequest(std::string_view bytes, google::protobuf::Message& request) {
  static const bool installed = [] {
    google::protobuf::SetLogHandler(OnProtobufLog);
    return true;
  }();
  static_cast<void>(installed);
  invalid_text_field.clear();
  if (request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  if (!invalid_text_field.empty()) {
    return base::InvalidField(invalid_text_field, "expected valid UTF-8, found other bytes");
  }
  return base::InvalidField(
      "request", absl::StrCat("expected a serialised ", request.GetDescriptor()->full_name(),
                              ", found ", bytes.size(), " bytes that are none"));
}

}  // namespace dealog::rpc
