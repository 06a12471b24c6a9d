#include "eventstore/rocksdb/verify_tables.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "rocksdb/metadata.h"
#include "rocksdb/sst_file_reader.h"

namespace dealog::eventstore {
namespace {

// Best effort: what the system's cache holds says nothing of the disk.
void ForgetCached(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  close(file);
}

rocksdb::Status VerifyTable(const rocksdb::Options& options, const std::string& path) {
  ForgetCached(path);
  rocksdb::SstFileReader reader(options);
  const rocksdb::Status opened = reader.Open(path);
  return opened.ok() ? reader.VerifyChecksum() : opened;
}

}  // namespace

absl::Status VerifyTables(const LogDatabase& database, LogVerifyReport& report, VerifyPace& pace) {
  std::vector<rocksdb::LiveFileMetaData> files;
  database.db().GetLiveFilesMetaData(&files);
  report.steps_total += files.size();
  rocksdb::Options options;
  options.env = database.db().GetEnv();
  for (const rocksdb::LiveFileMetaData& file : files) {
    const std::string path = file.db_path + file.name;
    const rocksdb::Status status = VerifyTable(options, path);
    if (!status.ok() && options.env->FileExists(path).ok()) {
      report.Add(absl::StrCat("table file ", path, " (family ", file.column_family_name,
                              "): ", status.ToString()));
    }
    RETURN_IF_ERROR(pace.Step(file.size));
  }
  return absl::OkStatus();
}

}  // namespace dealog::eventstore
