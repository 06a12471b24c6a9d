#pragma once

// One row of a file as the mapping reads it: typed, with its fault if it has one.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dealog/events/v1/values.pb.h"
#include "dealog/v1/common.pb.h"
#include "services/jobs/mapping.h"
#include "services/jobs/row_fault.h"

namespace dealog::jobs {

// What a row of deals says of the deal's course.
struct DealCourse {
  std::string opening_stage;                           // Label, of kind OPEN.
  std::string stage;                                   // Label it is in at the end.
  v1::Stage::Kind kind = v1::Stage::KIND_UNSPECIFIED;  // Of `stage`.
  bool dated = false;                                  // The row has a date of opening.
  int64_t opened_at_us = 0;
  int64_t closed_at_us = 0;  // WON and LOST only.

  bool closed() const { return kind != v1::Stage::OPEN; }
};

struct ImportRow {
  Role role = Role::kMembers;
  std::string file;
  int64_t line = 0;
  std::string key;
  MaybeFault fault;  // Then the values below may be incomplete.

  std::array<std::string, kFieldCount> values;    // As in the file, spellings replaced.
  std::vector<events::v1::Attribute> attributes;  // Without a value where the cell is empty.
  std::optional<v1::Money> money;
  std::optional<events::v1::Date> expected_close_date;
  DealCourse course;  // Deals only.

  const std::string& value(Field field) const { return values[static_cast<size_t>(field)]; }
};

// Fills `row.course` from its stage and dates; the fault if they contradict each other.
MaybeFault ReadCourse(const Mapping& mapping, const FileMapping& file, int64_t undated_at_us,
                      ImportRow& row);

}  // namespace dealog::jobs
