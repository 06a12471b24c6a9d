#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/jobs/import_row.h"
#include "services/jobs/values.h"

namespace dealog::jobs {
namespace {

MaybeFault ReadStage(const Mapping& mapping, const FileMapping& file, ImportRow& row) {
  std::string label = row.value(Field::kStage);
  for (const auto& [value, stage] : mapping.deals.stage_values) {
    if (value == label) {
      label = stage;
      break;
    }
  }
  row.course.kind = mapping.KindOf(label);
  if (row.course.kind == v1::Stage::KIND_UNSPECIFIED) {
    const auto name = [](std::string* out, const v1::Stage& stage) { out->append(stage.label()); };
    return RowFault{"STAGE_NOT_FOUND",
                    absl::StrCat(file.column(Field::kStage), ": expected one of ",
                                 absl::StrJoin(mapping.pipeline->stages(), ", ", name),
                                 ", found \"", label, "\"")};
  }
  row.course.stage = std::move(label);
  return std::nullopt;
}

MaybeFault ReadDay(const Mapping& mapping, const FileMapping& file, const ImportRow& row,
                   Field field, std::optional<int64_t>& time_us) {
  const std::string& text = row.value(field);
  if (text.empty()) return std::nullopt;
  events::v1::Date date;
  if (MaybeFault fault = ParseDate(text, date)) {
    fault->message = absl::StrCat(file.column(field), ": ", fault->message);
    return fault;
  }
  time_us = StartOfDay(date, mapping.zone);
  return std::nullopt;
}

std::string FirstOpenStage(const Mapping& mapping) {
  for (const v1::Stage& stage : mapping.pipeline->stages()) {
    if (stage.kind() == v1::Stage::OPEN) return stage.label();
  }
  return "";
}

// Where a row with a date of opening opens.
std::string DatedOpening(const Mapping& mapping, const DealCourse& course) {
  if (!mapping.deals.opens_in.empty()) return mapping.deals.opens_in;
  return course.closed() ? FirstOpenStage(mapping) : course.stage;
}

}  // namespace

MaybeFault ReadCourse(const Mapping& mapping, const FileMapping& file, int64_t undated_at_us,
                      ImportRow& row) {
  DealCourse& course = row.course;
  const std::string& opened_column = file.column(Field::kOpenedAt);
  const std::string& closed_column = file.column(Field::kClosedAt);
  if (MaybeFault fault = ReadStage(mapping, file, row)) return fault;
  std::optional<int64_t> opened;
  std::optional<int64_t> closed;
  if (MaybeFault fault = ReadDay(mapping, file, row, Field::kOpenedAt, opened)) return fault;
  if (MaybeFault fault = ReadDay(mapping, file, row, Field::kClosedAt, closed)) return fault;

  course.dated = opened.has_value();
  course.opened_at_us = opened.value_or(undated_at_us);
  course.opening_stage =
      course.dated ? DatedOpening(mapping, course) : mapping.deals.undated_opens_in;
  if (course.opening_stage.empty()) {
    return RowFault{"DATE_MISSING", absl::StrCat(opened_column,
                                                 ": expected a date; rows without "
                                                 "one need stage.undated_opens_in in the mapping")};
  }
  if (!course.closed()) {
    if (closed) {
      return RowFault{"DATE_CONTRADICTS",
                      absl::StrCat(closed_column, ": expected none, because ", course.stage,
                                   " is an open stage; found ", row.value(Field::kClosedAt))};
    }
    if (course.stage != course.opening_stage) {
      return RowFault{"DATE_CONTRADICTS",
                      absl::StrCat(opened_column, ": a row in ", course.stage, " can't be ",
                                   course.dated ? "dated" : "undated",
                                   ": the mapping opens such rows in ", course.opening_stage)};
    }
    return std::nullopt;
  }
  if (!closed) {
    return RowFault{"DATE_MISSING",
                    absl::StrCat(closed_column, ": expected the day on which it was ", course.stage,
                                 ", found none")};
  }
  course.closed_at_us = *closed;
  if (course.closed_at_us < course.opened_at_us) {
    return RowFault{"CLOSE_BEFORE_OPEN",
                    absl::StrCat(closed_column, ": closed on ", InstantText(course.closed_at_us),
                                 ", before it was opened on ", InstantText(course.opened_at_us))};
  }
  return std::nullopt;
}

}  // namespace dealog::jobs
