#include "eventstore/backup/keys.h"

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "eventstore/backup/data_folder.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::eventstore {
namespace {

constexpr size_t kKeyBytesMax = 64;
constexpr size_t kKeyCheckBytes = 16;
constexpr char kUniqueKey[] = "unique.key";

}  // namespace

std::string KeyCheck(std::string_view key) {
  const base::Digest digest = base::HmacSha256(key, "dealog: which key is this?");
  return std::string(base::AsView(digest).substr(0, kKeyCheckBytes));
}

absl::StatusOr<std::string> ReadKeyCheck(const std::string& keys_folder) {
  const absl::StatusOr<std::string> key =
      ReadWholeFile(absl::StrCat(keys_folder, "/", kUniqueKey), kKeyBytesMax);
  if (absl::IsNotFound(key.status())) return std::string();
  if (!key.ok()) return key.status();
  return KeyCheck(*key);
}

absl::Status CheckKeys(const std::string& from, std::string_view check) {
  ASSIGN_OR_RETURN(const std::string found, ReadKeyCheck(from));
  if (!found.empty() && (check.empty() || found == check)) return absl::OkStatus();
  return base::Error(
      absl::StatusCode::kFailedPrecondition, "BACKUP_UNUSABLE",
      absl::StrCat(from, "/", kUniqueKey,
                   found.empty() ? " is missing" : " is not the key of this log",
                   ": without it no unique value (an e-mail address) would be found again; give "
                   "the keys of the folder that was backed up"));
}

absl::Status CopyKeys(const std::string& from, const std::string& data_folder,
                      std::string_view check) {
  RETURN_IF_ERROR(CheckKeys(from, check));
  const std::string to = KeysPath(data_folder);
  RETURN_IF_ERROR(MakeFolder(to));
  chmod(to.c_str(), 0700);
  for (const char* name : {kUniqueKey, "audit.key", "token.key"}) {
    const absl::StatusOr<std::string> key =
        ReadWholeFile(absl::StrCat(from, "/", name), kKeyBytesMax);
    if (absl::IsNotFound(key.status())) continue;
    if (!key.ok()) return key.status();
    RETURN_IF_ERROR(WriteFileDurably(absl::StrCat(to, "/", name), *key));
  }
  return absl::OkStatus();
}

}  // namespace dealog::eventstore
