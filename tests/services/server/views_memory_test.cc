// Method: whole servers with many tenants. First without a budget, to see what all of them hold;
// then with a quarter of that, written, read, watched and scraped at the same time. Whatever is
// answered must be what was acknowledged, tenants must have left and come back, and nobody may
// starve. Then a start with a thousand tenants, of which hardly anything may be loaded.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "dealog/v1/admin.grpc.pb.h"
#include "dealog/v1/board.grpc.pb.h"
#include "dealog/v1/deals.grpc.pb.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/worker.h"
#include "services/server/server.h"
#include "tests/services/server/scrape.h"
#include "tests/services/server/temp_dir.h"

namespace dealog::server {
namespace {

constexpr int kTenants = 50;
constexpr int kDealsAtFirst = 20;

std::string TenantName(uint32_t i) { return absl::StrCat("tenant-", i); }

// Calls of any tenant of one server.
class Client {
 public:
  explicit Client(const Server& server)
      : channel_(grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials())) {}

  static void Prepare(grpc::ClientContext& context, const std::string& tenant) {
    context.AddMetadata("dealog-tenant", tenant);
    context.AddMetadata("dealog-actor", "ada");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  }
  template <typename Service, typename Request, typename Response>
  grpc::Status Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                    const std::string& tenant, const Request& request, Response* response) {
    grpc::ClientContext context;
    Prepare(context, tenant);
    const auto stub = Service::NewStub(channel_);
    return (stub.get()->*method)(&context, request, response);
  }
  template <typename Service, typename Request, typename Response>
  Response Must(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                      Response*),
                const std::string& tenant, const Request& request) {
    Response response;
    const grpc::Status status = Call<Service>(method, tenant, request, &response);
    EXPECT_TRUE(status.ok()) << tenant << ": " << status.error_message();
    return response;
  }

  void MakeTenant(const std::string& name) {
    v1::CreateTenantRequest tenant;
    tenant.set_name(name);
    Must<v1::TenantService>(&v1::TenantService::Stub::CreateTenant, name, tenant);
  }
  void MakePipeline(const std::string& name) {
    v1::CreatePipelineRequest pipeline;
    pipeline.set_display_name("Sales");
    for (const auto& [label, kind] :
         {std::pair{"Lead", v1::Stage::OPEN}, {"Won", v1::Stage::WON}, {"Lost", v1::Stage::LOST}}) {
      pipeline.add_stages()->set_label(label);
      pipeline.mutable_stages(pipeline.stages_size() - 1)->set_kind(kind);
    }
    Must<v1::PipelineService>(&v1::PipelineService::Stub::CreatePipeline, name, pipeline);
  }
  void OpenDeal(const std::string& tenant) {
    v1::OpenDealRequest open;
    open.set_pipeline("Sales");
    open.set_title("A deal");
    Must<v1::DealService>(&v1::DealService::Stub::OpenDeal, tenant, open);
  }
  // Every deal and the board, as text: what two answers are compared by.
  std::string Everything(const std::string& tenant) {
    v1::ListDealsRequest list;
    list.set_page_size(1000);
    v1::GetBoardRequest board;
    board.set_pipeline("Sales");
    v1::GetBoardResponse shown =
        Must<v1::BoardService>(&v1::BoardService::Stub::GetBoard, tenant, board);
    for (v1::BoardColumn& column : *shown.mutable_columns()) column.clear_next_page_token();
    shown.clear_token();
    shown.clear_as_of();
    return absl::StrCat(
        Must<v1::DealService>(&v1::DealService::Stub::ListDeals, tenant, list).DebugString(),
        shown.DebugString());
  }
  int Deals(const std::string& tenant) {
    v1::ListDealsRequest list;
    list.set_page_size(1000);
    return Must<v1::DealService>(&v1::DealService::Stub::ListDeals, tenant, list).deals_size();
  }
  // Deals on the first board that a watcher is sent; -1 if he is refused because memory is short.
  int Watched(const std::string& tenant) {
    grpc::ClientContext context;
    Prepare(context, tenant);
    v1::WatchBoardRequest watch;
    watch.set_pipeline("Sales");
    const auto stub = v1::BoardService::NewStub(channel_);
    const auto stream = stub->WatchBoard(&context, watch);
    v1::WatchBoardResponse first;
    int deals = 0;
    if (!stream->Read(&first)) {
      const grpc::Status status = stream->Finish();
      EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED)
          << status.error_message();
      return -1;
    }
    for (const v1::BoardColumn& column : first.board().columns()) {
      deals += static_cast<int>(column.count());
    }
    context.TryCancel();
    return deals;
  }
  void Look(const std::string& admin_address) {
    Scrape(admin_address);
    Must<v1::AdminService>(&v1::AdminService::Stub::ListProjections, "",
                           v1::ListProjectionsRequest());
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

std::unique_ptr<Server> MustStart(const std::string& data_dir, uint64_t views_memory_bytes) {
  auto server = Start({.data_dir = data_dir,
                       .listen = "127.0.0.1:0",
                       .admin_listen = "127.0.0.1:0",
                       .views_memory_bytes = views_memory_bytes});
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

TEST(ViewsMemory, OfAQuarterServesAllWhoWriteReadWatchAndScrape) {
  const TempDir temp;
  uint64_t all = 0;
  {
    const auto server = MustStart(temp.path(), 0);
    Client client(*server);
    for (uint32_t i = 0; i < kTenants; ++i) {
      client.MakeTenant(TenantName(i));
      client.MakePipeline(TenantName(i));
      for (int deal = 0; deal < kDealsAtFirst; ++deal) client.OpenDeal(TenantName(i));
      client.Everything(TenantName(i));
    }
    absl::SleepFor(absl::Seconds(1));  // Flushed, and so measured.
    const std::string scraped = Scrape(server->admin_address());
    EXPECT_EQ(MetricOf(scraped, "dealog_views_resident_tenants"), kTenants);
    all = static_cast<uint64_t>(MetricOf(scraped, "dealog_views_memory_bytes"));
    ASSERT_GT(all, 0u);
  }
  const auto server = MustStart(temp.path(), all / 4);
  std::array<std::atomic<int>, kTenants> sent;      // Deals that were asked for,
  std::array<std::atomic<int>, kTenants> answered;  // and that were acknowledged.
  for (uint32_t i = 0; i < kTenants; ++i) sent[i] = answered[i] = kDealsAtFirst;
  std::atomic<bool> stop{false};
  std::atomic<int> writes{0};
  std::atomic<int> reads{0};
  std::atomic<int> watches{0};
  std::atomic<int> refused{0};
  std::atomic<int> scrapes{0};
  std::atomic<int64_t> longest_us{0};
  const auto within = [&](uint32_t tenant, int before, int deals) {
    EXPECT_GE(deals, before) << TenantName(tenant);
    EXPECT_LE(deals, sent[tenant]) << TenantName(tenant);
  };
  {
    std::vector<base::Worker> workers;
    const auto run = [&](uint32_t seed, auto step) {
      workers.emplace_back("client", [&, seed, step] {
        Client client(*server);
        std::mt19937 random(seed);
        while (!stop) {
          const int64_t begun_us = base::MonotonicMicros();
          step(client, static_cast<uint32_t>(random() % kTenants));
          longest_us = std::max<int64_t>(longest_us, base::MonotonicMicros() - begun_us);
        }
      });
    };
    run(1, [&](Client& client, uint32_t tenant) {
      ++sent[tenant];
      client.OpenDeal(TenantName(tenant));
      ++answered[tenant];
      ++writes;
    });
    for (uint32_t seed : {2, 3}) {
      run(seed, [&](Client& client, uint32_t tenant) {
        const int before = answered[tenant];
        within(tenant, before, client.Deals(TenantName(tenant)));
        ++reads;
      });
    }
    run(4, [&](Client& client, uint32_t tenant) {
      const int before = answered[tenant];
      const int deals = client.Watched(TenantName(tenant));
      if (deals < 0) {
        ++refused;
        return;
      }
      within(tenant, before, deals);
      ++watches;
    });
    run(5, [&](Client& client, uint32_t) {
      client.Look(server->admin_address());
      ++scrapes;
    });
    for (int i = 0; i < 100 || reads < 100 || watches < 20 || scrapes < 20; ++i) {
      absl::SleepFor(absl::Milliseconds(20));
      ASSERT_LT(i, 1'500) << reads << " reads, " << watches << " watches, " << scrapes
                          << " scrapes: somebody starves";
    }
    stop = true;
  }
  EXPECT_LT(longest_us, 5'000'000);
  const std::string scraped = Scrape(server->admin_address());
  std::cout << writes << " writes, " << reads << " reads, " << watches << " watches, " << refused
            << " refused, " << scrapes << " scrapes, the longest " << longest_us / 1000 << " ms, "
            << MetricOf(scraped, "dealog_views_evictions_total") << " evictions, "
            << MetricOf(scraped, "dealog_views_memory_bytes") << " of " << all / 4 << " bytes, "
            << MetricOf(scraped, "dealog_views_resident_tenants") << " tenants\n";
  EXPECT_GT(MetricOf(scraped, "dealog_views_evictions_total"), 100);
  EXPECT_LT(MetricOf(scraped, "dealog_views_resident_tenants"), kTenants);
  // Out and in again, twice: the same answers, and all that was acknowledged.
  Client client(*server);
  std::map<uint32_t, std::string> first;
  for (int round = 0; round < 2; ++round) {
    for (uint32_t i = 0; i < kTenants; ++i) {
      const std::string now = client.Everything(TenantName(i));
      if (round == 0) first[i] = now;
      EXPECT_EQ(now, first[i]) << TenantName(i);
      EXPECT_EQ(client.Deals(TenantName(i)), answered[i]) << TenantName(i);
    }
  }
}

// What the server itself looks up at a start, and who lists the tenants, loads one small view of
// each, and for a moment.
TEST(ViewsMemory, AStartWithAThousandTenantsLoadsNobodyForGood) {
  constexpr uint32_t kMany = 1'000;
  const TempDir temp;
  {
    const auto server = MustStart(temp.path(), 0);
    std::vector<base::Worker> makers;
    for (uint32_t maker = 0; maker < 8; ++maker) {
      makers.emplace_back("maker", [&server, maker] {
        Client client(*server);
        for (uint32_t i = maker; i < kMany; i += 8) {
          client.MakeTenant(TenantName(i));
          client.MakePipeline(TenantName(i));
        }
      });
    }
  }
  const int64_t begun_us = base::MonotonicMicros();
  const auto server = MustStart(temp.path(), 0);
  Client client(*server);
  EXPECT_EQ(client.Deals(TenantName(kMany / 2)), 0);
  const int64_t read_us = base::MonotonicMicros() - begun_us;
  EXPECT_LT(read_us, 5'000'000);
  v1::ListTenantsRequest list;
  list.set_page_size(1000);
  const int64_t list_begun_us = base::MonotonicMicros();
  const auto listed =
      client.Must<v1::TenantService>(&v1::TenantService::Stub::ListTenants, "", list);
  const int64_t list_us = base::MonotonicMicros() - list_begun_us;
  EXPECT_EQ(listed.tenants_size(), static_cast<int>(kMany));
  EXPECT_LT(list_us, 5'000'000);
  double resident = kMany;
  for (int i = 0; i < 2'000 && resident > 1; ++i) {
    absl::SleepFor(absl::Milliseconds(5));
    resident = MetricOf(Scrape(server->admin_address()), "dealog_views_resident_tenants");
  }
  EXPECT_EQ(resident, 1) << "the one that was read";
  const double bytes = MetricOf(Scrape(server->admin_address()), "dealog_views_memory_bytes");
  std::cout << "first read after " << read_us / 1000 << " ms, listed in " << list_us / 1000
            << " ms, " << bytes << " bytes resident\n";
}

}  // namespace
}  // namespace dealog::server
