#include "services/server/options.h"

#include <CLI/CLI.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/string_view.h"
#include "services/access/principal.h"
#include "services/server/version.h"

namespace dealog::server {
namespace {

constexpr int kUsageExit = 64;  // EX_USAGE of sysexits.h.
constexpr uint32_t kPartitionsMax = 64;
constexpr int64_t kRequestDaysMax = 3650;
constexpr uint64_t kScrubMibMax = 10'000;
constexpr uint64_t kViewsMemoryMibMax = uint64_t{16} << 20;  // 16 TiB.
constexpr int64_t kScrubHoursMax = 24 * 365;

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine parsed;
  Options& options = parsed.options;
  double drain_seconds = absl::ToDoubleSeconds(options.drain_timeout);
  int64_t queue_wait_ms = absl::ToInt64Milliseconds(options.queue_wait_max);
  int64_t request_days = absl::ToInt64Hours(options.request_retention) / 24;
  uint64_t scrub_mib = options.scrub_bytes_per_second >> 20;
  int64_t scrub_hours = absl::ToInt64Hours(options.scrub_interval);
  std::string views = "on";
  uint64_t views_memory_mib = options.views_memory_bytes >> 20;
  std::string witness = "second";
  std::string level = "info";
  std::string format = "text";
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
  app.add_option("--admin-listen", options.admin_listen,
                 "HOST:PORT for GET /metrics (Prometheus); loopback only. Not served if left out");
  app.add_option("--queue-wait-ms", queue_wait_ms,
                 "Commands that would wait longer than this are refused with OVERLOADED")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  app.add_option("--request-days", request_days,
                 "How long a repeated request_id is answered from the record of the first")
      ->check(CLI::Range(request_days, kRequestDaysMax))
      ->capture_default_str();
  app.add_option("--backup-dir", options.backup_dir,
                 "Folder of the archives that `dealog backup create` writes; none: it is refused")
      ->envname("DEALOG_BACKUP_DIR");
  app.add_option("--partitions", options.partitions, "Partitions of a new log")
      ->check(CLI::Range(1u, kPartitionsMax))
      ->capture_default_str();
  app.add_option("--views", views,
                 "on, or off for a node that only writes and follows: boards, lists and KPIs fail")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  app.add_option("--views-memory-mib", views_memory_mib,
                 "What the views of all tenants may hold in memory; those not read for longest "
                 "leave. 0 = no limit")
      ->check(CLI::Range(uint64_t{0}, kViewsMemoryMibMax))
      ->capture_default_str();
  app.add_option("--witness", witness,
                 "second: what was synced is witnessed within a second; every-batch: before it is "
                 "answered, which costs a second sync each")
      ->check(CLI::IsMember({"second", "every-batch"}))
      ->capture_default_str();
  app.add_option("--witness-dir", options.witness_dir,
                 "Folder on another device for a second copy of the head witness; made if missing");
  app.add_option("--scrub-mib-per-second", scrub_mib,
                 "How fast the whole log is checked in the background; 0 = only when asked for")
      ->check(CLI::Range(uint64_t{0}, kScrubMibMax))
      ->capture_default_str();
  app.add_option("--scrub-hours", scrub_hours, "Pause between two such checks")
      ->check(CLI::Range(int64_t{1}, kScrubHoursMax))
      ->capture_default_str();
  app.add_option("--log-level", level, "On stderr")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  app.add_option("--log-format", format, "Of the records on stderr")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
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
  options.queue_wait_max = absl::Milliseconds(queue_wait_ms);
  options.request_retention = absl::Hours(24 * request_days);
  options.scrub_bytes_per_second = scrub_mib << 20;
  options.scrub_interval = absl::Hours(scrub_hours);
  options.views = views == "on";
  options.views_memory_bytes = views_memory_mib << 20;
  options.witness_every_batch = witness == "every-batch";
  options.log_level = telemetry::ParseLevel(level).value_or(telemetry::Level::kInfo);
  options.log_format = format == "json" ? telemetry::Format::kJson : telemetry::Format::kText;
  return parsed;
}

absl::StatusOr<ListenAddress> ParseListen(std::string_view listen, std::string_view flag) {
  const size_t colon = listen.rfind(':');
  ListenAddress address;
  uint32_t port = 0;
  const bool whole = colon != std::string_view::npos && colon > 0 &&
                     absl::SimpleAtoi(base::View(listen.substr(colon + 1)), &port) && port <= 65535;
  address.host = std::string(listen.substr(0, whole ? colon : 0));
  address.port = static_cast<uint16_t>(port);
  const bool bare_ipv6 = address.host.find(':') != std::string::npos && address.host[0] != '[';
  if (whole && !bare_ipv6) return address;
  return absl::InvalidArgumentError(absl::StrCat(
      std::string(flag), ": expected HOST:PORT, for example 127.0.0.1:7310 or [::1]:7310, found ",
      std::string(listen)));
}

absl::Status CheckListen(const ListenAddress& address, std::string_view flag) {
  if (access::IsLoopback(address.host)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      std::string(flag), ": expected a loopback address (127.0.0.1, ::1 or localhost), found ",
      address.host,
      ": no credentials are configured, so everyone who reached the port could do everything; "
      "listen on loopback and let a proxy that authenticates connect to it"));
}

}  // namespace dealog::server
