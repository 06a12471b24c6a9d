// Method: a tenant over a memory log, changed by commands; after each the whole board is asked for
// as of that position. Watchers come, sleep, go and are slow as they like; whatever a watcher has
// put together from his messages must be the board at the position that he was told.

#include "services/rpc/shared_board.h"

#include <gmock/gmock.h>

#include <chrono>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "dealog/v1/deals.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "dealog/v1/tenants.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/secret.h"
#include "eventstore/memory/memory_log.h"
#include "projections/rocksdb/view_store.h"
#include "projections/views/queries.h"
#include "projections/views/registry.h"
#include "services/commands/submit.h"
#include "services/domain/deal.h"
#include "services/domain/pipeline.h"
#include "services/domain/tenant.h"
#include "tests/services/server/temp_dir.h"

namespace dealog::rpc {
namespace {

using eventstore::Position;

const eventstore::TenantId kAcme{"acme"};
const base::Secret kSecret(std::string(base::Secret::kBytes, 's'));
constexpr auto kPatience = std::chrono::seconds(20);

// What there is to compare of a column: what a change may change.
using Columns = std::map<std::string, std::string>;

Columns ColumnsOf(const google::protobuf::RepeatedPtrField<v1::BoardColumn>& columns) {
  Columns out;
  for (v1::BoardColumn column : columns) {
    column.clear_next_page_token();
    out[column.stage_id()] = column.SerializeAsString();
  }
  return out;
}

class SharedBoardTest : public testing::Test {
 protected:
  SharedBoardTest() {
    auto store = projections::OpenViewStore(folder_.path() + "/views");
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    runner_ = projections::StartRunner(*log_, *store_, projections::AllViews(), {});
    boards_.emplace(BoardParts{.log = *log_,
                               .runner = *runner_,
                               .clock = base::SystemClock(),
                               .streams = streams_,
                               .reads = reads_,
                               .gather = absl::ZeroDuration()});
    v1::CreateTenantRequest tenant;
    tenant.set_name(kAcme.value);
    tenant.set_currency_code("EUR");
    Run(tenant, true);
    v1::CreatePipelineRequest pipeline;
    pipeline.set_display_name("Sales");
    const auto add = [&](const char* label, v1::Stage::Kind kind) {
      pipeline.add_stages()->set_label(label);
      pipeline.mutable_stages(pipeline.stages_size() - 1)->set_kind(kind);
    };
    add("Lead", v1::Stage::OPEN);
    add("Offer", v1::Stage::OPEN);
    add("Won", v1::Stage::WON);
    add("Lost", v1::Stage::LOST);
    pipeline.mutable_rules()->set_allow_skip(true);
    pipeline.mutable_rules()->set_allow_backward(true);
    Run(pipeline);
  }
  ~SharedBoardTest() override {
    reads_.Stop();
    streams_.Stop();
  }

  template <typename Request>
  Position Run(const Request& request, bool creates_tenant = false) {
    commands::CommandContext context;
    context.tenant = kAcme;
    context.origin.principal = "user:ada";
    context.method = "/test/Command";
    context.creates_tenant = creates_tenant;
    const auto done = commands::Execute(
        sequencers_, context, [&](const domain::CommandMeta& meta, domain::StateReader& states) {
          return domain::Decide(request, meta, states);
        });
    EXPECT_TRUE(done.ok()) << done.status();
    if (done.ok()) head_ = done->position;
    return head_;
  }
  // The board as of the head.
  v1::GetBoardResponse Board(const std::string& filter) {
    const auto views = runner_->Read(kAcme, {}, absl::Now() + absl::Seconds(20));
    EXPECT_TRUE(views.ok()) << views.status();
    v1::GetBoardRequest request;
    request.set_pipeline("Sales");
    request.set_filter(filter);
    request.set_cards_per_column(0);
    auto board = projections::GetBoard(**views, request, {}, base::SystemClock().NowMicros());
    EXPECT_TRUE(board.ok()) << board.status();
    return *std::move(board);
  }
  std::string DealId(int number) {
    return absl::StrCat("deal_", std::string(24, '0'), number + 10);
  }
  Position Open(int number) {
    v1::OpenDealRequest open;
    open.set_deal_id(DealId(number));
    open.set_pipeline("Sales");
    open.set_title(absl::StrCat("Deal ", number));
    open.mutable_amount()->set_currency_code("EUR");
    open.mutable_amount()->set_units(100 * number);
    return Run(open);
  }
  Position Move(int number, const char* stage) {
    v1::MoveDealRequest move;
    move.set_deal_id(DealId(number));
    move.set_to_stage(stage);
    return Run(move);
  }
  Position SetAmount(int number, int64_t units) {
    v1::UpdateDealRequest update;
    update.set_deal_id(DealId(number));
    update.mutable_amount()->set_currency_code("EUR");
    update.mutable_amount()->set_units(units);
    update.mutable_update_mask()->add_paths("amount");
    return Run(update);
  }

  const server::TempDir folder_;
  Position head_;  // As of the last command.
  std::unique_ptr<eventstore::EventLog> log_ = eventstore::MakeMemoryLog({});
  std::unique_ptr<projections::ViewStore> store_;
  commands::Sequencers sequencers_{*log_, base::SystemClock(), {.unique_key_secret = kSecret}};
  std::unique_ptr<projections::Runner> runner_;
  std::optional<SharedBoards> boards_;  // Outlives the tasks of the executors.
  Executor streams_{1};
  FairExecutor reads_{{.name = "reads", .threads = 2, .queue_max = 1000, .per_tenant_max = 1000}};
};

// One who watches: puts his messages together.
class Watching {
 public:
  Watching(SharedBoards& boards, std::string filter, Position not_before)
      : filter_(std::move(filter)),
        source_(
            boards.Watch({.tenant = kAcme, .pipeline = "Sales", .filter = filter_}, not_before)) {
    source_->SetWake([this] {
      base::MutexLock lock(mu_);
      woken_ = true;
      changed_.NotifyAll();
    });
  }

  // Takes the next message; false if there is none now.
  bool Take() {
    const auto item = source_->Next();
    EXPECT_TRUE(item.ok()) << item.status();
    if (!item.ok() || item->kind != StreamSource::Item::Kind::kMessage) return false;
    bytes_ = item->shared;
    v1::WatchBoardResponse message;
    EXPECT_TRUE(message.ParseFromString(*bytes_));
    deals_.clear();
    if (message.has_board()) {
      columns_ = ColumnsOf(message.board().columns());
      position_ = Position{static_cast<uint64_t>(message.board().position())};
      ++whole_;
      return true;
    }
    EXPECT_GT(whole_, 0) << "the whole board comes first";
    const v1::BoardChange& change = message.columns();
    for (const auto& [id, column] : ColumnsOf(change.columns())) columns_[id] = column;
    EXPECT_GT(change.deals_size(), 0) << "columns change because deals do";
    for (const v1::Deal& deal : change.deals()) deals_.push_back(deal.title());
    const Position at{static_cast<uint64_t>(change.position())};
    EXPECT_GT(at, position_);
    position_ = at;
    return true;
  }
  // Waits for a message.
  void MustTake() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      {
        base::MutexLock lock(mu_);
        woken_ = false;
      }
      if (Take()) return;
      base::MutexLock lock(mu_);
      while (!woken_) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nobody woke him";
        changed_.WaitFor(mu_, std::chrono::milliseconds(100));
      }
    }
  }

  const std::string& filter() const { return filter_; }
  const Columns& columns() const { return columns_; }
  Position position() const { return position_; }
  int whole_boards() const { return whole_; }
  // Titles of the deals of the last message.
  const std::vector<std::string>& deals() const { return deals_; }
  const SharedBoard::Bytes& bytes() const { return bytes_; }

 private:
  const std::string filter_;
  base::Mutex mu_;
  base::CondVar changed_;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  Columns columns_;
  Position position_;
  int whole_ = 0;
  std::vector<std::string> deals_;
  SharedBoard::Bytes bytes_;
  std::unique_ptr<StreamSource> source_;  // Last: it may still wake.
};

TEST_F(SharedBoardTest, WhatIsPutTogetherIsTheBoardAtItsPosition) {
  const std::vector<std::string> filters = {"", "amount > 1000", "stage = \"Offer\""};
  std::mt19937 random(20261201);
  // Per filter, the board at every position.
  std::map<std::string, std::map<Position, Columns>> boards;
  std::vector<std::unique_ptr<Watching>> watchers;
  int deals = 0;
  int taken = 0;
  std::map<int, bool> offered;  // Deals in the stage "Offer".
  const auto check = [&](const Watching& watcher) {
    const auto& known = boards[watcher.filter()];
    const auto at = known.find(watcher.position());
    ASSERT_NE(at, known.end()) << "told of a position that is none: " << watcher.position().value;
    EXPECT_EQ(watcher.columns(), at->second)
        << "at " << watcher.position().value << ", filter " << watcher.filter();
  };
  for (int round = 0; round < 300; ++round) {
    Position position;
    const uint32_t what = random() % 4;
    const int deal = deals == 0 ? 0 : static_cast<int>(random() % deals);
    if (deals < 3 || (what == 0 && deals < 80)) {
      position = Open(deals++);
    } else if (what == 1) {
      position = SetAmount(deal, static_cast<int64_t>(random() % 3000));
    } else {
      offered[deal] = !offered[deal];
      position = Move(deal, offered[deal] ? "Offer" : "Lead");
    }
    for (const std::string& filter : filters) {
      const v1::GetBoardResponse board = Board(filter);
      boards[filter][Position{static_cast<uint64_t>(board.position())}] =
          ColumnsOf(board.columns());
    }
    if (random() % 10 == 0 && watchers.size() < 12) {
      watchers.push_back(
          std::make_unique<Watching>(*boards_, filters[random() % filters.size()], position));
    }
    if (random() % 25 == 0 && !watchers.empty()) {
      watchers.erase(watchers.begin() + static_cast<int>(random() % watchers.size()));
    }
    for (size_t i = 0; i < watchers.size(); ++i) {
      // The first are eager, the last sleep for most of the time.
      if (random() % (1 + 8 * i) != 0 || !watchers[i]->Take()) continue;
      ++taken;
      check(*watchers[i]);
    }
  }
  EXPECT_GT(taken, 100);
  // In the end everybody gets to the newest board, however far behind he was.
  for (const auto& watcher : watchers) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (watcher->columns() != boards[watcher->filter()].rbegin()->second) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << watcher->filter();
      if (watcher->Take()) {
        check(*watcher);
      } else {
        std::this_thread::yield();
      }
    }
  }
}

TEST_F(SharedBoardTest, TellsOfDealsThatMatchItsFilterOrDid) {
  using ::testing::ElementsAre;
  Open(20);
  Watching watcher(*boards_, "amount > 1000", Open(1));
  watcher.MustTake();
  // Every change is told before the next one comes.
  const auto after = [&](Position position) {
    watcher.MustTake();
    EXPECT_EQ(watcher.position(), position);
    return watcher.deals();
  };
  EXPECT_THAT(after(Open(30)), ElementsAre("Deal 30"));
  Open(2);  // None of its business, now or later.
  SetAmount(1, 500);
  EXPECT_THAT(after(SetAmount(30, 1500)), ElementsAre("Deal 30"));
  EXPECT_THAT(after(SetAmount(20, 900)), ElementsAre("Deal 20")) << "it left the board";
  Move(20, "Offer");
  EXPECT_THAT(after(SetAmount(2, 1001)), ElementsAre("Deal 2")) << "it came";
  EXPECT_THAT(after(Move(2, "Offer")), ElementsAre("Deal 2"));
}

TEST_F(SharedBoardTest, IsComputedOnceAndItsBytesAreShared) {
  const Position opened = Open(1);
  std::vector<std::unique_ptr<Watching>> watchers;
  for (int i = 0; i < 5; ++i) {
    watchers.push_back(std::make_unique<Watching>(*boards_, "", opened));
    watchers.back()->MustTake();
  }
  EXPECT_EQ(boards_->counts().boards, 1u);
  EXPECT_EQ(boards_->counts().watchers, 5u);
  Board("");  // Whatever was still to be folded is.
  const uint64_t before = boards_->counts().computations;
  const Position moved = Move(1, "Offer");
  for (const auto& watcher : watchers) watcher->MustTake();
  EXPECT_EQ(boards_->counts().computations, before + 1);
  for (const auto& watcher : watchers) {
    EXPECT_EQ(watcher->position(), moved);
    EXPECT_EQ(watcher->whole_boards(), 1);
    EXPECT_EQ(watcher->bytes(), watchers[0]->bytes()) << "not the same bytes: other ones";
  }
  // Another filter is another board; who goes takes his own along.
  const auto other = std::make_unique<Watching>(*boards_, "amount > 1", opened);
  EXPECT_EQ(boards_->counts().boards, 2u);
  watchers.clear();
  EXPECT_EQ(boards_->counts().boards, 1u);
  EXPECT_EQ(boards_->counts().watchers, 1u);
}

TEST_F(SharedBoardTest, OneWhoIsTooFarBehindGetsTheWholeBoard) {
  const Position opened = Open(1);
  Watching fast(*boards_, "", opened);
  Watching slow(*boards_, "", opened);
  Watching behind(*boards_, "", opened);
  for (Watching* watcher : {&fast, &slow, &behind}) watcher->MustTake();
  for (size_t i = 0; i < kWatchChangesMax; ++i) {
    Move(1, i % 2 == 0 ? "Offer" : "Lead");
    fast.MustTake();
  }
  // As many as are kept: one after another.
  for (size_t i = 0; i < kWatchChangesMax; ++i) ASSERT_TRUE(slow.Take()) << i;
  EXPECT_EQ(slow.whole_boards(), 1);
  EXPECT_EQ(slow.position(), fast.position());
  Move(1, kWatchChangesMax % 2 == 0 ? "Offer" : "Lead");
  fast.MustTake();
  ASSERT_TRUE(behind.Take());
  EXPECT_EQ(behind.whole_boards(), 2);
  EXPECT_EQ(behind.position(), fast.position());
  EXPECT_EQ(behind.columns(), fast.columns());
  EXPECT_FALSE(behind.Take());
}

TEST_F(SharedBoardTest, OneWhoComesLateSeesWhatWasWrittenBefore) {
  Watching first(*boards_, "", head_);
  first.MustTake();
  const Position opened = Open(1);
  Watching late(*boards_, "", opened);
  late.MustTake();
  EXPECT_GE(late.position(), opened);
  EXPECT_EQ(late.whole_boards(), 1);
}

TEST_F(SharedBoardTest, AnErrorEndsABoardAndTheNextWatcherGetsANewOne) {
  const auto broken = boards_->Watch({.tenant = kAcme, .pipeline = "Nowhere"}, Position{});
  broken->SetWake([] {});
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  absl::StatusOr<StreamSource::Item> item = broken->Next();
  while (item.ok() && std::chrono::steady_clock::now() < deadline) item = broken->Next();
  EXPECT_EQ(item.status().code(), absl::StatusCode::kNotFound) << item.status();

  v1::CreatePipelineRequest pipeline;
  pipeline.set_display_name("Nowhere");
  for (const auto& [label, kind] :
       {std::pair{"Only", v1::Stage::OPEN}, {"Won", v1::Stage::WON}, {"Lost", v1::Stage::LOST}}) {
    pipeline.add_stages()->set_label(label);
    pipeline.mutable_stages(pipeline.stages_size() - 1)->set_kind(kind);
  }
  const Position created = Run(pipeline);
  const auto again = boards_->Watch({.tenant = kAcme, .pipeline = "Nowhere"}, created);
  again->SetWake([] {});
  item = again->Next();
  while (item.ok() && item->kind == StreamSource::Item::Kind::kWait &&
         std::chrono::steady_clock::now() < deadline) {
    item = again->Next();
  }
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->kind, StreamSource::Item::Kind::kMessage);
}

// He sat down while the board was still to begin, and was told to wait.
TEST_F(SharedBoardTest, WhoSitsThereIsToldThatItCannotBegin) {
  auto store = projections::OpenViewStore(folder_.path() + "/small");
  ASSERT_TRUE(store.ok()) << store.status();
  const auto small =
      projections::StartRunner(*log_, **store, projections::AllViews(), {.memory_bytes_max = 1});
  ASSERT_TRUE(small->Read(kAcme, {}, absl::Now() + absl::Seconds(20)).ok());
  ASSERT_TRUE(small->Watch(kAcme, [] {}).ok());
  std::atomic<uint64_t> computations{0};
  const auto board = std::make_shared<SharedBoard>(BoardParts{.log = *log_,
                                                              .runner = *small,
                                                              .clock = base::SystemClock(),
                                                              .streams = streams_,
                                                              .reads = reads_},
                                                   BoardKey{.tenant = {"other"}}, computations);
  int woken = 0;
  const uint64_t seat = board->Enter({.wake = [&woken] { ++woken; }});
  board->Start(Position{});
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(base::ReasonOf(board->Next(seat).status()), "OVERLOADED");
  board->Leave(seat);
}

TEST(SameColumns, SeesThoseThatAreGoneOrMoved) {
  v1::GetBoardResponse before;
  before.set_pipeline("Sales");
  for (const char* id : {"a", "b"}) before.add_columns()->set_stage_id(id);
  EXPECT_TRUE(SameColumns(before, before));
  v1::GetBoardResponse now = before;
  now.mutable_columns(0)->set_count(7);
  EXPECT_TRUE(SameColumns(before, now)) << "what is in them is not meant";
  now.mutable_columns()->SwapElements(0, 1);
  EXPECT_FALSE(SameColumns(before, now));
  now = before;
  now.mutable_columns()->RemoveLast();
  EXPECT_FALSE(SameColumns(before, now));
  now = before;
  now.set_pipeline("Renamed");
  EXPECT_FALSE(SameColumns(before, now));
}

}  // namespace
}  // namespace dealog::rpc
