#pragma once

// What is in a folder, before RocksDB opens it for writing: it would make a new database beside
// files that it does not know, and add to one what it lacks. Internal to this folder.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "rocksdb/env.h"
#include "rocksdb/status.h"

namespace dealog::eventstore {

inline constexpr char kSettingsKey[] = "settings";

// True if the folder holds a log, false if one may be made there (also where that was begun and not
// finished). FAILED_PRECONDITION / NOT_READY: something else is there, or it is in use. DATA_LOSS /
// CORRUPT_RECORD: a log that can't be read or lacks a family.
absl::StatusOr<bool> CheckLogFolder(rocksdb::Env& env, const std::string& path);

// Settings of a log: u32 format, u32 partition count, u32 CRC32C of both.
std::string EncodeSettings(uint32_t format, uint32_t partition_count);
// The partition count. FAILED_PRECONDITION: another format. DATA_LOSS: damaged.
absl::StatusOr<uint32_t> DecodeSettings(const std::string& path, std::string_view settings);

// FAILED_PRECONDITION / NOT_READY: "the log folder PATH " and why it can't be used.
absl::Status UnusableFolder(std::string_view path, std::string_view why);
// DATA_LOSS / CORRUPT_RECORD: what is wrong with the folder, and what to do.
absl::Status DamagedFolder(std::string_view path, std::string_view what);
// RocksDB's refusal to open a database that is there, by its kind.
absl::Status OpenFailure(std::string_view path, std::string_view doing,
                         const rocksdb::Status& status);
// RocksDB's refusal to make one.
absl::Status CreateFailure(std::string_view path, const rocksdb::Status& status);

}  // namespace dealog::eventstore
