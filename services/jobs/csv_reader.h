#pragma once

// Reads CSV (RFC 4180) record by record, with line numbers, and goes on after a bad one.
//
//   ASSIGN_OR_RETURN(auto reader, CsvReader::Open(path, ','));
//   CsvRecord record;
//   while (*reader->Next(record)) Use(record);
//
// Own code, because of what an import must tell its user: which line is wrong and why. The packaged
// libraries give up at the first bad record, or know no line numbers.

#include <cstdint>
#include <deque>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/jobs/row_fault.h"

namespace dealog::jobs {

struct CsvRecord {
  int64_t line = 0;  // Of its first character; the file's first line is 1.
  std::vector<std::string> fields;
  MaybeFault fault;  // Then `fields` may be incomplete.
};

// Accepts LF and CR LF, a UTF-8 byte order mark, quoted fields over several lines. Skips empty
// lines. An open quote spoils its own line only: reading goes on at the next one. Thread safety:
// none.
class CsvReader {
 public:
  // NOT_FOUND if the file can't be opened; INVALID_ARGUMENT / IMPORT_INVALID for UTF-16.
  static absl::StatusOr<std::unique_ptr<CsvReader>> Open(const std::string& path, char delimiter);
  // False at the end of the file. Fails only if the disk does.
  absl::StatusOr<bool> Next(CsvRecord& record);

 private:
  struct Line {
    std::string text;  // Without its end.
    bool too_long = false;
  };
  CsvReader(std::ifstream file, char delimiter) : file_(std::move(file)), delimiter_(delimiter) {}
  bool ReadLine(Line& line);

  std::ifstream file_;
  const char delimiter_;
  std::deque<Line> ahead_;  // Read already, to be read again.
  int64_t line_ = 0;        // Number of the line read last.
};

}  // namespace dealog::jobs
