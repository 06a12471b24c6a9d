#include "tests/simulation/workload.h"

#include <type_traits>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "google/protobuf/text_format.h"
#include "services/domain/activity.h"
#include "services/domain/deal.h"
#include "services/domain/pipeline.h"
#include "services/domain/tenant.h"
#include "services/domain/workflow.h"

namespace dealog::simulation {
namespace {

constexpr size_t kDeals = 8;
constexpr size_t kTags = 4;
const char* const kStages[] = {"Lead", "Offer", "Won", "Lost"};

// "deal_00000000000000000000000007".
std::string Id(const std::string& prefix, uint64_t number) {
  const std::string digits = absl::StrCat(number);
  return absl::StrCat(prefix, "_", std::string(26 - digits.size(), '0'), digits);
}

std::string Uuid(uint64_t a, uint64_t b) {
  return absl::StrCat(absl::Hex(a & 0xffffffff, absl::kZeroPad8), "-0000-7000-8000-",
                      absl::Hex(b & 0xffffffffffff, absl::kZeroPad12));
}

}  // namespace

commands::CommandContext Command::Context() const {
  commands::CommandContext context{.tenant = tenant,
                                   .origin = {.principal = "user:ada"},
                                   .method = method,
                                   .request_id = request_id,
                                   .fingerprint = fingerprint};
  context.creates_tenant = creates_tenant;
  return context;
}

std::vector<eventstore::TenantId> Workload::Tenants() { return {{"acme"}, {"zenith"}}; }

template <typename Request>
Command Workload::Make(const eventstore::TenantId& tenant, const std::string& text) {
  Request request;
  DEALOG_CHECK(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  Command command{.tenant = tenant, .text = absl::StrCat(Request::descriptor()->name(), " ", text)};
  command.method = absl::StrCat("/dealog.v1.Simulation/", Request::descriptor()->name());
  command.request_id = Uuid(random_(), ++made_);
  command.fingerprint = commands::Fingerprint(command.method, request);
  command.creates_tenant = std::is_same_v<Request, v1::CreateTenantRequest>;
  command.decide = [request](const domain::CommandMeta& meta, domain::StateReader& states) {
    return domain::Decide(request, meta, states);
  };
  return command;
}

std::vector<Command> Workload::Setup(const eventstore::TenantId& tenant) {
  const auto stage = [](int number, const std::string& label, const std::string& kind) {
    return absl::StrCat("stages { stage_id: '", Id("stage", number), "' label: '", label,
                        "' kind: ", kind, " } ");
  };
  std::vector<Command> setup;
  setup.push_back(
      Make<v1::CreateTenantRequest>(tenant, absl::StrCat("name: '", tenant.value, "'")));
  setup.push_back(Make<v1::CreatePipelineRequest>(
      tenant, absl::StrCat("pipeline_id: '", Id("pipeline", 1), "' display_name: 'Sales' ",
                           stage(1, "Lead", "OPEN"), stage(2, "Offer", "OPEN"),
                           stage(3, "Won", "WON"), stage(4, "Lost", "LOST"))));
  // One workflow always runs to its end; the other triggers on the first one's doing, and fails
  // where the deal is closed.
  const std::string definitions[] = {
      "trigger { event_type: 'DealOpened' } "
      "actions { create_activity { kind: 'TASK' title: 'Call' due_in_seconds: 60 } } "
      "actions { tag { add: 'new' } } actions { add_note { body: 'hello' } }",
      "trigger { event_type: 'DealTagged' } actions { add_note { body: 'tagged' } } "
      "actions { move_deal { to_stage: 'Offer' } }"};
  int number = 0;
  for (const std::string& definition : definitions) {
    const std::string id = Id("workflow", ++number);
    setup.push_back(Make<v1::CreateWorkflowDraftRequest>(
        tenant, absl::StrCat("workflow_id: '", id, "' definition { display_name: 'w", number, "' ",
                             definition, " }")));
    setup.push_back(Make<v1::PublishWorkflowRequest>(tenant, absl::StrCat("workflow: '", id, "'")));
  }
  return setup;
}

Command Workload::Next() {
  const std::vector<eventstore::TenantId> tenants = Tenants();
  const eventstore::TenantId& tenant = tenants[Below(tenants.size())];
  const std::string deal = absl::StrCat("deal_id: '", Id("deal", 1 + Below(kDeals)), "' ");
  const std::string tag = absl::StrCat("tags: 't", Below(kTags), "' ");
  switch (Below(12)) {
    case 0:
    case 1:
    case 2:
      return Make<v1::OpenDealRequest>(tenant, absl::StrCat(deal, "pipeline: 'Sales' ", tag));
    case 3:
    case 4:
      return Make<v1::MoveDealRequest>(tenant,
                                       absl::StrCat(deal, "to_stage: '", kStages[Below(2)], "'"));
    case 5:
      return Make<v1::WinDealRequest>(tenant, deal);
    case 6:
      return Make<v1::LoseDealRequest>(tenant, absl::StrCat(deal, "reason: 'price'"));
    case 7:
      return Make<v1::ReopenDealRequest>(tenant, absl::StrCat(deal, "stage: 'Lead'"));
    case 8:
      return Make<v1::UndoDealMoveRequest>(tenant, deal);
    case 9:
      return Make<v1::TagDealRequest>(tenant, absl::StrCat(deal, tag));
    case 10:
      return Make<v1::UntagDealRequest>(tenant, absl::StrCat(deal, tag));
    default:
      return Make<v1::WriteNoteRequest>(
          tenant, absl::StrCat(deal, "note_id: '", Id("note", 1 + Below(1000)), "' body: 'seen'"));
  }
}

}  // namespace dealog::simulation
