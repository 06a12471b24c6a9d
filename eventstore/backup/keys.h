#pragma once

// The keys of a data folder, which are in no backup: whoever holds a backup alone must not be able
// to sign in the log's name, nor to try out values against the hashes in it.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dealog::eventstore {

// Tells keys apart without telling them: the first 16 bytes of an HMAC under the key.
std::string KeyCheck(std::string_view key);

// KeyCheck of the key that hashes unique values in a folder of keys; empty if it is not there.
absl::StatusOr<std::string> ReadKeyCheck(const std::string& keys_folder);

// FAILED_PRECONDITION / BACKUP_UNUSABLE unless the folder has the unique.key of `check` (empty:
// any).
absl::Status CheckKeys(const std::string& from, std::string_view check);

// Checks them, and copies audit.key, unique.key and token.key, as far as they are there, into
// DATA_FOLDER/keys.
absl::Status CopyKeys(const std::string& from, const std::string& data_folder,
                      std::string_view check);

}  // namespace dealog::eventstore
