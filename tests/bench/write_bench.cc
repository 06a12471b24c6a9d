// Durable MoveDeal through gRPC on loopback against three yardsticks of the same run: a bare gRPC
// echo, a bare fdatasync of 4 KiB and a bare synced RocksDB write. Rounds alternate, medians are
// printed.   bench_write FOLDER [--seconds S] [--rounds N] [--in-flight N]
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <rocksdb/db.h>

#include "dealog/v1/board.grpc.pb.h"
#include "dealog/v1/deals.grpc.pb.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "tests/bench/series.h"
#include "tests/bench/support.h"
#include "tests/bench/yardsticks.h"

namespace dealog::bench {
namespace {

constexpr char kTenant[] = "bench";
constexpr int kDeals = 1024;
constexpr int kInFlight[] = {1, 16, 64, 256};

struct Options {
  double seconds = 2;
  int rounds = 3;
  int in_flight = 0;  // 0 = each of kInFlight, and the visibility of commits.
  bool Includes(int each) const { return in_flight == 0 || in_flight == each; }
};

// Synced writes of 300 bytes per second, one writer.
double RocksDbWritesPerSecond(const std::string& folder) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(options, MakeFolder(folder, "rocksdb"), &raw);
  if (!opened.ok()) std::abort();
  const std::unique_ptr<rocksdb::DB> db(raw);
  rocksdb::WriteOptions sync;
  sync.sync = true;
  const std::string value(300, 'x');
  const int64_t begin = base::MonotonicMicros();
  int64_t writes = 0;
  for (; base::MonotonicMicros() - begin < 500'000; ++writes) {
    if (!db->Put(sync, "key" + std::to_string(writes), value).ok()) std::abort();
  }
  return static_cast<double>(writes) * 1e6 / static_cast<double>(base::MonotonicMicros() - begin);
}

// A dealogd with a tenant and deals to move to and fro between two OPEN stages.
class MoveDealLoad {
 public:
  MoveDealLoad(const std::string& folder, const std::vector<std::string>& flags)
      : server_(Command(folder, flags)), channel_(Connect(server_.address())) {
    deals_stub_ = v1::DealService::NewStub(channel_);
    CreateTenant();
    for (int i = 0; i < kDeals; ++i) OpenDeal();
  }

  Sample Run(int in_flight, int64_t duration_us) {
    turns_.assign(static_cast<size_t>(in_flight), 0);
    return RunClosedLoop(in_flight, duration_us, &server_,
                         [&](int slot, auto done) { Move(slot, in_flight, std::move(done)); });
  }

  // Board reads that must see the last commit, while moves run at about `rate` per second.
  Sample RunVisibility(double rate, int64_t duration_us);

  const Child& server() const { return server_; }

 private:
  struct Call {
    grpc::ClientContext context;
    v1::MoveDealRequest request;
    v1::DealMutationResponse response;
  };

  static std::vector<std::string> Command(const std::string& folder,
                                          const std::vector<std::string>& flags) {
    std::vector<std::string> command = {BinFolder() + "/dealogd", "--data-dir",
                                        MakeFolder(folder, "dealogd"), "--listen", "127.0.0.1:0"};
    command.insert(command.end(), flags.begin(), flags.end());
    return command;
  }

  void CreateTenant() {
    grpc::ClientContext context;
    Prepare(context, kTenant);
    v1::CreateTenantRequest request;
    request.set_name(kTenant);
    v1::CreateTenantResponse response;
    Must(v1::TenantService::NewStub(channel_)->CreateTenant(&context, request, &response),
         "CreateTenant");
    grpc::ClientContext pipeline_context;
    Prepare(pipeline_context, kTenant);
    v1::CreatePipelineRequest pipeline;
    pipeline.set_display_name("Bench");
    for (const char* label : {"A", "B"}) {
      pipeline.add_stages()->set_label(label);
      pipeline.mutable_stages()->rbegin()->set_kind(v1::Stage::OPEN);
    }
    pipeline.add_stages()->set_label("Won");
    pipeline.mutable_stages()->rbegin()->set_kind(v1::Stage::WON);
    pipeline.add_stages()->set_label("Lost");
    pipeline.mutable_stages()->rbegin()->set_kind(v1::Stage::LOST);
    v1::PipelineMutationResponse created;
    Must(v1::PipelineService::NewStub(channel_)->CreatePipeline(&pipeline_context, pipeline,
                                                                &created),
         "CreatePipeline");
    stages_[0] = created.pipeline().stages(0).stage_id();
    stages_[1] = created.pipeline().stages(1).stage_id();
  }

  void OpenDeal() {
    grpc::ClientContext context;
    Prepare(context, kTenant);
    v1::OpenDealRequest request;
    request.set_pipeline("Bench");
    request.set_title("Deal");
    v1::DealMutationResponse response;
    Must(deals_stub_->OpenDeal(&context, request, &response), "OpenDeal");
    deals_.push_back(response.deal().deal_id());
    at_.push_back(0);
  }

  // Slot s moves the deals s, s + in_flight, … in turn, so that no two calls share a deal.
  void Move(int slot, int in_flight, std::function<void(bool)> done) {
    size_t& turn = turns_[static_cast<size_t>(slot)];
    turn += static_cast<size_t>(in_flight);
    const size_t deal = (static_cast<size_t>(slot) + turn) % kDeals;
    auto call = std::make_shared<Call>();
    Prepare(call->context, kTenant);
    call->request.set_deal_id(deals_[deal]);
    at_[deal] ^= 1;
    call->request.set_to_stage(stages_[at_[deal]]);
    deals_stub_->async()->MoveDeal(&call->context, &call->request, &call->response,
                                   [this, call, done = std::move(done)](grpc::Status status) {
                                     if (!status.ok()) Must(status, "MoveDeal");
                                     done(true);
                                   });
  }

  Child server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::DealService::Stub> deals_stub_;
  std::string stages_[2];
  std::vector<std::string> deals_;
  std::vector<int> at_;        // Which of the two stages each deal is in.
  std::vector<size_t> turns_;  // Per slot, how far it has gone round its deals.
};

Sample MoveDealLoad::RunVisibility(double rate, int64_t duration_us) {
  // A background thread moves deals at about the rate asked for. The probe tags a deal, then reads
  // the board at that commit's token: the time from the one reply to the other is how long the
  // commit took to be visible, and the board's own call.
  turns_.assign(16, 0);
  auto board = v1::BoardService::NewStub(channel_);
  std::vector<int64_t> visible_us;
  const int64_t end = base::MonotonicMicros() + duration_us;
  std::thread background([&] {
    const auto gap_us = static_cast<int64_t>(16 * 1e6 / rate);
    while (base::MonotonicMicros() < end) {
      const int64_t begin = base::MonotonicMicros();
      std::atomic<int> pending{16};
      for (int slot = 0; slot < 16; ++slot) {
        Move(slot, 16, [&](bool) { pending.fetch_sub(1); });
      }
      while (pending.load() > 0) usleep(50);
      const int64_t rest = gap_us - (base::MonotonicMicros() - begin);
      if (rest > 0) usleep(static_cast<useconds_t>(rest));
    }
  });
  const size_t probe = kDeals - 1;
  while (base::MonotonicMicros() < end) {
    grpc::ClientContext move_context;
    Prepare(move_context, kTenant);
    v1::TagDealRequest tag;
    tag.set_deal_id(deals_[probe]);
    tag.add_tags("t" + std::to_string(visible_us.size() % 48));
    v1::DealMutationResponse moved;
    Must(deals_stub_->TagDeal(&move_context, tag, &moved), "TagDeal");
    const int64_t begin = base::MonotonicMicros();
    grpc::ClientContext board_context;
    Prepare(board_context, kTenant);
    v1::GetBoardRequest request;
    request.set_pipeline("Bench");
    request.set_cards_per_column(0);
    request.mutable_consistency()->set_at_least(moved.commit().token());
    v1::GetBoardResponse response;
    Must(board->GetBoard(&board_context, request, &response), "GetBoard");
    visible_us.push_back(base::MonotonicMicros() - begin);
    usleep(2000);
  }
  background.join();
  Sample sample;
  sample.latencies_us = std::move(visible_us);
  sample.elapsed_us = duration_us;
  return sample;
}

void PrintCalls(const char* name, int in_flight, const Series& series) {
  std::printf("%-22s %4d in flight  %8.0f /s   p50 %7.0f us   p99 %7.0f us   server CPU %6.1f us\n",
              name, in_flight, Median(series.rate), Median(series.p50), Median(series.p99),
              Median(series.cpu));
}

int Main(const std::string& folder, const Options& options) {
  const auto duration_us = static_cast<int64_t>(options.seconds * 1e6);
  std::vector<double> fdatasync_us;
  std::vector<double> rocksdb_rate;
  std::map<int, Series> echo, move, idle;
  EchoLoad echo_load;
  {
    MoveDealLoad with_views(MakeFolder(folder, "with"), {});
    MoveDealLoad without_views(MakeFolder(folder, "without"), {"--views=off"});
    for (int round = 0; round < options.rounds; ++round) {
      fdatasync_us.push_back(FdatasyncMicros(folder));
      rocksdb_rate.push_back(RocksDbWritesPerSecond(folder));
      for (const int in_flight : kInFlight) {
        if (!options.Includes(in_flight)) continue;
        echo[in_flight].Add(echo_load.Run(in_flight, duration_us));
        move[in_flight].Add(with_views.Run(in_flight, duration_us));
        idle[in_flight].Add(without_views.Run(in_flight, duration_us));
      }
    }
    if (options.in_flight == 0) {
      const double half = Median(move[256].rate) / 2;
      const Sample visible = with_views.RunVisibility(half, 3'000'000);
      std::printf("visible in the board at %.0f commits/s: p50 %lld us, p99 %lld us (aim 10,000)\n",
                  half, static_cast<long long>(visible.Percentile(50)),
                  static_cast<long long>(visible.Percentile(99)));
    }
  }
  std::printf("bare fdatasync of 4 KiB: p50 %.0f us\n", Median(fdatasync_us));
  std::printf("bare synced RocksDB write of 300 B: %.0f /s\n", Median(rocksdb_rate));
  for (const int in_flight : kInFlight) {
    if (!options.Includes(in_flight)) continue;
    PrintCalls("gRPC echo", in_flight, echo[in_flight]);
    PrintCalls("MoveDeal", in_flight, move[in_flight]);
    PrintCalls("MoveDeal, views off", in_flight, idle[in_flight]);
    std::printf(
        "  ratio: rate %.2f of the echo's (floor 0.45, aim 0.60 at 64 and 256), "
        "CPU %.2f x (bound 2.5), views off %.2f x\n",
        Median(move[in_flight].rate) / Median(echo[in_flight].rate),
        Median(move[in_flight].cpu) / Median(echo[in_flight].cpu),
        Median(idle[in_flight].cpu) / Median(echo[in_flight].cpu));
  }
  if (options.Includes(1)) {
    std::printf("p50 at 1 in flight: %.2f x (fdatasync + echo) (bound 1.6)\n",
                Median(move[1].p50) / (Median(fdatasync_us) + Median(echo[1].p50)));
  }
  return 0;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--echo-server") == 0) return dealog::bench::ServeEcho();
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_write FOLDER [--seconds S] [--rounds N] [--in-flight N]\n");
    return 2;
  }
  dealog::bench::Options options;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seconds") == 0) options.seconds = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--rounds") == 0) options.rounds = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--in-flight") == 0) options.in_flight = std::atoi(argv[i + 1]);
  }
  return dealog::bench::Main(argv[1], options);
}
