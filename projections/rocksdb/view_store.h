#pragma once

// The view store on its own RocksDB instance. Writes are not synced: what a crash of the machine
// loses is folded again from the log. Formats: docs/formats/views.md.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/view_store.h"

namespace dealog::projections {

struct ViewStoreOptions {
  // Told, in a sentence, that a damaged folder was moved aside, or that damage was met. Null =
  // nobody.
  std::function<void(std::string_view)> log;
};

// Opens the folder, or makes it. A folder that RocksDB can't open, of another format, or in which
// damage was met while it was in use, is moved to `path`.damaged (replacing an older one) and an
// empty one takes its place, because views rebuild. UNAVAILABLE / NOT_READY if another process
// holds it.
absl::StatusOr<std::unique_ptr<ViewStore>> OpenViewStore(const std::string& path,
                                                         ViewStoreOptions options = {});

// Every checkpoint of a store that is opened to be read only, by view and partition; none where
// there is no folder.
absl::StatusOr<std::vector<ViewWrite::Checkpoint>> ReadViewCheckpoints(const std::string& path);

// Every key and value of a store that nobody has open, in key order: for tests and for support.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> DumpViewStore(
    const std::string& path);

}  // namespace dealog::projections
