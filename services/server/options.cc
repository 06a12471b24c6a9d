#include "services/server/options.h"

#include <CLI/CLI.hpp>

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/access/principal.h"
#include "services/server/version.h"

namespace dealog::server {
namespace {

constexpr int kUsageExit = 64;  // EX_USAGE of sysexits.h.
constexpr uint32_t kPartitionsMax = 64;

const std::map<std::string, telemetry::Level>& Levels() {
  static const auto& levels =
      *new std::map<std::string, telemetry::Level>{{"debug", telemetry::Level::kDebug},
                                                   {"info", telemetry::Level::kInfo},
                                                   {"warning", telemetry::Level::kWarning},
                                                   {"error", telemetry::Level::kError}};
  return levels;
}

const std::map<std::string, telemetry::Format>& Formats() {
  static const auto& formats = *new std::map<std::string, telemetry::Format>{
      {"text", telemetry::Format::kText}, {"json", telemetry::Format::kJson}};
  return formats;
}

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine parsed;
  Options& options = parsed.options;
  double drain_seconds = absl::ToDoubleSeconds(options.drain_timeout);
  CLI::App app("Dealog's server: an event log, its views and their gRPC API in one process.",
               "dealogd");
  app.footer("Example:\n  dealogd --data-dir /var/lib/dealog --listen 127.0.0.1:7310");
  app.set_version_flag("--version", std::string(kVersion));
  app.add_option("--data-dir", options.data_dir, "Folder of the log and the views; made if missing")
      ->required()
      ->envname("DEALOG_DATA_DIR");
  app.add_option("--listen", options.listen,
                 "HOST:PORT; port 0 picks a free one. Loopback only: no credentials configured")
      ->capture_default_str();
  app.add_option("--partitions", options.partitions, "Partitions of a new log")
      ->check(CLI::Range(1u, kPartitionsMax))
      ->capture_default_str();
  app.add_option("--log-level", options.log_level, "debug, info, warning or error")
      ->transform(CLI::CheckedTransformer(Levels()));
  app.add_option("--log-format", options.log_format, "text or json, on stderr")
      ->transform(CLI::CheckedTransformer(Formats()));
  app.add_option("--drain-seconds", drain_seconds, "How long calls may take to end at SIGTERM")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const bool failed = app.exit(error, out, err) != 0;
    parsed.exit_code = failed ? kUsageExit : 0;
    parsed.text = failed ? err.str() : out.str();
  }
  options.drain_timeout = absl::Seconds(drain_seconds);
  return parsed;
}

absl::StatusOr<ListenAddress> ParseListen(std::string_view listen) {
  const size_t colon = listen.rfind(':');
  ListenAddress address;
  uint32_t port = 0;
  const bool whole =
      colon != std::string_view::npos && colon > 0 &&
      absl::SimpleAtoi(absl::string_view(listen.data() + colon + 1, listen.size() - colon - 1),
                       &port) &&
      port <= 65535;
  address.host = std::string(listen.substr(0, whole ? colon : 0));
  address.port = static_cast<uint16_t>(port);
  const bool bare_ipv6 = address.host.find(':') != std::string::npos && address.host[0] != '[';
  if (whole && !bare_ipv6) return address;
  return absl::InvalidArgumentError(
      absl::StrCat("--listen: expected HOST:PORT, for example 127.0.0.1:7310 or [::1]:7310, found ",
                   std::string(listen)));
}

absl::Status CheckListen(const ListenAddress& address) {
  if (access::IsLoopback(address.host)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      "--listen: expected a loopback address (127.0.0.1, ::1 or localhost), found ", address.host,
      ": no credentials are configured, so everyone who reached the port could do everything; "
      "listen on loopback and let a proxy that authenticates connect to it"));
}

}  // namespace dealog::server
