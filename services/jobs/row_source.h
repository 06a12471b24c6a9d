#pragma once

// The rows of an import, file after file in the order of roles, one at a time: memory does not
// grow with the files, but for 16 bytes and a line number per key of the current file.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "dealog/events/v1/import.pb.h"
#include "eventstore/base/ids.h"
#include "services/jobs/csv_reader.h"
#include "services/jobs/import_row.h"
#include "services/jobs/mapping.h"

namespace dealog::jobs {

// Deterministic: the same files give the same rows in the same order, faults included.
// Thread safety: none. Ownership: `mapping` must outlive it.
class RowSource {
 public:
  // Checks every file's header. INVALID_ARGUMENT / IMPORT_INVALID names the file and the column.
  static absl::StatusOr<std::unique_ptr<RowSource>> Open(const Mapping& mapping, std::string folder,
                                                         int64_t undated_at_us);
  // False after the last row of the last file. Fails only if the disk does.
  absl::StatusOr<bool> Next(ImportRow& row);
  // What was replaced in the rows so far, in the mapping's order; spellings that never occurred are
  // left out.
  std::vector<events::v1::SpellingReplaced> Replacements() const;

 private:
  // Where the columns of the current file are, by the mapping's names.
  struct Layout {
    size_t column_count = 0;
    size_t key = 0;
    std::array<int, kFieldCount> fields;  // -1: not mapped.
    std::vector<size_t> attributes;
    std::vector<size_t> replacements;
  };

  RowSource(const Mapping& mapping, std::string folder, int64_t undated_at_us)
      : mapping_(mapping), folder_(std::move(folder)), undated_at_us_(undated_at_us) {}
  absl::Status OpenFile(size_t index);
  static absl::StatusOr<Layout> ReadHeader(const FileMapping& file, CsvReader& reader);
  void ReadRow(const FileMapping& file, ImportRow& row);
  MaybeFault CheckShape(ImportRow& row);
  MaybeFault CheckKey(const FileMapping& file, ImportRow& row);
  MaybeFault ReadValues(const FileMapping& file, ImportRow& row);
  void Replace(const FileMapping& file);

  const Mapping& mapping_;
  const std::string folder_;
  const int64_t undated_at_us_;
  size_t file_ = 0;
  std::unique_ptr<CsvReader> reader_;
  Layout layout_;
  CsvRecord record_;
  absl::flat_hash_map<base::Uuid, int64_t> line_of_key_;  // Of the current file.
  std::vector<std::vector<int64_t>> replaced_;            // Rows, by file and replacement.
};

}  // namespace dealog::jobs
