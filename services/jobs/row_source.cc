#include "services/jobs/row_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/jobs/limits.h"
#include "services/jobs/spool.h"
#include "services/jobs/values.h"

namespace dealog::jobs {
namespace {

absl::Status FileFault(const std::string& file, const std::string& column,
                       const std::string& message) {
  const std::string where = column.empty() ? file : absl::StrCat(file, ", column ", column);
  return base::Error(absl::StatusCode::kInvalidArgument, "IMPORT_INVALID",
                     absl::StrCat(where, ": ", message))
      .With("file", file)
      .With("column", column);
}

// Every column that the mapping reads or ignores, in the mapping's order, without doubles.
std::vector<std::string> KnownColumns(const FileMapping& file) {
  std::vector<std::string> columns = {file.key_column};
  columns.insert(columns.end(), file.columns.begin(), file.columns.end());
  for (const AttributeMapping& attribute : file.attributes) columns.push_back(attribute.column);
  columns.insert(columns.end(), file.ignored.begin(), file.ignored.end());
  std::set<std::string> seen = {""};
  std::erase_if(columns, [&seen](const std::string& name) { return !seen.insert(name).second; });
  return columns;
}

absl::Status CheckHeader(const FileMapping& file, const std::vector<std::string>& header) {
  if (header.size() > kColumnsMax) {
    return FileFault(file.file, "",
                     absl::StrCat("expected at most ", kColumnsMax,
                                  " columns (kColumnsMax), found ", header.size()));
  }
  std::set<std::string> found;
  for (const std::string& column : header) {
    if (!found.insert(column).second) return FileFault(file.file, column, "occurs twice");
  }
  const std::vector<std::string> known = KnownColumns(file);
  for (const std::string& column : known) {
    if (!found.contains(column)) {
      return FileFault(file.file, column,
                       absl::StrCat("is missing; the header has: ", absl::StrJoin(header, ", ")));
    }
  }
  for (const std::string& column : header) {
    if (std::find(known.begin(), known.end(), column) == known.end()) {
      return FileFault(file.file, column,
                       "is not in the mapping; map it, or list it under ignore to leave it out");
    }
  }
  return absl::OkStatus();
}

MaybeFault In(const std::string& column, MaybeFault fault) {
  if (fault) fault->message = absl::StrCat(column, ": ", fault->message);
  return fault;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RowSource>> RowSource::Open(const Mapping& mapping,
                                                           std::string folder,
                                                           int64_t undated_at_us) {
  std::unique_ptr<RowSource> source(new RowSource(mapping, std::move(folder), undated_at_us));
  for (const FileMapping& file : mapping.files) {
    source->replaced_.emplace_back(file.replacements.size(), 0);
  }
  for (size_t i = mapping.files.size(); i-- > 0;) RETURN_IF_ERROR(source->OpenFile(i));
  return source;
}

absl::Status RowSource::OpenFile(size_t index) {
  file_ = index;
  line_of_key_.clear();
  const FileMapping& file = mapping_.files[index];
  auto reader =
      CsvReader::Open(absl::StrCat(folder_, "/", SpoolFileName(file.file)), mapping_.delimiter);
  if (absl::IsNotFound(reader.status())) {
    return FileFault(file.file, "", "the mapping names this file, but it was not sent");
  }
  if (!reader.ok()) return FileFault(file.file, "", std::string(reader.status().message()));
  reader_ = *std::move(reader);
  ASSIGN_OR_RETURN(layout_, ReadHeader(file, *reader_));
  return absl::OkStatus();
}

absl::StatusOr<RowSource::Layout> RowSource::ReadHeader(const FileMapping& file,
                                                        CsvReader& reader) {
  CsvRecord record;
  ASSIGN_OR_RETURN(const bool found, reader.Next(record));
  if (!found) return FileFault(file.file, "", "expected a header, found an empty file");
  if (record.fault) {
    return FileFault(file.file, "", absl::StrCat("header: ", record.fault->message));
  }
  const auto has_zero = [](const std::string& name) {
    return name.find('\0') != std::string::npos;
  };
  if (std::any_of(record.fields.begin(), record.fields.end(), has_zero)) {
    return FileFault(file.file, "",
                     "header: expected UTF-8, found zero bytes, as UTF-16 has them; save it as "
                     "UTF-8");
  }
  RETURN_IF_ERROR(CheckHeader(file, record.fields));
  const auto place = [&record](const std::string& column) {
    const auto it = std::find(record.fields.begin(), record.fields.end(), column);
    return static_cast<size_t>(it - record.fields.begin());
  };
  Layout layout{.column_count = record.fields.size(), .key = place(file.key_column)};
  for (size_t i = 0; i < kFieldCount; ++i) {
    layout.fields[i] = file.columns[i].empty() ? -1 : static_cast<int>(place(file.columns[i]));
  }
  for (const AttributeMapping& one : file.attributes)
    layout.attributes.push_back(place(one.column));
  for (const Replacement& one : file.replacements) layout.replacements.push_back(place(one.column));
  return layout;
}

absl::StatusOr<bool> RowSource::Next(ImportRow& row) {
  for (;;) {
    ASSIGN_OR_RETURN(const bool found, reader_->Next(record_));
    if (found) break;
    if (file_ + 1 == mapping_.files.size()) return false;
    RETURN_IF_ERROR(OpenFile(file_ + 1));
  }
  ReadRow(mapping_.files[file_], row);
  return true;
}

void RowSource::ReadRow(const FileMapping& file, ImportRow& row) {
  row = ImportRow{.role = file.role, .file = file.file, .line = record_.line};
  row.fault = CheckShape(row);
  if (row.fault) return;
  Replace(file);
  row.fault = CheckKey(file, row);
  if (!row.fault) row.fault = ReadValues(file, row);
  if (!row.fault && file.role == Role::kDeals) {
    row.fault = ReadCourse(mapping_, file, undated_at_us_, row);
  }
}

MaybeFault RowSource::CheckShape(ImportRow& row) {
  if (record_.fault) return record_.fault;
  const size_t found = record_.fields.size();
  if (found > layout_.key) row.key = record_.fields[layout_.key];
  if (row.key.size() > kKeyBytesMax) row.key.clear();
  if (found != layout_.column_count) {
    return RowFault{found < layout_.column_count ? "ROW_TRUNCATED" : "ROW_TOO_WIDE",
                    absl::StrCat("expected ", layout_.column_count, " columns, found ", found)};
  }
  return std::nullopt;
}

MaybeFault RowSource::CheckKey(const FileMapping& file, ImportRow& row) {
  row.key = record_.fields[layout_.key];  // As replaced.
  if (row.key.size() > kKeyBytesMax) row.key.clear();
  if (row.key.empty()) {
    return RowFault{
        "KEY_MISSING",
        absl::StrCat(file.key_column, ": expected the row's key of 1 to ", kKeyBytesMax, " bytes")};
  }
  const auto [it, is_new] = line_of_key_.try_emplace(base::DeriveUuid7(0, row.key), row.line);
  if (!is_new) {
    return RowFault{"KEY_DUPLICATE",
                    absl::StrCat(file.key_column, ": \"", row.key, "\" is the key of line ",
                                 it->second, " already")};
  }
  return std::nullopt;
}

void RowSource::Replace(const FileMapping& file) {
  for (size_t i = 0; i < file.replacements.size(); ++i) {
    std::string& value = record_.fields[layout_.replacements[i]];
    if (value != file.replacements[i].from) continue;
    value = file.replacements[i].to;
    ++replaced_[file_][i];
  }
}

MaybeFault RowSource::ReadValues(const FileMapping& file, ImportRow& row) {
  for (size_t i = 0; i < kFieldCount; ++i) {
    if (layout_.fields[i] >= 0)
      row.values[i] = record_.fields[static_cast<size_t>(layout_.fields[i])];
  }
  for (size_t i = 0; i < file.attributes.size(); ++i) {
    const AttributeMapping& mapped = file.attributes[i];
    const std::string& text = record_.fields[layout_.attributes[i]];
    events::v1::Attribute& attribute = row.attributes.emplace_back();
    attribute.set_key(mapped.key);
    if (text.empty()) continue;
    if (!mapped.is_number) {
      attribute.set_text(text);
      continue;
    }
    double number = 0;
    if (MaybeFault fault = In(mapped.column, ParseNumber(text, mapping_.decimal, number))) {
      return fault;
    }
    attribute.set_number(number);
  }
  if (const std::string& text = row.value(Field::kMoney); !text.empty()) {
    v1::Money money;
    if (MaybeFault fault = In(file.column(Field::kMoney),
                              ParseMoney(text, mapping_.decimal, file.currency, money))) {
      return fault;
    }
    row.money = money;
  }
  if (const std::string& text = row.value(Field::kExpectedCloseDate); !text.empty()) {
    events::v1::Date date;
    if (MaybeFault fault = In(file.column(Field::kExpectedCloseDate), ParseDate(text, date))) {
      return fault;
    }
    row.expected_close_date = date;
  }
  return std::nullopt;
}

std::vector<events::v1::SpellingReplaced> RowSource::Replacements() const {
  std::vector<events::v1::SpellingReplaced> result;
  for (size_t f = 0; f < mapping_.files.size(); ++f) {
    for (size_t i = 0; i < replaced_[f].size(); ++i) {
      if (replaced_[f][i] == 0) continue;
      const Replacement& replacement = mapping_.files[f].replacements[i];
      events::v1::SpellingReplaced& one = result.emplace_back();
      one.set_column(replacement.column);
      one.set_from(replacement.from);
      one.set_to(replacement.to);
      one.set_row_count(replaced_[f][i]);
    }
  }
  return result;
}

}  // namespace dealog::jobs
