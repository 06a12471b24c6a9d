#pragma once

// WatchBoard: the board first, then what changed of it. The boards themselves, which watchers
// share: shared_board.h.

#include <memory>

#include "absl/status/statusor.h"
#include "dealog/v1/board.pb.h"
#include "services/rpc/stream.h"

namespace dealog::rpc {

absl::StatusOr<std::unique_ptr<StreamSource>> OpenWatchBoard(const Core& core, const Call& call,
                                                             const v1::WatchBoardRequest& request);

}  // namespace dealog::rpc
