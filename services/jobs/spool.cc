#include "services/jobs/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "eventstore/base/status.h"
#include "services/domain/values.h"
#include "services/jobs/limits.h"

namespace dealog::jobs {
namespace {

namespace fs = std::filesystem;

constexpr char kUploadPrefix[] = "upload-";
constexpr char kHeaderName[] = "header";
constexpr size_t kDigestBlockBytes = 64 << 10;

absl::Status DiskFault(const std::string& what, int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW",
                       absl::StrCat(what, ": the disk is full; free space and import again"));
  }
  return base::Error(absl::StatusCode::kInternal, "INTERNAL",
                     absl::StrCat(what, ": ", std::strerror(error)));
}

absl::Status WriteAll(int fd, std::string_view bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return DiskFault(what, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> OpenForWrite(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return DiskFault(absl::StrCat("opening ", path), errno);
  return fd;
}

// Syncs and closes; also closes after an error.
absl::Status SyncAndClose(int fd, const std::string& what) {
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error == 0 ? absl::OkStatus() : DiskFault(what, error);
}

absl::Status SyncFolder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return DiskFault(absl::StrCat("opening ", path), errno);
  return SyncAndClose(fd, absl::StrCat("syncing ", path));
}

}  // namespace

void BlockDigest::Update(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t take = std::min(bytes.size(), kDigestBlockBytes - block_.size());
    block_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (block_.size() < kDigestBlockBytes) return;
    digest_ = base::Sha256({base::AsView(digest_), block_});
    block_.clear();
  }
}

base::Digest BlockDigest::Finish() {
  digest_ = base::Sha256({base::AsView(digest_), block_});
  block_.clear();
  return digest_;
}

std::string SpoolFileName(std::string_view file) { return std::string(file).append(".rows"); }

absl::StatusOr<std::unique_ptr<SpoolUpload>> SpoolUpload::Make(const std::string& root,
                                                               const eventstore::TenantId& tenant,
                                                               std::string_view principal,
                                                               v1::ImportHeader header,
                                                               Mapping mapping, size_t bytes_max) {
  std::unique_ptr<SpoolUpload> upload(new SpoolUpload());
  upload->tenant_ = tenant;
  upload->principal_ = std::string(principal);
  upload->parent_ = absl::StrCat(root, "/", tenant.value);
  upload->folder_ =
      absl::StrCat(upload->parent_, "/", kUploadPrefix, base::FormatId("u", base::MakeUuid7(0)));
  upload->header_ = std::move(header);
  upload->mapping_ = std::move(mapping);
  upload->bytes_max_ = bytes_max;
  std::error_code error;
  fs::create_directories(upload->folder_, error);
  if (error) return DiskFault(absl::StrCat("making ", upload->folder_), error.value());
  return upload;
}

SpoolUpload::~SpoolUpload() {
  for (auto& [name, file] : files_) {
    if (file.fd >= 0) ::close(file.fd);
  }
  if (!folder_.empty()) RemoveSpool(folder_);
}

absl::StatusOr<SpoolUpload::File*> SpoolUpload::Open(const std::string& name) {
  if (const auto it = files_.find(name); it != files_.end()) return &it->second;
  if (mapping_.FindFile(name) == nullptr) {
    return base::Error(absl::StatusCode::kInvalidArgument, "IMPORT_INVALID",
                       absl::StrCat("file \"", name, "\" is not one that the mapping names"))
        .With("file", name);
  }
  ASSIGN_OR_RETURN(const int fd, OpenForWrite(absl::StrCat(folder_, "/", SpoolFileName(name))));
  File& file = files_[name];
  file.fd = fd;
  return &file;
}

absl::Status SpoolUpload::Add(const v1::ImportChunk& chunk) {
  ASSIGN_OR_RETURN(File * file, Open(chunk.file()));
  bytes_ += chunk.data().size();
  if (bytes_ > bytes_max_) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("expected at most ", bytes_max_,
                                    " bytes in all files together (kUploadBytesMax); split them"));
  }
  file->bytes += static_cast<int64_t>(chunk.data().size());
  file->digest.Update(chunk.data());
  return WriteAll(file->fd, chunk.data(), absl::StrCat("writing ", chunk.file()));
}

absl::StatusOr<SpooledInput> SpoolUpload::Finish() {
  const std::string header = header_.SerializeAsString();
  std::string summary(base::AsView(base::Sha256(header)));
  for (const FileMapping& mapped : mapping_.files) {
    const auto it = files_.find(mapped.file);
    if (it == files_.end()) continue;  // RowSource reports it.
    absl::StrAppend(&summary, mapped.file, "/", it->second.bytes, "/");
    summary += base::AsView(it->second.digest.Finish());
    const int fd = std::exchange(it->second.fd, -1);
    RETURN_IF_ERROR(SyncAndClose(fd, absl::StrCat("syncing ", mapped.file)));
  }
  ASSIGN_OR_RETURN(const int fd, OpenForWrite(absl::StrCat(folder_, "/", kHeaderName)));
  const absl::Status written = WriteAll(fd, header, "writing the header");
  RETURN_IF_ERROR(SyncAndClose(fd, "syncing the header"));
  RETURN_IF_ERROR(written);
  RETURN_IF_ERROR(SyncFolder(folder_));
  SpooledInput input{.folder = folder_, .header = header_, .mapping = std::move(mapping_)};
  ASSIGN_OR_RETURN(input.undated_at_us, domain::ToMicros("undated_at", header_.undated_at()));
  input.sha256 = std::string(base::AsView(base::Sha256(summary)));
  return input;
}

absl::StatusOr<std::string> SpoolUpload::Keep(const std::string& import_id) {
  const std::string target = absl::StrCat(parent_, "/", import_id);
  RemoveSpool(target);  // What a kill between Keep and ImportStarted may have left.
  std::error_code error;
  fs::rename(folder_, target, error);
  if (error) return DiskFault(absl::StrCat("renaming ", folder_), error.value());
  folder_.clear();
  RETURN_IF_ERROR(SyncFolder(parent_));
  RETURN_IF_ERROR(SyncFolder(fs::path(parent_).parent_path().string()));
  return target;
}

absl::StatusOr<SpooledInput> LoadSpool(const std::string& folder) {
  std::ifstream file(absl::StrCat(folder, "/", kHeaderName), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  SpooledInput input{.folder = folder};
  if (!file || !input.header.ParseFromString(bytes)) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       absl::StrCat("the spooled input in ", folder, " can't be read"));
  }
  ASSIGN_OR_RETURN(input.mapping, ParseMapping(input.header.mapping()));
  ASSIGN_OR_RETURN(input.undated_at_us, domain::ToMicros("undated_at", input.header.undated_at()));
  return input;
}

std::vector<SpoolFolder> ListSpool(const std::string& root) {
  std::vector<SpoolFolder> folders;
  std::error_code error;
  for (const fs::directory_entry& tenant : fs::directory_iterator(root, error)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(tenant.path(), error)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(kUploadPrefix)) {
        RemoveSpool(entry.path().string());
      } else {
        folders.push_back({{tenant.path().filename().string()}, name, entry.path().string()});
      }
    }
  }
  std::sort(folders.begin(), folders.end(),
            [](const SpoolFolder& a, const SpoolFolder& b) { return a.folder < b.folder; });
  return folders;
}

void RemoveSpool(const std::string& folder) {
  std::error_code ignored;  // What can't be removed now is removed at the next start.
  fs::remove_all(folder, ignored);
}

}  // namespace dealog::jobs
