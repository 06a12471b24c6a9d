// What an import reads: tables and their mapping.

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "services/jobs/csv_reader.h"
#include "services/jobs/mapping.h"
#include "tests/fuzz/targets.h"
#include "tests/services/jobs/sample.h"

namespace dealog::fuzz {
namespace {

// The reader takes a file: this one is in memory, and written anew for every input.
std::string FileOf(std::string_view bytes) {
  static const int file = memfd_create("csv", 0);
  DEALOG_CHECK(file >= 0 && ftruncate(file, 0) == 0);
  DEALOG_CHECK(pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return absl::StrCat("/proc/self/fd/", file);
}

void RunCsv(std::string_view input) {
  const auto reader = jobs::CsvReader::Open(FileOf(input), ',');
  if (!reader.ok()) return;
  jobs::CsvRecord record;
  size_t records = 0;
  for (int64_t line = 0;;) {
    const auto more = (*reader)->Next(record);
    DEALOG_CHECK_OK(more);
    if (!*more) break;
    DEALOG_CHECK(record.line > line) << "lines rise: " << record.line << " after " << line;
    line = record.line;
    DEALOG_CHECK(++records <= input.size() + 1);
  }
}

void RunMapping(std::string_view input) {
  const auto mapping = jobs::ParseMapping(input);
  DEALOG_CHECK(mapping.ok() || absl::IsInvalidArgument(mapping.status())) << mapping.status();
}

std::vector<std::string> CsvSeeds() {
  return {"a,b\n1,2\n", "\xEF\xBB\xBF\"quoted \"\"twice\"\"\",\"two\nlines\"\r\n", "a;b\n\"open"};
}
std::vector<std::string> MappingSeeds() { return {jobs::testing::kClubMapping}; }

}  // namespace

std::vector<Target> ImportTargets() {
  return {{"csv", &RunCsv, &CsvSeeds}, {"mapping", &RunMapping, &MappingSeeds}};
}

}  // namespace dealog::fuzz
