#include "services/rpc/watch_board.h"

#include <optional>
#include <vector>

#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/commands/sequencer.h"
#include "services/rpc/limits.h"
#include "services/rpc/read_call.h"

namespace dealog::rpc {
namespace {

class WatchBoardSource final : public StreamSource {
 public:
  WatchBoardSource(const Core& core, const Call& call, const v1::WatchBoardRequest& request,
                   eventstore::Position opened_at)
      : core_(core), call_(call), opened_at_(opened_at) {
    query_.set_pipeline(request.pipeline());
    query_.set_filter(request.filter());
    query_.set_cards_per_column(0);
  }
  ~WatchBoardSource() override { SetWake({}); }

  void SetWake(std::function<void()> wake) override {
    if (watch_id_) core_.runner.Unwatch(*watch_id_);
    watch_id_.reset();
    if (!wake) return;
    absl::StatusOr<uint64_t> id = core_.runner.Watch(call_.tenant, std::move(wake));
    refused_ = id.status();
    if (id.ok()) watch_id_ = *id;
  }

  absl::StatusOr<Item> Next() override {
    RETURN_IF_ERROR(refused_);
    const int64_t now_us = core_.clock.NowMicros();
    const absl::StatusOr<projections::TenantRead> read = core_.runner.ReadNow(call_.tenant);
    // While a view is folded anew: the runner wakes us when it can be read.
    if (base::ReasonOf(read.status()) == "VIEW_BEHIND") return Item::Wait();
    RETURN_IF_ERROR(read.status());
    const projections::TenantRead& views = *read;
    // The first board is as fresh as every read: it shows what was written before the call.
    if (!sent_ && views->position() < opened_at_) return Item::Wait();
    if (sent_ && views->position().value == static_cast<uint64_t>(sent_->position())) {
      return Item::Wait();
    }
    ASSIGN_OR_RETURN(v1::GetBoardResponse board, projections::GetBoard(*views, query_, {}, now_us));
    v1::WatchBoardResponse message;
    bool changed = true;
    if (sent_) {
      ASSIGN_OR_RETURN(changed, FillChange(*views, board, message));
    }
    if (!message.has_columns()) {
      *message.mutable_board() = board;
      message.mutable_board()->set_token(BoardToken(core_, call_.tenant, views->position()));
    }
    sent_ = std::move(board);
    return changed ? Item::Message(message.SerializeAsString()) : Item::Wait();
  }

 private:
  // False if nothing of the board changed. Leaves `message` empty where too much did: the whole
  // board is sent again, because the deals that changed can't be cut in two at a position.
  absl::StatusOr<bool> FillChange(const projections::TenantViews& views,
                                  const v1::GetBoardResponse& board,
                                  v1::WatchBoardResponse& message) {
    const eventstore::Position after{static_cast<uint64_t>(sent_->position())};
    ASSIGN_OR_RETURN(
        std::vector<v1::Deal> deals,
        projections::DealsChangedAfter(views, board.pipeline_id(), after, kWatchDealsMax + 1));
    if (deals.size() > kWatchDealsMax) return true;
    v1::BoardChange& change = *message.mutable_columns();
    change.set_position(board.position());
    for (v1::BoardColumn& column : ChangedColumns(*sent_, board)) {
      *change.add_columns() = std::move(column);
    }
    for (v1::Deal& deal : deals) *change.add_deals() = std::move(deal);
    return change.columns_size() > 0 || change.deals_size() > 0;
  }

  const Core& core_;
  const Call call_;
  const eventstore::Position opened_at_;  // The log's head then.
  v1::GetBoardRequest query_;
  std::optional<uint64_t> watch_id_;
  absl::Status refused_;  // By the runner: there is no room for another watcher.
  std::optional<v1::GetBoardResponse> sent_;  // What the watcher has seen.
};

}  // namespace

absl::StatusOr<std::unique_ptr<StreamSource>> OpenWatchBoard(const Core& core, const Call& call,
                                                             const v1::WatchBoardRequest& request) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, core.log.Head(call.tenant));
  return std::make_unique<WatchBoardSource>(core, call, request, head.position);
}

std::vector<v1::BoardColumn> ChangedColumns(const v1::GetBoardResponse& before,
                                            const v1::GetBoardResponse& now) {
  std::vector<v1::BoardColumn> changed;
  for (int i = 0; i < now.columns_size(); ++i) {
    const bool same = i < before.columns_size() &&
                      before.columns(i).SerializeAsString() == now.columns(i).SerializeAsString();
    if (!same) changed.push_back(now.columns(i));
  }
  return changed;
}

std::string BoardToken(const Core& core, const eventstore::TenantId& tenant,
                       eventstore::Position position) {
  const eventstore::PartitionId partition = core.log.PartitionOf(tenant);
  return commands::EncodeToken(partition, core.log.BatchHead(partition).owner_epoch, position);
}

}  // namespace dealog::rpc
