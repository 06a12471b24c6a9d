#pragma once

// What the rows of the several roles have in common, and the longest of them: deals.

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/field_mask.pb.h"
#include "services/jobs/import_row.h"
#include "services/jobs/row_decider.h"
#include "services/jobs/row_staging.h"

namespace dealog::jobs {

struct RowContext {
  const Mapping& mapping;
  const FileMapping& file;
  const RowDecider& decider;
  const std::string id;  // Of what the row makes.
};

// The row's owner as a command names it: the imported member's id, else the text of the cell, which
// the domain looks up by name. "" if there is none.
absl::StatusOr<std::string> OwnerOf(const RowContext& context, const ImportRow& row,
                                    RowStaging& staging);
// The id of the row's organization; "" if the cell is empty. ORGANIZATION_NOT_FOUND.
absl::StatusOr<std::string> OrganizationOf(const RowContext& context, const ImportRow& row,
                                           RowStaging& staging);
// Masks the fields of the table that an update can change and the file maps.
template <typename Row>
void AddPaths(const FileMapping& file, std::span<const Row> fields,
              google::protobuf::FieldMask& mask) {
  for (const Row& field : fields) {
    if (IsFromColumn(field) && !field.path.empty() && file.maps(FieldNamed(field.name))) {
      mask.add_paths(std::string(field.path));
    }
  }
}

// Opens the deal and closes it, or brings the one that was imported before to what the row says.
absl::Status DecideDeal(const RowContext& context, const ImportRow& row, RowStaging& staging);

}  // namespace dealog::jobs
