#include "services/telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace dealog::telemetry {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The fields of /proc/self/stat behind the name, which may hold spaces: state is the third field of
// proc(5), and the first here.
struct ProcessStat {
  int64_t threads = 0;
  uint64_t start_ticks = 0;  // Since the machine started.
  uint64_t virtual_bytes = 0;
  uint64_t resident_pages = 0;
};

bool ReadStat(ProcessStat& stat) {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return false;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 20; ++field) fields >> skipped;
  fields >> stat.threads >> skipped >> stat.start_ticks >> stat.virtual_bytes >>
      stat.resident_pages;
  return !fields.fail();
}

// When the machine started, seconds since 1970 UTC; 0 if it is not known.
double BootSeconds() {
  std::ifstream file("/proc/stat");
  std::string word;
  double seconds = 0;
  while (file >> word) {
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

}  // namespace

void CollectProcess(MetricFamilies& families) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    families.Counter("process_cpu_seconds_total", "User and system CPU time spent, seconds.",
                     Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  }
  ProcessStat stat;
  if (ReadStat(stat)) {
    families.Gauge(
        "process_resident_memory_bytes", "Memory in RAM, bytes.",
        static_cast<double>(stat.resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
    families.Gauge("process_virtual_memory_bytes", "Address space, bytes.",
                   static_cast<double>(stat.virtual_bytes));
    families.Gauge("process_threads", "Threads.", static_cast<double>(stat.threads));
    families.Gauge("process_start_time_seconds", "Start of the process, seconds since 1970 UTC.",
                   BootSeconds() + static_cast<double>(stat.start_ticks) /
                                       static_cast<double>(sysconf(_SC_CLK_TCK)));
  }
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (!error) {
    families.Gauge("process_open_fds", "Open file descriptors.",
                   static_cast<double>(std::distance(begin(files), end(files))));
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.Gauge("process_max_fds", "File descriptors that may be open at once.",
                   static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace dealog::telemetry
