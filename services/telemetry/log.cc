#include "services/telemetry/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"

namespace dealog::telemetry {
namespace {

std::atomic<Level> least_level{Level::kInfo};
std::atomic<Format> format_now{Format::kText};

std::string_view Name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

// `text` between quotes, with what JSON asks to be escaped.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppend(&out, "\\u00", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// In text, a value is quoted only where it would not read as one word.
std::string Word(std::string_view text) {
  const bool plain = !text.empty() && text.find_first_of(" \"\\=\n\t\r") == std::string_view::npos;
  return plain ? std::string(text) : Quoted(text);
}

// The line is whole already: spdlog gives the sink, its lock and its flushing.
spdlog::logger& Sink() {
  static spdlog::logger& logger = *[] {
    auto* made = new spdlog::logger("dealogd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return logger;
}

}  // namespace

void InitLogging(Level level, Format format) {
  least_level = level;
  format_now = format;
}

void Log(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (level < least_level.load(std::memory_order_relaxed)) return;
  const std::string time =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ",
                       absl::FromUnixMicros(base::SystemClock().NowMicros()), absl::UTCTimeZone());
  const std::string line = FormatRecord(format_now, time, level, message, fields);
  Sink().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

absl::StatusOr<Level> ParseLevel(std::string_view name) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    if (name == Name(level)) return level;
  }
  return base::InvalidField("log-level", absl::StrCat("expected debug, info, warning or error, "
                                                      "found \"",
                                                      base::View(name), "\""));
}

std::string FormatRecord(Format format, std::string_view time, Level level,
                         std::string_view message, std::initializer_list<Field> fields) {
  if (format == Format::kJson) {
    std::string line = absl::StrCat("{\"time\":", Quoted(time), ",\"level\":", Quoted(Name(level)),
                                    ",\"message\":", Quoted(message));
    for (const Field& field : fields) {
      absl::StrAppend(&line, ",", Quoted(field.key), ":", Quoted(field.value));
    }
    return line + "}";
  }
  std::string line =
      absl::StrCat(base::View(time), " ", base::View(Name(level)), " ", base::View(message));
  for (const Field& field : fields) {
    absl::StrAppend(&line, " ", field.key, "=", Word(field.value));
  }
  return line;
}

}  // namespace dealog::telemetry
