#pragma once

// What somebody who can write to the database does to a history, so that nothing in the folder
// tells: rows replaced directly in the RocksDB of a closed log, every CRC, SHA-256 and digest that
// follows made right again.

#include <functional>
#include <string>
#include <vector>

#include "eventstore/event_log.h"
#include "eventstore/rocksdb/database.h"

namespace dealog::eventstore {

// Writes the commits, one batch each, at fixed times.
void WriteHistory(const std::string& log_path, const std::vector<NewCommit>& commits);

// Replaces every row of the log by those that it would have, had it been written with `commits`.
void ForgeHistory(const std::string& log_path, const std::vector<NewCommit>& commits);

// Changes the bytes of the n-th commit (from 0) of the tenant; they are written with a right CRC.
void ChangeCommitBytes(const LogDatabase& database, const std::string& tenant, size_t n,
                       const std::function<void(std::string& bytes)>& edit);
// The same, and every batch is written with right digests.
void ForgeCommitBytes(const LogDatabase& database, const std::string& tenant, size_t n,
                      const std::function<void(std::string& bytes)>& edit);

}  // namespace dealog::eventstore
