#pragma once

// Decides the rows of a chunk one after another, each on the effects of those before it.

#include <vector>

#include "absl/status/statusor.h"
#include "dealog/events/v1/import.pb.h"
#include "services/domain/decider.h"
#include "services/jobs/import_row.h"
#include "services/jobs/row_decider.h"

namespace dealog::jobs {

// Appends the rows' events to `total` and their outcome to `progress`. Rejects rows that are at
// fault or refused; fails only for a fault of the server.
absl::Status DecideRows(const RowDecider& decider, const std::vector<ImportRow>& rows,
                        const domain::CommandMeta& meta, domain::Staging& staging,
                        domain::Decision& total, events::v1::ImportProgressed& progress);

}  // namespace dealog::jobs
