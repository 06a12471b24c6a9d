#pragma once

// Exported events: a file of dealog.v1.StoredEvent messages, each behind its length as a varint, as
// protobuf's delimited streams are, from position 1 on without a gap.

#include <fstream>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/v1/log.pb.h"

namespace dealog::cli {

// Writes beside the file and gives it its name when it is whole. Thread safety: none.
class EventFileWriter {
 public:
  static absl::StatusOr<std::unique_ptr<EventFileWriter>> Create(const std::string& path);
  // Leaves nothing behind unless Finish was called.
  ~EventFileWriter();
  absl::Status Add(const v1::StoredEvent& event);
  absl::Status Finish();

 private:
  explicit EventFileWriter(const std::string& path);
  absl::Status Failed() const;

  const std::string path_;
  const std::string part_;
  std::ofstream out_;
};

// Calls `event` for each event of the file, in order; stops at its first error. A file error if it
// can't be read or is no such file.
absl::Status ReadEventFile(const std::string& path,
                           absl::FunctionRef<absl::Status(const v1::StoredEvent&)> event);

}  // namespace dealog::cli
