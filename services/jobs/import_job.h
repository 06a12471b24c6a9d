#pragma once

// Imports: jobs that load rows of CSV files into a tenant by a mapping (docs/formats/mapping.md).
//
//   auto upload = imports->Open(tenant, principal, header);     // StartImport's first message
//   (*upload)->Add(chunk);                                      // each further message
//   imports->Start(*std::move(upload), [](absl::StatusOr<v1::Import> job) { ...reply... });
//
// The input lies in a spool folder until the job ends. Progress is an event in the same commit as
// the rows, so a kill at any instant neither loses nor doubles a row: Resume() goes on from there.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/v1/imports.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/secret.h"
#include "eventstore/event_log.h"
#include "projections/runtime/runner.h"
#include "services/commands/submit.h"
#include "services/jobs/limits.h"

namespace dealog::jobs {

// Called exactly once, from any thread; must be quick and must not block.
using ImportDone = std::function<void(absl::StatusOr<v1::Import>)>;

// The input of one import on its way in. Destroyed without Start, its files are removed.
// Thread safety: none. Ownership: must not outlive the ImportJobs that opened it.
class ImportUpload {
 public:
  virtual ~ImportUpload() = default;
  // Appends to a file that the mapping names. IMPORT_INVALID for another file, LIMIT_EXCEEDED past
  // kUploadBytesMax; after an error the upload is useless.
  virtual absl::Status Add(const v1::ImportChunk& chunk) = 0;
};

struct ImportJobsOptions {
  // SequencerOptions::unique_key_secret: dry runs look keys up. Not owned; required.
  const base::Secret& unique_key_secret;
  std::string folder;                         // Spool; created if missing.
  size_t upload_bytes_max = kUploadBytesMax;  // Of one import, all files.
  size_t rows_per_commit = kRowsPerCommit;    // At most kRowsPerCommit.
};

// Thread safety: yes. Ownership: what MakeImportJobs takes by reference, in its options
// too, must outlive it.
class ImportJobs {
 public:
  // Stops: see Stop.
  virtual ~ImportJobs() = default;

  // Begins an upload. IMPORT_INVALID with line and column if the mapping is not valid.
  virtual absl::StatusOr<std::unique_ptr<ImportUpload>> Open(const eventstore::TenantId& tenant,
                                                             std::string_view principal,
                                                             const v1::ImportHeader& header) = 0;
  // Checks the files and starts the job; `done` gets it RUNNING, a dry run when it is COMPLETED.
  // ALREADY_EXISTS / IMPORT_RUNNING (metadata import_id) while the same input is being imported,
  // INVALID_ARGUMENT / IMPORT_INVALID for a fault of a whole file.
  virtual void Start(std::unique_ptr<ImportUpload> upload, ImportDone done) = 0;
  // Ends a running job as FAILED; `done` gets it ended. A job that ended before is returned as is.
  virtual void Cancel(const eventstore::TenantId& tenant, std::string_view principal,
                      std::string_view import_id, ImportDone done) = 0;
  // The job as it stands now. NOT_FOUND / IMPORT_NOT_FOUND.
  virtual absl::StatusOr<v1::Import> Get(const eventstore::TenantId& tenant,
                                         std::string_view import_id) const = 0;
  // Goes on with every import that a stop or a kill interrupted. Call once, before Start.
  virtual absl::Status Resume() = 0;
  // Stops every job after the rows in flight; Resume of a later server goes on. Idempotent.
  virtual void Stop() = 0;
};

// `runner`: where the tenant's time zone is read for undated_date, and imports whose spool was lost
// are found; null in tests that need neither.
std::unique_ptr<ImportJobs> MakeImportJobs(eventstore::EventLog& log,
                                           commands::Sequencers& sequencers,
                                           projections::Runner* runner, const base::Clock& clock,
                                           ImportJobsOptions options);

}  // namespace dealog::jobs
