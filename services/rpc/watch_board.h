#pragma once

// WatchBoard: the board first, then what changed of it. Changes that come while a message is on its
// way are sent together, so a slow watcher gets fewer, larger messages and never an old board.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dealog/v1/board.pb.h"
#include "services/rpc/stream.h"

namespace dealog::rpc {

absl::StatusOr<std::unique_ptr<StreamSource>> OpenWatchBoard(const Core& core, const Call& call,
                                                             const v1::WatchBoardRequest& request);

// The columns of `now` that differ from those of `before`: another count, total or label, new or
// moved. Pure.
std::vector<v1::BoardColumn> ChangedColumns(const v1::GetBoardResponse& before,
                                            const v1::GetBoardResponse& now);

// Commit token of a position, for Consistency.at_least.
std::string BoardToken(const Core& core, const eventstore::TenantId& tenant,
                       eventstore::Position position);

}  // namespace dealog::rpc
