#pragma once

// The audit store on its own RocksDB instance. Writes are not synced: what a crash of the machine
// loses is made again from the log. Rows: docs/formats/audit.md.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/merkle/audit_store.h"

namespace dealog::eventstore {

struct AuditStoreOptions {
  // Told, in a sentence, that a damaged folder was moved aside. Null = nobody.
  std::function<void(std::string_view)> log;
};

// Opens the folder, or makes it. A folder that RocksDB can't open, or of another format, is moved
// to `path`.damaged (replacing an older one) and an empty one takes its place: trees are made from
// the log. UNAVAILABLE / NOT_READY if another process holds it.
absl::StatusOr<std::unique_ptr<AuditStore>> OpenAuditStore(const std::string& path,
                                                           AuditStoreOptions options = {});

// Opens it to be read only, beside nobody or a stopped server; Write, Clear and SetSigned fail.
// FAILED_PRECONDITION / NOT_READY if there is none.
absl::StatusOr<std::unique_ptr<AuditStore>> OpenAuditStoreReadOnly(const std::string& path);

// Every key and value of a store that nobody has open, in key order: for tests and for support.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> DumpAuditStore(
    const std::string& path);

}  // namespace dealog::eventstore
