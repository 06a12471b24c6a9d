#include "services/cli/event_file.h"

#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/util/delimited_message_util.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "services/cli/files.h"

namespace dealog::cli {

EventFileWriter::EventFileWriter(const std::string& path)
    : path_(path), part_(path + ".part"), out_(part_, std::ios::binary | std::ios::trunc) {}

EventFileWriter::~EventFileWriter() {
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);
}

absl::StatusOr<std::unique_ptr<EventFileWriter>> EventFileWriter::Create(const std::string& path) {
  std::unique_ptr<EventFileWriter> writer(new EventFileWriter(path));
  if (!writer->out_.good()) return writer->Failed();
  return writer;
}

absl::Status EventFileWriter::Failed() const { return FileError(part_, "it cannot be written"); }

absl::Status EventFileWriter::Add(const v1::StoredEvent& event) {
  const bool written =
      google::protobuf::util::SerializeDelimitedToOstream(event, &out_) && out_.good();
  return written ? absl::OkStatus() : Failed();
}

absl::Status EventFileWriter::Finish() {
  out_.close();
  if (out_.fail()) return Failed();
  std::error_code error;
  std::filesystem::rename(part_, path_, error);
  if (error) return FileError(path_, absl::StrCat("it cannot be written: ", error.message()));
  return absl::OkStatus();
}

absl::Status ReadEventFile(const std::string& path,
                           absl::FunctionRef<absl::Status(const v1::StoredEvent&)> event) {
  std::ifstream file(path, std::ios::binary);
  if (!file.good()) return FileError(path, "expected a readable file of exported events");
  google::protobuf::io::IstreamInputStream input(&file);
  v1::StoredEvent message;
  for (uint64_t count = 0;; ++count) {
    bool clean_eof = false;
    message.Clear();
    if (google::protobuf::util::ParseDelimitedFromZeroCopyStream(&message, &input, &clean_eof)) {
      if (const absl::Status status = event(message); !status.ok()) return status;
      continue;
    }
    if (clean_eof) return absl::OkStatus();
    return FileError(path, absl::StrCat("expected events as `dealog audit export` writes them, "
                                        "found other bytes after ",
                                        count));
  }
}

}  // namespace dealog::cli
