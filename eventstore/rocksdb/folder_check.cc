#include "eventstore/rocksdb/folder_check.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/bytes.h"
#include "eventstore/keys.h"
#include "eventstore/rocksdb/database.h"

namespace dealog::eventstore {
namespace {

// Files named in a refusal.
constexpr size_t kFilesNamedMax = 5;

bool IsLockError(const rocksdb::Status& status) {
  return status.IsIOError() && absl::StrContains(status.ToString(), "lock");
}

absl::Status InUse(std::string_view path) {
  return UnusableFolder(
      path, "is in use by another process; stop that process, or give another data folder");
}

// What RocksDB leaves behind where it was stopped before a new database was complete: no data.
bool IsOfAnUnfinishedStart(rocksdb::Env& env, const std::string& path, const std::string& name) {
  for (const char* prefix : {"LOCK", "LOG", "IDENTITY", "MANIFEST-", "OPTIONS-"}) {
    if (absl::StartsWith(name, prefix)) return true;
  }
  if (absl::EndsWith(name, ".dbtmp")) return true;
  uint64_t size = 0;
  return absl::EndsWith(name, ".log") && env.GetFileSize(path + "/" + name, &size).ok() &&
         size == 0;
}

// There is no CURRENT, which every database has.
absl::Status CheckNothingElse(rocksdb::Env& env, const std::string& path) {
  std::vector<std::string> names;
  if (!env.GetChildren(path, &names).ok()) return absl::OkStatus();  // Not there yet.
  std::erase_if(names, [&](const std::string& name) {
    return name == "." || name == ".." || IsOfAnUnfinishedStart(env, path, name);
  });
  if (names.empty()) return absl::OkStatus();
  std::sort(names.begin(), names.end());
  const bool database = std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return absl::EndsWith(name, ".sst") || absl::EndsWith(name, ".log");
  });
  const size_t count = names.size();
  names.resize(std::min(count, kFilesNamedMax));
  const std::string found =
      absl::StrCat(absl::StrJoin(names, ", "), count > kFilesNamedMax ? ", …" : "");
  if (database) {
    return DamagedFolder(path, absl::StrCat("it holds a database's files (", found,
                                            "), but the file CURRENT that names them is gone"));
  }
  return UnusableFolder(path, absl::StrCat("holds other files (", found,
                                           ") and no log; give an empty folder, or one that a "
                                           "dealogd made"));
}

// Of a database that has the default family alone, or lacks some of a log's.
struct DefaultFamily {
  bool settings = false;
  bool other_rows = false;
};

absl::StatusOr<DefaultFamily> LookAtDefaultFamily(rocksdb::Env& env, const std::string& path) {
  rocksdb::Options options;
  options.env = &env;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = rocksdb::DB::OpenForReadOnly(options, path, &raw);
  if (!opened.ok()) return OpenFailure(path, "opening it", opened);
  const std::unique_ptr<rocksdb::DB> db(raw);
  DefaultFamily found;
  const std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator(rocksdb::ReadOptions()));
  for (rows->SeekToFirst(); rows->Valid() && !found.other_rows; rows->Next()) {
    (rows->key() == kSettingsKey ? found.settings : found.other_rows) = true;
  }
  if (!rows->status().ok()) return OpenFailure(path, "reading its settings", rows->status());
  return found;
}

absl::Status CheckFamilies(rocksdb::Env& env, const std::string& path,
                           const std::vector<std::string>& names) {
  std::vector<std::string> missing;
  for (size_t i = 0; i < kFamilyCount; ++i) {
    missing.emplace_back(FamilyName(static_cast<Family>(i)));
  }
  for (const std::string& name : names) {
    if (std::erase(missing, name) == 0 && name != rocksdb::kDefaultColumnFamilyName) {
      return UnusableFolder(path, absl::StrCat("is not a log of this version: it has the unknown "
                                               "family ",
                                               name,
                                               "; use the version that wrote it, or give another "
                                               "folder"));
    }
  }
  if (missing.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const DefaultFamily found, LookAtDefaultFamily(env, path));
  if (found.other_rows) {
    return UnusableFolder(path, "holds another program's database; give another folder");
  }
  // Without settings it was never finished, and RocksDB goes on to make what is missing.
  if (!found.settings) return absl::OkStatus();
  return DamagedFolder(
      path, absl::StrCat("it lacks what every log has, the family ", absl::StrJoin(missing, ", ")));
}

// RocksDB names the damaged file, unless it is a write-ahead log.
std::string DamagedFile(std::string_view path, const rocksdb::Status& status) {
  if (absl::StrContains(status.ToString(), base::View(path))) return "";
  std::vector<std::string> names;
  rocksdb::Env::Default()->GetChildren(std::string(path), &names).PermitUncheckedError();
  std::erase_if(names, [](const std::string& name) { return !absl::EndsWith(name, ".log"); });
  std::sort(names.begin(), names.end());
  return absl::StrCat(" in a write-ahead log (", absl::StrJoin(names, ", "), ")");
}

}  // namespace

absl::StatusOr<bool> CheckLogFolder(rocksdb::Env& env, const std::string& path) {
  if (!env.FileExists(path + "/CURRENT").ok()) {
    RETURN_IF_ERROR(CheckNothingElse(env, path));
    return false;
  }
  std::vector<std::string> names;
  rocksdb::DBOptions options;
  options.env = &env;
  const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(options, path, &names);
  if (!listed.ok()) return OpenFailure(path, "reading its MANIFEST", listed);
  RETURN_IF_ERROR(CheckFamilies(env, path, names));
  return true;
}

std::string EncodeSettings(uint32_t format, uint32_t partition_count) {
  std::string settings;
  AppendBig(settings, format);
  AppendBig(settings, partition_count);
  AppendBig(settings, base::Crc32c(settings));
  return settings;
}

absl::StatusOr<uint32_t> DecodeSettings(const std::string& path, std::string_view settings) {
  ByteReader reader(settings);
  const uint32_t format = reader.Big<uint32_t>();
  const uint32_t partition_count = reader.Big<uint32_t>();
  if (settings != EncodeSettings(format, partition_count) || partition_count == 0) {
    return DamagedFolder(path, "the record of its settings is damaged");
  }
  if (format == kLogFormat) return partition_count;
  return UnusableFolder(path, absl::StrCat("is of format ", format, ", expected ", kLogFormat,
                                           "; use the version that wrote it"));
}

absl::Status UnusableFolder(std::string_view path, std::string_view why) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "NOT_READY",
                     absl::StrCat("the log folder ", base::View(path), " ", base::View(why)));
}

absl::Status DamagedFolder(std::string_view path, std::string_view what) {
  return base::Error(
      absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
      absl::StrCat("the log folder ", base::View(path), " is damaged: ", base::View(what),
                   ". Keep a copy of it as it is, see with `dealog log verify` what else is wrong, "
                   "look for errors of the disk, and restore the folder from a backup"));
}

absl::Status OpenFailure(std::string_view path, std::string_view doing,
                         const rocksdb::Status& status) {
  if (IsLockError(status)) return InUse(path);
  const std::string what = absl::StrCat(base::View(doing), ": ", status.ToString());
  // Also a file that CURRENT or the MANIFEST names and that is not there.
  if (status.IsCorruption() || status.IsPathNotFound() || absl::StrContains(what, "No such file")) {
    return DamagedFolder(path, what + DamagedFile(path, status));
  }
  return base::Error(absl::StatusCode::kInternal, "INTERNAL",
                     absl::StrCat("the log folder ", base::View(path), ", ", what));
}

absl::Status CreateFailure(std::string_view path, const rocksdb::Status& status) {
  if (IsLockError(status)) return InUse(path);
  return UnusableFolder(path, absl::StrCat("can't be made: ", status.ToString(),
                                           "; give a folder whose parent exists and is writable"));
}

}  // namespace dealog::eventstore
