#pragma once

// The rows of the log database as a pure function of its batches. Nothing else makes rows: so a
// replica, a restore, an import and `dealog log verify` need nothing but the batches.
//
//   Apply(header, commits, [&](const Row& row) { write_batch.Put(row.family, row.key, row.value);
//   });

#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/event_log.h"
#include "eventstore/keys.h"

namespace dealog::eventstore {

// A row to be written or deleted. The views live until the sink returns.
struct Row {
  Family family;
  std::string_view key;
  std::string_view value;
  bool deleted = false;
};
using RowSink = absl::FunctionRef<void(const Row&)>;

// Every row of the batch, in the order in which they take effect (a key may come more than once:
// the last counts). `commits` are those that the header names, in its order (checked).
void Apply(const storage::v1::BatchHeader& header, std::span<const CommitPtr> commits,
           RowSink sink);

// Reads a row of the family `commits`: CRC32C over key and bytes, the bytes themselves, and that
// the commit belongs there. The error (DATA_LOSS / CORRUPT_RECORD) names tenant and position.
absl::StatusOr<CommitPtr> ReadCommitRow(std::string_view key, std::string_view value);

// DATA_LOSS / CORRUPT_RECORD about the commit of that key.
absl::Status CorruptCommit(std::string_view key, std::string_view what);

}  // namespace dealog::eventstore
