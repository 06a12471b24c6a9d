#include "services/rpc/watch_board.h"

#include "eventstore/base/status.h"
#include "services/rpc/shared_board.h"

namespace dealog::rpc {

absl::StatusOr<std::unique_ptr<StreamSource>> OpenWatchBoard(const Core& core, const Call& call,
                                                             const v1::WatchBoardRequest& request) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, core.log.Head(call.tenant));
  return core.boards.Watch(
      {.tenant = call.tenant, .pipeline = request.pipeline(), .filter = request.filter()},
      head.position);
}

}  // namespace dealog::rpc
