#pragma once

// Structured logs on stderr, one line per record, as text or JSON.
//
//   telemetry::Log(Level::kInfo, "listening", {{"address", address}});
//
// No personal data: log ids, counts, reasons and paths, never a field of a request, an event or a
// message that quotes one.

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace dealog::telemetry {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kText, kJson };

struct Field {
  Field(std::string_view key, std::string_view value) : key(key), value(value) {}
  Field(std::string_view key, const char* value) : key(key), value(value) {}
  Field(std::string_view key, const std::string& value) : key(key), value(value) {}
  Field(std::string_view key, int64_t value) : key(key), value(std::to_string(value)) {}

  std::string key;
  std::string value;
};

// Sets what is written from now on; records below `level` are dropped. Thread safety: yes.
void InitLogging(Level level, Format format);

// Writes a record. Thread safety: yes; lines never mix.
void Log(Level level, std::string_view message, std::initializer_list<Field> fields = {});

// "debug", "info", "warning" or "error"; INVALID_ARGUMENT for anything else.
absl::StatusOr<Level> ParseLevel(std::string_view name);

// One record as a line without its end: what Log writes. `time` is already formatted.
std::string FormatRecord(Format format, std::string_view time, Level level,
                         std::string_view message, std::initializer_list<Field> fields);

}  // namespace dealog::telemetry
