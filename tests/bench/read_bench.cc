// Reads on a data folder that bench_fill made: time to ready, rebuild of all views, replay of the
// log, boards, pages of lists and KPIs.   bench_read FOLDER TENANT [--keep-views] [--only TEXT]
// With --only, just the boards, lists and KPIs whose name has the text. Latencies are the client's;
// the server's CPU per call tells what a busy machine hides.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <google/protobuf/arena.h>

#include "dealog/v1/admin.grpc.pb.h"
#include "dealog/v1/board.grpc.pb.h"
#include "dealog/v1/deals.grpc.pb.h"
#include "dealog/v1/kpi.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "tests/bench/support.h"

namespace dealog::bench {
namespace {

class Reader {
 public:
  Reader(const Child& server, std::string tenant, std::string only = "")
      : server_(server),
        channel_(Connect(server.address())),
        tenant_(std::move(tenant)),
        only_(std::move(only)) {}

  // Waits until every projection is LIVE; returns events folded by the slowest.
  int64_t AwaitViews() {
    auto stub = v1::AdminService::NewStub(channel_);
    while (true) {
      grpc::ClientContext context;
      Prepare(context, tenant_);
      v1::ListProjectionsResponse response;
      Must(stub->ListProjections(&context, {}, &response), "ListProjections");
      bool live = true;
      int64_t folded = INT64_MAX;
      for (const v1::Projection& projection : response.projections()) {
        live = live && projection.state() == v1::Projection::LIVE;
        folded = std::min(folded, projection.events_folded());
      }
      if (live && Head() > 0) return folded;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  int64_t Head() {
    grpc::ClientContext context;
    Prepare(context, tenant_);
    v1::GetHeadResponse response;
    Must(v1::LogService::NewStub(channel_)->GetHead(&context, {}, &response), "GetHead");
    return response.position();
  }

  // Events per second of a full replay; the client parses every message on an arena.
  double Replay() {
    auto stub = v1::LogService::NewStub(channel_);
    grpc::ClientContext context;
    Prepare(context, tenant_);
    v1::ReadLogRequest request;
    request.set_payload_form(v1::PAYLOAD_FORM_STORED);
    const int64_t begin = base::MonotonicMicros();
    auto reader = stub->ReadLog(&context, request);
    int64_t events = 0;
    v1::ReadLogResponse response;
    while (reader->Read(&response)) events += response.stored_events_size();
    Must(reader->Finish(), "ReadLog");
    return static_cast<double>(events) * 1e6 / static_cast<double>(base::MonotonicMicros() - begin);
  }

  std::string FirstPipeline() {
    grpc::ClientContext context;
    Prepare(context, tenant_);
    v1::ListPipelinesResponse response;
    Must(v1::PipelineService::NewStub(channel_)->ListPipelines(&context, {}, &response),
         "ListPipelines");
    return response.pipelines(0).pipeline_id();
  }

  void Board(const char* name, const v1::GetBoardRequest& request, int64_t bound_us) {
    auto stub = v1::BoardService::NewStub(channel_);
    Measure(name, 200, bound_us, [&] {
      grpc::ClientContext context;
      Prepare(context, tenant_);
      v1::GetBoardResponse response;
      Must(stub->GetBoard(&context, request, &response), name);
    });
  }

  // Page after page, from the first one again after the last.
  void List(const std::string& name, v1::ListDealsRequest request, int64_t bound_us) {
    auto stub = v1::DealService::NewStub(channel_);
    Measure(name, 100, bound_us, [&] {
      grpc::ClientContext context;
      Prepare(context, tenant_);
      v1::ListDealsResponse response;
      Must(stub->ListDeals(&context, request, &response), name.c_str());
      request.set_page_token(response.next_page_token());
    });
  }

  void Cards(const std::string& name, v1::ListColumnCardsRequest request, int64_t bound_us) {
    auto stub = v1::BoardService::NewStub(channel_);
    Measure(name, 100, bound_us, [&] {
      grpc::ClientContext context;
      Prepare(context, tenant_);
      v1::ListColumnCardsResponse response;
      Must(stub->ListColumnCards(&context, request, &response), name.c_str());
      request.set_page_token(response.next_page_token());
    });
  }

  void Kpi(const char* name, const v1::QueryKpiRequest& request, int64_t bound_us, int runs = 50) {
    auto stub = v1::KpiService::NewStub(channel_);
    Measure(name, runs, bound_us, [&] {
      grpc::ClientContext context;
      Prepare(context, tenant_);
      v1::QueryKpiResponse response;
      Must(stub->QueryKpi(&context, request, &response), name);
    });
  }

 private:
  void Measure(const std::string& name, int runs, int64_t bound_us,
               const std::function<void()>& call) const {
    if (name.find(only_) == std::string::npos) return;
    Sample sample;
    call();
    const int64_t cpu_begin = server_.CpuMicros();
    for (int i = 0; i < runs; ++i) {
      const int64_t begin = base::MonotonicMicros();
      call();
      sample.latencies_us.push_back(base::MonotonicMicros() - begin);
    }
    const auto cpu_us = static_cast<double>(server_.CpuMicros() - cpu_begin);
    std::printf("%-34s p50 %7.2f ms   p99 %7.2f ms   CPU %7.2f ms   (bound %g ms)\n", name.c_str(),
                static_cast<double>(sample.Percentile(50)) / 1000,
                static_cast<double>(sample.Percentile(99)) / 1000, cpu_us / 1000 / runs,
                static_cast<double>(bound_us) / 1000);
  }

  const Child& server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::string tenant_;
  std::string only_;
};

void Boards(Reader& reader, const std::string& pipeline) {
  v1::GetBoardRequest board;
  board.set_pipeline(pipeline);
  reader.Board("board, unfiltered", board, 5000);
  board.set_filter("owner = \"Member 3\" AND tags:\"vip\"");
  reader.Board("board, owner and tag", board, 2000);
  board.clear_filter();
  board.set_column_by(v1::BOARD_COLUMN_BY_DECISION_MONTH);
  reader.Board("board by decision month", board, 5000);
}

void Lists(Reader& reader, const std::string& pipeline) {
  constexpr int64_t kIndexedUs = 10'000;
  constexpr int64_t kOtherUs = 150'000;
  const struct {
    const char* name;
    const char* filter;
    int64_t bound_us;
  } filters[] = {{"all", "", kIndexedUs},
                 {"owner", "owner = \"Member 3\"", kIndexedUs},
                 {"owner and tag", "owner = \"Member 3\" AND tags:\"vip\"", kIndexedUs},
                 {"status", "status = OPEN", kIndexedUs},
                 {"amount", "amount > 1000", kOtherUs},
                 {"rare title", "title:\"777\"", kOtherUs}};
  for (const auto& filter : filters) {
    for (const char* order : {"deal_id", "title", "create_time", "update_time desc", "amount desc",
                              "expected_close_date"}) {
      v1::ListDealsRequest request;
      request.set_filter(filter.filter);
      request.set_order_by(order);
      reader.List(std::string("list, ") + filter.name + " by " + order, request, filter.bound_us);
    }
  }
  v1::ListColumnCardsRequest cards;
  cards.set_pipeline(pipeline);
  cards.set_column("stage_1");
  reader.Cards("cards of a stage", cards, kIndexedUs);
  cards.set_filter("owner = \"Member 3\"");
  reader.Cards("cards of a stage, owner", cards, kIndexedUs);
  cards.clear_filter();
  cards.set_column_by(v1::BOARD_COLUMN_BY_DECISION_MONTH);
  cards.set_column("OVERDUE");
  reader.Cards("cards of overdue", cards, kIndexedUs);
}

void Kpis(Reader& reader, const std::string& pipeline, int64_t head) {
  const struct {
    v1::Kpi kpi;
    const char* name;
  } kinds[] = {{v1::KPI_CONVERSION, "conversion"}, {v1::KPI_WIN_RATE, "win rate"},
               {v1::KPI_CYCLE, "cycle"},           {v1::KPI_STAGES, "stages"},
               {v1::KPI_EXITS, "exits"},           {v1::KPI_DECISION_DATE, "decision date"}};
  for (const auto& kind : kinds) {
    v1::QueryKpiRequest request;
    request.set_kpi(kind.kpi);
    request.set_pipeline(pipeline);
    const std::string name = kind.name;
    reader.Kpi(name.c_str(), request, 10'000);
    request.set_group_by("owner");
    reader.Kpi((name + " by owner").c_str(), request, 10'000);
    request.set_filter("tags:\"vip\" AND amount > 1000");
    reader.Kpi((name + " by owner, filtered").c_str(), request, 10'000);
    request.clear_filter();
    request.mutable_as_of()->mutable_date()->set_year(2017);
    request.mutable_as_of()->mutable_date()->set_month(7);
    request.mutable_as_of()->mutable_date()->set_day(1);
    reader.Kpi((name + " by owner, as_of").c_str(), request, 20'000);
    request.clear_as_of();
    request.mutable_known_at()->set_position(head / 2);
    reader.Kpi((name + " by owner, known_at").c_str(), request, 1'000'000, 5);
  }
}

int Main(const std::string& folder, const std::string& tenant, bool keep_views,
         const std::string& only) {
  const std::vector<std::string> command = {BinFolder() + "/dealogd", "--data-dir", folder,
                                            "--listen", "127.0.0.1:0"};
  if (!keep_views) {
    std::filesystem::remove_all(folder + "/views");
    const int64_t begin = base::MonotonicMicros();
    Child server(command);
    Reader reader(server, tenant);
    const int64_t folded = reader.AwaitViews();
    const int64_t elapsed = base::MonotonicMicros() - begin;
    std::printf(
        "rebuild of all views: %lld events, %.0f events/s (floor 100,000, aim 200,000), "
        "CPU %.2f us/event\n",
        static_cast<long long>(folded),
        static_cast<double>(folded) * 1e6 / static_cast<double>(elapsed),
        static_cast<double>(server.CpuMicros()) / static_cast<double>(folded));
  }
  Child server(command);
  Reader reader(server, tenant, only);
  reader.AwaitViews();
  std::printf("ready after %.2f s with views on disk; resident memory %.0f MiB\n",
              static_cast<double>(server.ready_us()) / 1e6,
              static_cast<double>(server.ResidentBytes()) / (1 << 20));
  if (only.empty()) {
    std::vector<double> rates;
    for (int i = 0; i < 5; ++i) rates.push_back(reader.Replay());
    std::printf("replay, STORED: %.0f events/s (floor 500,000)\n", Median(rates));
  }
  const std::string pipeline = reader.FirstPipeline();
  Boards(reader, pipeline);
  Lists(reader, pipeline);
  Kpis(reader, pipeline, reader.Head());
  std::printf("resident memory after the queries %.0f MiB\n",
              static_cast<double>(server.ResidentBytes()) / (1 << 20));
  return 0;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  bool keep_views = false;
  std::string only;
  bool valid = argc >= 3;
  for (int i = 3; i < argc; ++i) {
    if (std::strcmp(argv[i], "--keep-views") == 0) {
      keep_views = true;
    } else if (std::strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
      only = argv[++i];
    } else {
      valid = false;
    }
  }
  if (!valid) {
    std::fprintf(stderr, "usage: bench_read FOLDER TENANT [--keep-views] [--only TEXT]\n");
    return 2;
  }
  return dealog::bench::Main(argv[1], argv[2], keep_views, only);
}
