#pragma once

// The input of imports on the server's disk, from the upload until the job ends:
//
//   <root>/<tenant>/upload-<uuid>/   while it comes in; removed at the next start
//   <root>/<tenant>/<import_id>/     of a job that has not ended
//     header                         serialised v1.ImportHeader, undated_at always set
//     <file>.rows                    each file, byte for byte
//
// A folder gets its final name after everything in it is synced, and before ImportStarted is
// written: a job in the log has its input.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/v1/imports.pb.h"
#include "eventstore/base/crypto.h"
#include "services/jobs/import_job.h"
#include "services/jobs/mapping.h"

namespace dealog::jobs {

// SHA-256 chained over blocks of 64 KiB: d = SHA-256(d ‖ block), from 32 zero bytes.
class BlockDigest {
 public:
  void Update(std::string_view bytes);
  base::Digest Finish();

 private:
  std::string block_;
  base::Digest digest_{};
};

// A complete input.
struct SpooledInput {
  std::string folder;
  v1::ImportHeader header;
  Mapping mapping;
  int64_t undated_at_us = 0;
  std::string sha256;  // Over the header and every file in the mapping's order, 32 bytes.
};

// Removes its folder unless it was kept. Thread safety: none.
class SpoolUpload final : public ImportUpload {
 public:
  // `header.undated_at` is set. Makes the folder.
  static absl::StatusOr<std::unique_ptr<SpoolUpload>> Make(const std::string& root,
                                                           const eventstore::TenantId& tenant,
                                                           std::string_view principal,
                                                           v1::ImportHeader header, Mapping mapping,
                                                           size_t bytes_max);
  ~SpoolUpload() override;
  absl::Status Add(const v1::ImportChunk& chunk) override;

  // Syncs everything; nothing can be added any more.
  absl::StatusOr<SpooledInput> Finish();
  // Gives the folder its final name, durably; it stays from now on.
  absl::StatusOr<std::string> Keep(const std::string& import_id);

  const eventstore::TenantId& tenant() const { return tenant_; }
  const std::string& principal() const { return principal_; }

 private:
  struct File {
    int fd = -1;
    int64_t bytes = 0;
    BlockDigest digest;
  };
  SpoolUpload() = default;
  absl::StatusOr<File*> Open(const std::string& name);

  eventstore::TenantId tenant_;
  std::string principal_;
  std::string parent_;
  std::string folder_;  // Empty once it is kept.
  v1::ImportHeader header_;
  Mapping mapping_;
  size_t bytes_max_ = 0;
  size_t bytes_ = 0;
  std::map<std::string, File, std::less<>> files_;
};

// Name of a file in the spool.
std::string SpoolFileName(std::string_view file);

// Reads what SpoolUpload wrote. DATA_LOSS if it does not parse.
absl::StatusOr<SpooledInput> LoadSpool(const std::string& folder);

struct SpoolFolder {
  eventstore::TenantId tenant;
  std::string import_id;
  std::string folder;
};
// The folders of jobs; removes unfinished uploads.
std::vector<SpoolFolder> ListSpool(const std::string& root);

void RemoveSpool(const std::string& folder);

}  // namespace dealog::jobs
