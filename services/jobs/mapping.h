#pragma once

// A mapping: what the columns of the files mean. Its language: docs/formats/mapping.md.
//
//   ASSIGN_OR_RETURN(const Mapping mapping, ParseMapping(toml_text));

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dealog/v1/pipelines.pb.h"
#include "projections/states/fields.h"

namespace dealog::jobs {

// What the rows of a file are. In the order of import: later roles refer to earlier ones.
enum class Role { kMembers, kProducts, kOrganizations, kContacts, kDeals };
inline constexpr size_t kRoleCount = 5;
// As in the mapping: "members".
std::string_view RoleName(Role role);

// What a column can give a value to. Which roles have which is for the tables of fields
// (projections/states) to say, where a role has one.
enum class Field {
  kDisplayName,
  kTeam,
  kRegion,
  kSeries,
  kDomain,
  kOwner,
  kEmail,
  kPhone,
  kOrganization,
  kTitle,
  kProduct,
  kSource,
  kExpectedCloseDate,
  kLostReason,
  kStage,
  kOpenedAt,
  kClosedAt,
  kMoney,
};
inline constexpr size_t kFieldCount = static_cast<size_t>(Field::kMoney) + 1;
// The field that mappings and tables of fields call so.
Field FieldNamed(std::string_view name);

struct AttributeMapping {
  std::string key;
  std::string column;
  bool is_number = false;
};

struct Replacement {
  std::string column;
  std::string from;
  std::string to;
};

struct FileMapping {
  Role role = Role::kMembers;
  std::string file;                              // Name without folders.
  std::string key_column;                        // Its value identifies a row for ever.
  std::array<std::string, kFieldCount> columns;  // Empty: the field is not mapped.
  std::vector<AttributeMapping> attributes;
  std::vector<Replacement> replacements;
  std::vector<std::string> ignored;  // Columns that are left out on purpose.
  std::string currency;              // Of Field::kMoney.

  const std::string& column(Field field) const { return columns[static_cast<size_t>(field)]; }
  bool maps(Field field) const { return !column(field).empty(); }
};

struct DealRules {
  std::string opens_in;          // Label; empty: open rows in their own stage, others in the first.
  std::string undated_opens_in;  // Label; empty: a row without a date of opening is rejected.
  std::vector<std::pair<std::string, std::string>> stage_values;  // Spelling in the file to label.
  bool amount_at_opening = false;  // Else only on won deals, with the closing.
};

struct Mapping {
  std::string name;  // Part of every derived id.
  int64_t reference_at_us = 0;
  absl::TimeZone zone;
  char delimiter = ',';
  char decimal = '.';
  bool enforce_rules = false;
  bool suppress_workflows = true;
  std::optional<v1::CreatePipelineRequest> pipeline;  // display_name, stages.
  std::vector<FileMapping> files;                     // At least one; in the order of Role.
  DealRules deals;

  const FileMapping* FindFile(std::string_view file) const;
  const FileMapping* FindRole(Role role) const;
  // Kind of a stage of `pipeline`; KIND_UNSPECIFIED if it has none of that label.
  v1::Stage::Kind KindOf(std::string_view label) const;
};

// True if the field of a table comes from a column under [<role>.fields]; amounts and attributes
// have tables of their own.
template <typename Row>
bool IsFromColumn(const Row& field) {
  return field.Can(states::kImportable) && field.kind != states::FieldKind::kMoney &&
         field.kind != states::FieldKind::kAttributes;
}

// INVALID_ARGUMENT / IMPORT_INVALID with line and column of the first fault.
absl::StatusOr<Mapping> ParseMapping(std::string_view toml);

}  // namespace dealog::jobs
