// Method: a whole server with some traffic, scraped through its admin listener; what it serves
// against docs/metrics.md, both ways, and the dashboard's and the alerts' expressions against that.

#include "services/server/metrics.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "dealog/v1/deals.grpc.pb.h"
#include "dealog/v1/groups.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "services/server/server.h"
#include "tests/services/server/scrape.h"
#include "tests/services/server/temp_dir.h"

namespace dealog::server {
namespace {

using ::testing::ContainerEq;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Name to type, of lines "# TYPE name type".
std::map<std::string, std::string> ServedFamilies(const std::string& text) {
  std::map<std::string, std::string> families;
  const std::regex line("# TYPE (\\S+) (\\S+)");
  for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it) {
    EXPECT_TRUE(families.emplace((*it)[1], (*it)[2]).second) << "twice: " << (*it)[1];
  }
  return families;
}

// Name to type, of rows "| `name` | type |".
std::map<std::string, std::string> DocumentedFamilies() {
  const std::string text = ReadText("docs/metrics.md");
  std::map<std::string, std::string> families;
  const std::regex row("\\| `(\\w+)` \\| (\\w+) \\|");
  for (std::sregex_iterator it(text.begin(), text.end(), row), end; it != end; ++it) {
    EXPECT_TRUE(families.emplace((*it)[1], (*it)[2]).second) << "twice: " << (*it)[1];
  }
  return families;
}

// The names in PromQL text that docs/metrics.md does not have. A histogram's series end in _bucket,
// _sum or _count.
std::set<std::string> UndocumentedIn(const std::string& text) {
  const auto documented = DocumentedFamilies();
  std::set<std::string> unknown;
  const std::regex name("\\b(?:dealog|process|exposer)_\\w+");
  for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it) {
    const std::string found = it->str();
    const std::string family = std::regex_replace(found, std::regex("_(bucket|sum|count)$"), "");
    const auto histogram = documented.find(family);
    const bool known = documented.contains(found) ||
                       (histogram != documented.end() && histogram->second == "histogram");
    if (!known) unknown.insert(found);
  }
  return unknown;
}

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() {
    auto server =
        Start({.data_dir = temp_.path(), .listen = "127.0.0.1:0", .admin_listen = "127.0.0.1:0"});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
  }

  static void Prepare(grpc::ClientContext& context) {
    context.AddMetadata("dealog-tenant", "acme");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  }
  void CreateTenant() {
    grpc::ClientContext context;
    Prepare(context);
    v1::CreateTenantRequest request;
    request.set_name("acme");
    v1::CreateTenantResponse response;
    const auto stub = v1::TenantService::NewStub(channel_);
    EXPECT_TRUE(stub->CreateTenant(&context, request, &response).ok());
  }
  // Refused by the sequencer: there is no such deal.
  void MoveNoDeal() {
    grpc::ClientContext context;
    Prepare(context);
    v1::MoveDealRequest request;
    request.set_deal_id("deal_01h455vb4pex5vsknk084sn02q");
    request.set_to_stage("Lead");
    v1::DealMutationResponse response;
    const auto stub = v1::DealService::NewStub(channel_);
    EXPECT_EQ(stub->MoveDeal(&context, request, &response).error_code(),
              grpc::StatusCode::NOT_FOUND);
  }

  const TempDir temp_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(MetricsTest, ServesWhatIsDocumentedAndNothingElse) {
  CreateTenant();
  MoveNoDeal();
  Scrape(server_->admin_address());  // The exposer counts scrapes once they have ended.
  EXPECT_THAT(ServedFamilies(Scrape(server_->admin_address())), ContainerEq(DocumentedFamilies()));
}

TEST_F(MetricsTest, KeepsToTheConventions) {
  for (const auto& [name, type] : DocumentedFamilies()) {
    if (name.starts_with("exposer_")) continue;  // The library's own.
    EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
    EXPECT_THAT(name, Not(ContainsRegex("_(ms|us|micros|millis|kb|mb)(_|$)"))) << "base units";
    EXPECT_TRUE(name.starts_with("dealog_") || name.starts_with("process_")) << name;
  }
}

TEST_F(MetricsTest, CountsWhatHappened) {
  CreateTenant();
  MoveNoDeal();
  const std::string text = Scrape(server_->admin_address());
  EXPECT_THAT(text, HasSubstr("\ndealog_log_commits_total 1\n"));
  EXPECT_THAT(text, HasSubstr("\ndealog_log_sync_seconds_count 1\n"));
  EXPECT_THAT(text, HasSubstr("\ndealog_commands_total 2\n"));
  EXPECT_THAT(text, HasSubstr("\ndealog_commands_refused_total{reason=\"DEAL_NOT_FOUND\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("dealog_rpc_calls_total{method=\"/dealog.v1.DealService/MoveDeal\","
                              "code=\"NOT_FOUND\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("dealog_rpc_duration_seconds_count{method=\"/dealog.v1.DealService/"
                              "MoveDeal\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("acme"))) << "no label names a tenant";
}

TEST_F(MetricsTest, CountsSubscribersWhileTheyAreThere) {
  CreateTenant();
  grpc::ClientContext context;
  Prepare(context);
  v1::SubscribeRequest request;
  request.set_after_position(0);
  const auto stub = v1::LogService::NewStub(channel_);
  const auto stream = stub->Subscribe(&context, request);
  v1::SubscribeResponse response;
  while (stream->Read(&response) && !response.has_caught_up()) {
  }
  const std::string text = Scrape(server_->admin_address());
  EXPECT_THAT(text, HasSubstr("\ndealog_subscribers 1\n"));
  EXPECT_THAT(text, HasSubstr("\ndealog_subscription_lag_events 0\n"));
  context.TryCancel();
  stream->Finish();
}

TEST_F(MetricsTest, WatchGroupsThatStandStill) {
  CreateTenant();
  EXPECT_THAT(Scrape(server_->admin_address()),
              HasSubstr("\ndealog_group_since_progress_seconds 0\n"));
  grpc::ClientContext context;
  Prepare(context);
  v1::CreateGroupRequest request;
  request.set_name("mailer");
  request.set_after_position(0);
  v1::CreateGroupResponse response;
  const auto stub = v1::ConsumerGroupService::NewStub(channel_);
  ASSERT_TRUE(stub->CreateGroup(&context, request, &response).ok());
  const std::string text = Scrape(server_->admin_address());
  EXPECT_THAT(text, HasSubstr("\ndealog_groups 1\n"));
  EXPECT_THAT(text, HasSubstr("\ndealog_groups_failed 0\n"));
  EXPECT_THAT(text, HasSubstr("\ndealog_group_consumers 0\n"));
  EXPECT_THAT(text, ContainsRegex("\ndealog_group_lag_events [1-9]"));
  // Nobody consumes, and there is something to consume.
  EXPECT_THAT(text, ContainsRegex("\ndealog_group_since_progress_seconds [0-9.e-]*[1-9]"));
}

TEST_F(MetricsTest, EndWithTheServer) {
  EXPECT_THAT(server_->admin_address(), Not(IsEmpty()));
  server_->Stop();
  EXPECT_THAT(server_->admin_address(), IsEmpty());
}

TEST(Metrics, AreNotServedUnlessAskedFor) {
  const TempDir temp;
  const auto server = Start({.data_dir = temp.path(), .listen = "127.0.0.1:0"});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT((*server)->admin_address(), IsEmpty());
}

TEST(Metrics, AreServedOnLoopbackOnly) {
  const TempDir temp;
  const auto server =
      Start({.data_dir = temp.path(), .listen = "127.0.0.1:0", .admin_listen = "0.0.0.0:0"});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("--admin-listen"));
}

TEST(Dashboard, UsesDocumentedMetricsOnly) {
  const std::string text = ReadText("deploy/grafana/dealog.json");
  EXPECT_THAT(text, HasSubstr("dealog_log_events_total"));
  EXPECT_THAT(UndocumentedIn(text), IsEmpty());
}

TEST(Dashboard, ShowsEveryMetricOfTheLog) {
  const std::string text = ReadText("deploy/grafana/dealog.json");
  for (const auto& [name, type] : DocumentedFamilies()) {
    if (!name.starts_with("dealog_log_") && !name.starts_with("dealog_rocksdb_")) continue;
    EXPECT_THAT(text, HasSubstr(name));
  }
}

TEST(Alerts, UseDocumentedMetricsOnly) {
  const std::string text = ReadText("deploy/grafana/alerts.yaml");
  EXPECT_THAT(text, HasSubstr("dealog_log_failed"));
  EXPECT_THAT(UndocumentedIn(text), IsEmpty());
}

TEST(Alerts, ATypingErrorWouldBeFound) {
  EXPECT_THAT(UndocumentedIn("rate(dealog_log_evnts_total[1m])"),
              ::testing::ElementsAre("dealog_log_evnts_total"));
  EXPECT_THAT(UndocumentedIn("dealog_log_events_total_sum"), Not(IsEmpty()));
  EXPECT_THAT(UndocumentedIn("dealog_log_sync_seconds_bucket"), IsEmpty());
}

}  // namespace
}  // namespace dealog::server
