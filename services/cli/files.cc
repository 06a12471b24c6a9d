#include "services/cli/files.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"

namespace dealog::cli {
namespace {

constexpr char kReason[] = "FILE_UNREADABLE";

}  // namespace

absl::Status FileError(const std::string& path, const std::string& problem) {
  return base::Error(absl::StatusCode::kNotFound, kReason, absl::StrCat(path, ": ", problem));
}

bool IsFileError(const absl::Status& status) { return base::ReasonOf(status) == kReason; }

absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return FileError(path, absl::StrCat("expected a readable file: ", error.message()));
  if (size > bytes_max) {
    return FileError(path, absl::StrCat("expected at most ", bytes_max, " bytes, found ", size));
  }
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof()) return FileError(path, "it cannot be read");
  return text;
}

absl::Status WriteTextFile(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (file.fail()) return FileError(part, "it cannot be written");
  }
  std::error_code error;
  std::filesystem::rename(part, path, error);
  if (error) return FileError(path, absl::StrCat("it cannot be written: ", error.message()));
  return absl::OkStatus();
}

std::string LogFolderOf(const std::string& folder) {
  const std::filesystem::path inner = std::filesystem::path(folder) / "log";
  std::error_code error;
  return std::filesystem::is_directory(inner, error) ? inner.string() : folder;
}

}  // namespace dealog::cli
